"""How often best actions are turned: counted by hand, world by world."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from games.engine.population import Mixture
from games.engine.strategy import Decision, NoAttack, NoFilter, Verdict
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from games.environments.registry import make_env
from oracles.strategies.attacks.noise import NoiseAttack
from oracles.strategies.attacks.replay import ReplayAttack
from oracles.strategies.setting import Setting
from oracles.teams.backbones import BACKBONES, make_team
from psro_comm.names import BRANCHES
from psro_comm.studies.inspection.inspection import inspect_episode
from psro_comm.studies.inspection.turning import count_turned
from tests.hand_made import CAUGHT, Attacker, Liar, Mouthwash, Parrots

SHARES = ("turned", "repaired", "spoiled", "wrong")
STEPS = Echo().config.episode_limit


class Latecomer(Mouthwash):
    """Says the opposite of what it hears, from its third step on."""

    memory_size = 1

    def __init__(self) -> None:
        super().__init__((0,), 0.0)

    def decide(self, view: Any, memory: torch.Tensor, generator: Any) -> Verdict:
        found = super().decide(view, memory, generator)
        flag = found.decision.choice * (memory[..., 0] >= 2)
        decision: Decision = found.decision._replace(choice=flag)
        return Verdict(decision, -view.messages, memory + 1.0)


def echo(attack: Any, filter_: Any, worlds: int = 6, **asked: Any) -> dict:
    env = Echo()
    setting = Setting(env, asked.pop("team", Parrots()), Threat(), CAUGHT)
    drawn = make_worlds(env.spec, 3, 0, worlds, CAUGHT)
    return count_turned(setting, attack, filter_, drawn, seed=5, **asked)


def by_hand(setting: Setting, attack: Any, filter_: Any, count: int, follow: str):
    """Decisions and those turned, repaired, spoiled, of worlds told one by one."""
    counts = [0, 0, 0, 0]
    for k in range(count):
        worlds = make_worlds(setting.env.spec, 3, k, 1, setting.malicious)
        told = inspect_episode(setting, attack, filter_, worlds, seed=1, follow=follow)
        for step in told["steps"]:
            for number, agent in enumerate(step["agents"]):
                if not agent["alive"] or number in setting.malicious:
                    continue
                clean, lied, mended = (agent["best"][name] for name in BRANCHES)
                each = (True, lied != clean, lied != clean == mended)
                each += (lied == clean != mended,)
                counts = [a + b for a, b in zip(counts, each, strict=True)]
    return counts


def estimates(shares: dict) -> list:
    return [shares[name] and shares[name]["estimate"] for name in SHARES]


@pytest.mark.parametrize("follow", BRANCHES)
def test_a_lie_turns_every_step_at_which_something_was_said(follow):
    found = echo(Liar(), Latecomer(), follow=follow)
    assert (found["worlds"], found["follow"]) == (6, follow)
    assert set(found["agents"]) == {"all", "1"}  # the malicious one is not judged
    listener = found["agents"]["1"]
    assert found["agents"]["all"] == listener
    assert listener["decisions"] == 6 * STEPS
    # Turned at all steps but the first; the filter, which remembers, comes at the third
    # whatever is followed: a lie at the second is left, and a first word is never told.
    lies = STEPS - 1
    expected = [lies / STEPS, (lies - 1) / lies, 0.0, 1 / STEPS]
    assert estimates(listener) == pytest.approx(expected)


def test_without_players_nothing_turns_and_nothing_is_turned_back():
    found = echo(NoAttack(), NoFilter())["agents"]["all"]
    assert found["repaired"] is None  # a share of nothing
    for name in ("turned", "spoiled", "wrong"):
        assert found[name]["estimate"] == found[name]["low"] == 0.0
        assert 0.0 < found[name]["high"] < 0.5  # six worlds prove little


def test_a_filter_that_lies_itself_spoils_what_was_right():
    found = echo(NoAttack(), Latecomer())["agents"]["all"]
    assert estimates(found) == pytest.approx([0.0, None, 7 / 9, 7 / 9])


@pytest.mark.parametrize("follow", BRANCHES)
@pytest.mark.parametrize("filter_", [Mouthwash((0,), 0.0), Mouthwash((0, 1), 0.7)])
def test_worlds_side_by_side_count_as_one_by_one(filter_, follow):
    setting = Setting(Echo(), Parrots(delay=1), Threat(), CAUGHT)
    counts = by_hand(setting, Attacker(1.5), filter_, 7, follow)
    found = echo(
        *(Attacker(1.5), filter_, 7), follow=follow, num_envs=3, team=Parrots(delay=1)
    )["agents"]["all"]
    assert found["decisions"] == counts[0]
    assert counts[1] > 0
    expected = [counts[1] / counts[0], counts[2] / counts[1]]
    expected += [counts[3] / (counts[0] - counts[1])]
    assert estimates(found)[:3] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "config"), [("traffic_junction", {}), ("combat", {"map": "3bane_vs_hM"})]
)
def test_the_dead_are_not_judged(name, config):
    env = make_env(name, config)
    torch.manual_seed(0)
    team = make_team("commnet", {}, env.spec).requires_grad_(False)
    team.sampled = False  # without luck, a world is the same alone and in a batch
    setting = Setting(env, team, Threat(), (1,))
    worlds = make_worlds(env.spec, 3, 0, 4, (1,))
    flood = Attacker(3.0)
    found = count_turned(setting, flood, NoFilter(), worlds, seed=1)["agents"]
    decisions, turned, _, _ = by_hand(setting, flood, NoFilter(), 4, "attacked")
    assert found["all"]["decisions"] == decisions
    assert found["all"]["turned"]["estimate"] == pytest.approx(turned / decisions)
    everybody = 4 * env.spec.episode_limit * (env.spec.num_agents - 1)
    assert 0 < decisions < everybody
    assert "1" not in found
    each = [found[k]["decisions"] for k in found if k != "all"]
    assert sum(each) == decisions


def test_a_world_that_ended_idles_uncounted_until_the_last_ends():
    class Uneven(Echo):
        steps = 0

        def transition(self, state: Any, action: Any, noise: Any) -> Any:
            state, signal = super().transition(state, action, noise)
            self.steps += 1
            early = signal.done | (torch.arange(len(signal.done)) == self.steps)
            return state, signal._replace(done=early)

    env = Uneven()
    setting = Setting(env, Parrots(), Threat(), CAUGHT)
    worlds = make_worlds(env.spec, 3, 0, 4, CAUGHT)
    found = count_turned(setting, Liar(), NoFilter(), worlds, seed=5)["agents"]["1"]
    assert found["decisions"] == STEPS + 1 + 2 + 3
    assert found["turned"]["estimate"] == pytest.approx((8 + 0 + 1 + 2) / (STEPS + 6))


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_it_works_for_every_backbone_and_for_mixtures_that_remember(name):
    env = make_env("predator_prey")
    torch.manual_seed(0)
    team = make_team(name, {"delay": 1}, env.spec).requires_grad_(False)
    threat = Threat(rate=0.5, num_malicious=2)
    replay = ReplayAttack(threat, team.message_size)
    noise = NoiseAttack(threat, team.message_size, size=3.0)
    attacks = Mixture([replay, noise], [0.5, 0.5])
    filters = Mixture([Latecomer(), NoFilter()], [0.5, 0.5])
    setting = Setting(env, team, threat, None)
    worlds = make_worlds(env.spec, 0, 0, 16, 2)  # drawn in each world
    found = count_turned(setting, attacks, filters, worlds, seed=0, num_envs=9)
    assert set(found["agents"]) == {"all", "0", "1", "2"}
    steps = 16 * env.spec.episode_limit
    assert 0 < found["agents"]["all"]["decisions"] <= steps
    assert found["agents"]["all"]["turned"]["estimate"] > 0.0
    assert found["agents"]["all"]["spoiled"]["estimate"] > 0.0


def test_worlds_whose_game_broke_off_do_not_count():
    class Fragile(Echo):
        def __init__(self) -> None:
            super().__init__()
            self.spec = replace(self.spec, batched=False, most_worlds=4)

        def discarded(self, state: Any) -> torch.Tensor:
            return torch.arange(len(state[0])) < 1

    env = Fragile()
    setting = Setting(env, Parrots(), Threat(), CAUGHT)
    worlds = make_worlds(env.spec, 3, 0, 10, CAUGHT)
    found = count_turned(setting, Liar(), NoFilter(), worlds, seed=5)
    assert found["worlds"] == 7  # three waves, in each of which one broke off
    assert found["agents"]["all"]["decisions"] == 7 * STEPS
