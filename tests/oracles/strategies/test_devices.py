"""Every kind of policy is made, trained and played on the device that the game is on.

On the CPU these tests show that they test something, on a card what they are for.
"""

import pytest
import torch

from games.engine.matches import play_cells
from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from oracles.strategies.best_response import best_response, new_policy
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.registry import strategies
from oracles.strategies.setting import Setting
from tests.hand_made import CAUGHT, Liar, Parrots
from tests.oracles.strategies.test_oracles import EACH, recipe

DEVICES = pytest.mark.parametrize(
    "device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
)
KINDS = [
    (side, kind)
    for side in Side
    for kind in sorted(strategies(side))
    if kind != "median"  # which takes four agents, and Echo has two
]
THREAT = Threat(malicious=CAUGHT, knowledge="white_box")


def setting_on(device: str) -> Setting:
    """Echo and a team without weights, all of whose tensors are on a device."""
    team = Parrots(2)
    for name, value in vars(team).items():
        if isinstance(value, torch.Tensor):
            setattr(team, name, value.to(device))
    return Setting(Echo(device=device), team, THREAT, CAUGHT)


def played(setting: Setting, side: Side, policy: object) -> torch.Tensor:
    """What the team makes in a few worlds, the other side being nobody."""
    filter_, attack = (
        (NoFilter(), policy) if side is Side.ATTACKER else (policy, NoAttack())
    )
    env = setting.env
    worlds = make_worlds(env.spec, 0, 0, 4, setting.malicious, env.device)
    generator = torch.Generator(env.device).manual_seed(0)
    cells = [(0, 0)]
    outcome = play_cells(
        *(env, setting.team, [filter_], [attack], cells, THREAT, worlds, generator)
    )
    return outcome.returns


@DEVICES
@pytest.mark.parametrize(("side", "kind"), KINDS)
def test_an_untrained_policy_is_made_frozen_and_played(device, side, kind):
    setting = setting_on(device)
    entry = strategies(side)[kind]
    config = entry.config() if entry.config else None
    generator = torch.Generator(device).manual_seed(0)
    policy = thaw(
        freeze(new_policy(setting, side, kind, config, generator)), setting.env.device
    )
    assert played(setting, side, policy).isfinite().all()


@pytest.mark.gpu
@EACH
def test_a_best_response_is_trained_on_a_card(name, side, kind):
    setting = setting_on("cuda")
    opponent = NoFilter() if side is Side.ATTACKER else Liar()
    how = recipe(name, side, kind)
    found = best_response(setting, how, opponent, seed=3, log=lambda values: None)
    assert played(setting, side, found).isfinite().all()
