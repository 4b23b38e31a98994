"""The certificate against adversaries that try every lie there is."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.play import play_episodes
from games.engine.strategy import Decision, Forgery
from games.engine.worlds import Worlds, make_worlds
from games.environments.echo.config import EchoConfig
from games.environments.echo.env import Echo
from games.environments.predator_prey.config import PredatorPreyConfig
from games.environments.predator_prey.env import PredatorPrey
from oracles.teams.backbones import make_team
from oracles.teams.backbones.config import CommNetConfig
from oracles.teams.backbones.ensemble import ensemble_of
from oracles.teams.backbones.talking import Talking
from psro_comm.metagame.certificate import Certificate
from psro_comm.metagame.intervals import Interval
from psro_comm.studies.certificate import certain


class Script:
    """Says what is written for each world and step, `[B,T,D]`, whatever is meant."""

    kind, knowledge, memory_size = "script", "own", 1

    def __init__(self, words: Tensor) -> None:
        self.words = words

    def reset(self, done: Tensor, generator: Any) -> None:
        """Draws nothing."""

    def decide(self, view: Any, memory: Tensor, generator: Any) -> Forgery:
        step = memory[:, 0, 0].long()
        said = self.words[torch.arange(len(step)), step][:, None]
        zeros = torch.zeros_like(view.sent[..., 0])
        decision = Decision(said - view.sent, zeros, zeros, torch.ones_like(zeros) > 0)
        return Forgery(decision, memory + 1.0)


class Signs(Talking):
    """Plays Echo by the sign of the sum of what is heard: three words are all words."""

    sampled, delay, memory_size, heard_size, message_size = True, 0, 1, 1, 1

    def __init__(self, config: CommNetConfig) -> None:
        super().__init__()
        self.config = config
        self.reserve_statistics(1)
        self.register_buffer("unused", torch.zeros(1))

    def speak(self, obs: Tensor, memory: Tensor, generator: Any) -> Tensor:
        return memory

    def listen(self, obs: Tensor, memory: Tensor, heard: Any, links: Any) -> Tensor:
        return torch.sign(links.float() @ heard)

    def think(self, obs: Tensor, m_in: Tensor, memory: Tensor) -> Tensor:
        listens = obs[..., -2:-1] > 0
        return torch.where(listens, m_in, obs[..., -1:])

    def act(self, memory: Tensor, available: Tensor) -> Tensor:
        return torch.cat([-memory, memory], -1).masked_fill(~available, -torch.inf)


def echo_team(size: int, agents: int) -> Any:
    team = ensemble_of(Signs)(CommNetConfig(ensemble=size))
    team.set_up(agents, 2)
    return team.eval()


def worst(env: Any, team: Any, worlds: Worlds, words: Tensor) -> Tensor:
    """The least return in each world over all sequences of words, `[W]`."""
    limit, count = env.spec.episode_limit, len(worlds.malicious)
    sequences = torch.tensor(list(product(range(len(words)), repeat=limit)))
    scripts = words[sequences]  # [Q,T,D]
    index = torch.arange(count).repeat_interleave(len(scripts))
    attack = Script(scripts.repeat(count, 1, 1))
    generator = torch.Generator().manual_seed(0)
    played = play_episodes(env, team, Channel(attack), worlds.take(index), generator)
    return played.returns.view(count, -1).min(1).values


@pytest.mark.parametrize("liar", range(4))
def test_on_echo_no_lie_at_all_turns_a_vote_of_three(liar):
    env = Echo(EchoConfig(episode_limit=5, speakers=3))
    worlds = make_worlds(env.spec, 0, 0, 6, (liar,))
    found = certain(env, echo_team(1, 4), worlds, 1)
    said = torch.tensor([[-1.0], [0.0], [1.0]])
    left = worst(env, echo_team(1, 4), worlds, said)
    assert (found.clean == 4.0).all()
    assert (found.least == 4.0).all()
    assert (left == 4.0).all()
    assert (found.decisions == 1.0).all()


def test_on_echo_pairs_of_three_certify_nothing_and_one_liar_does_the_rest():
    env = Echo(EchoConfig(episode_limit=5, speakers=3))
    worlds = make_worlds(env.spec, 0, 0, 6, (0,))
    found = certain(env, echo_team(2, 4), worlds, 1)
    strong = worst(env, echo_team(2, 4), worlds, torch.tensor([[-9.0], [0.0], [9.0]]))
    assert (found.least == 0.0).all()
    assert (strong == 0.0).all()
    assert (found.decisions == 0.0).all()


def hunters(size: int, seed: int, punishment: float) -> tuple[Any, Any]:
    """Four predators on nine cells, whose untrained network heeds what it hears."""
    rules = PredatorPreyConfig(
        grid=3, num_predators=4, num_prey=2, episode_limit=3, punishment=punishment
    )
    env = PredatorPrey(rules)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = CommNetConfig(message_size=2, memory_size=8, ensemble=size)
        team = make_team("commnet", sizes, env.spec)
    with torch.no_grad():
        for weight in team.parameters():
            weight.mul_(2.0)
        team.encode_heard.weight.mul_(5.0)
        # Catching is tempting, so that lies may cost something.
        team.policy.weight.normal_(generator=torch.Generator().manual_seed(seed))
        team.policy.bias[-1] = 1.0
    return env, team.eval()


@pytest.mark.parametrize("punishment", [0.0, -0.5])
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_on_a_small_grid_no_sequence_of_lies_goes_below_the_bound(seed, punishment):
    env, team = hunters(1, seed, punishment)
    words = torch.tensor([[0.0, 0.0], [9.0, -9.0], [-9.0, 9.0], [9.0, 9.0]])
    some = 0
    for liar in range(4):
        worlds = make_worlds(env.spec, seed, 0, 25, (liar,))
        found = certain(env, team, worlds, 1)
        left = worst(env, team, worlds, words)
        assert (left >= found.least - 1e-5).all()
        whole = found.least == found.clean
        if punishment:  # else 0 may be a bound of 0
            assert torch.equal(left[whole], found.clean[whole])
        some += int(((found.least > 3 * env.spec.least_reward) & ~whole).sum())
    assert 0.0 < found.decisions.mean() < 1.0
    assert some or punishment == 0.0  # bounds that say something, and are not exact


def test_lies_do_change_what_is_not_certain():
    env, team = hunters(1, 2, -0.5)
    worlds = make_worlds(env.spec, 2, 0, 30, (1,))
    words = torch.tensor([[0.0, 0.0], [9.0, -9.0], [-9.0, 9.0], [9.0, 9.0]])
    found, left = certain(env, team, worlds, 1), worst(env, team, worlds, words)
    assert (left < found.clean - 0.1).any()


@pytest.mark.parametrize(
    ("agents", "size", "liars", "vacuous", "words"),
    [
        (3, 1, 1, True, "of 3 agents one hears 2: one liar is in 1 of 2 subsets of 1"),
        (4, 1, 1, False, "1 of 3 subsets of 1, and the rest decides a vote where it"),
        (4, 2, 1, True, "in 2 of 3 subsets of 2, no minority"),
        (10, 4, 1, False, "in 56 of 126 subsets of 4"),
        (6, 1, 2, False, "2 liars are in 2 of 5 subsets of 1"),
        (6, 1, 3, True, "3 liars are in 3 of 5 subsets of 1"),
    ],
)
def test_it_says_why_it_is_worth_something_or_nothing(
    agents, size, liars, vacuous, words
):
    share = Interval(0.5, 0.4, 0.6)
    found = Certificate(agents, size, liars, share, share, None)
    assert found.vacuous is vacuous
    assert words in found.why()
    assert Certificate.from_dict(found.to_dict()) == found
    bound = replace(found, returns=Interval(3.0, 2.0, 4.0))
    assert Certificate.from_dict(bound.to_dict()) == bound
    with pytest.raises(ValueError, match="'heard' of a certificate is absent"):
        Certificate.from_dict(
            {k: v for k, v in bound.to_dict().items() if k != "heard"}
        )
