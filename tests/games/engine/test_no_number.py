"""What is no number is no measurement."""

import pytest
import torch
from torch import Tensor

from games.engine.env import Observation
from games.engine.matches import finite
from games.engine.worlds import Worlds
from tests.games.engine.test_play import Clock, Countdown, measure
from tests.hand_made import Parrots


class Broken(Countdown):
    """Pays, or shows, NaN in the worlds that last three steps and more."""

    def __init__(self, what: str) -> None:
        self.what = what

    def transition(self, state: Clock, action: Tensor, noise: Tensor):
        moved, signal = super().transition(state, action, noise)
        if self.what == "reward":
            odd = torch.where(state.time == 2, torch.nan, signal.reward)
            signal = signal._replace(reward=odd)
        return moved, signal

    def observe(self, state: Clock) -> Observation:
        seen = super().observe(state)
        if self.what == "observation":
            late = (state.time >= 2)[:, None, None]
            seen = seen._replace(obs=torch.where(late, torch.nan, seen.obs))
        return seen


class Seers(Parrots):
    """Act on what they see."""

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        return obs[..., :1]


@pytest.mark.parametrize("what", ["reward", "observation"])
def test_what_is_no_number_is_no_measurement(what):
    ends = torch.tensor([[0.0], [0.9]])  # after one step, after five
    worlds = Worlds(ends, torch.zeros(5, 2, 1), torch.zeros(2, 1, dtype=torch.long))
    env = Broken(what)
    outcome = measure(env, worlds, team=Seers())
    assert outcome.returns.isnan().tolist() == [False, True]
    with pytest.raises(FloatingPointError, match="ticks: the return in world 1 is nan"):
        finite(outcome, env)
    first = Worlds(*(part[..., :1, :] for part in worlds))
    assert measure(Broken(what), first, team=Seers()).returns.tolist() == [1]
