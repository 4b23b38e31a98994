"""A parallel environment as one of ours, by one that is written here."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from games.engine.env import first, step
from games.environments.pettingzoo.config import PettingZooConfig
from games.environments.pettingzoo.env import PettingZoo
from games.environments.pettingzoo.game import Game
from games.environments.registry import make_env

HERE = "tests.games.environments.pettingzoo.test_env"


def box(*shape):
    return SimpleNamespace(shape=shape, dtype=np.float32)


def discrete(n, start=0):
    return SimpleNamespace(n=n, shape=(), start=start)


class Race:
    """Agents with sizes of their own; `b` leaves after two steps, masked before."""

    possible_agents = ("a", "b")

    def __init__(self, length=4, bad=""):
        self.length, self.bad = length, bad
        inner = {"observation": box(2, 2), "action_mask": discrete(3)}
        self.seen = {"a": box(3), "b": SimpleNamespace(spaces=inner)}
        self.acts = {"a": discrete(2, start=5), "b": discrete(3)}

    def observation_space(self, agent):
        return SimpleNamespace() if self.bad == "space" else self.seen[agent]

    def action_space(self, agent):
        return box(2) if self.bad == "actions" else self.acts[agent]

    def reset(self, seed=None, options=None):
        self.rng, self.time = np.random.default_rng(seed), 0
        self.agents, self.played = ["a", "b"], []
        return self.shown(), {agent: {} for agent in self.agents}

    def shown(self):
        self.luck = float(self.rng.random())
        mask = np.array([0, 1, 1], np.int8)
        shown = {
            "a": np.full(3, np.nan if self.bad == "seen" else self.luck),
            "b": {"observation": np.full((2, 2), 7.0), "action_mask": mask},
        }
        return {agent: shown[agent] for agent in self.agents}

    def step(self, actions):
        assert {*actions} == {*self.agents}
        assert actions["a"] in (5, 6)
        self.played.append(actions)
        self.time += 1
        paid = {agent: float(actions[agent]) for agent in self.agents}
        if self.bad == "reward":
            paid["a"] = float("inf")
        if self.time == 2:
            self.agents = ["a"]
        if self.time == self.length:
            self.agents = []
        infos = {agent: {} for agent in self.agents}
        return self.shown(), paid, {}, {}, infos


def made(arguments="", **rules):
    rules = {"make": f"{HERE}:Race", "arguments": arguments, **rules}
    return make_env("pettingzoo", rules)


def acts(*rows):
    return torch.tensor(rows)


def test_sizes_are_the_largest_of_all_agents():
    spec = made().spec
    assert (spec.num_agents, spec.obs_size, spec.num_actions) == (2, 4, 3)
    assert (spec.state_size, spec.episode_limit, spec.batched) == (9, 25, False)
    assert spec.most_worlds == 64


def test_an_episode_is_seen_paid_and_ended():
    env = made()
    state = env.reset(torch.tensor([[0.25], [0.5]]))
    seen = first(env, state)
    assert seen.obs.shape == (2, 2, 4)
    assert (seen.obs[:, 1] == 7.0).all()
    assert seen.obs[0, 0, :3].unique().numel() == 1
    assert seen.obs[0, 0, 3] == 0.0  # `a` has three numbers
    assert seen.obs[0, 0, 0] != seen.obs[1, 0, 0]
    assert seen.available[0].tolist() == [[True, True, False], [False, True, True]]
    assert seen.fresh.all()
    assert seen.links[0].tolist() == [[False, True], [True, False]]
    nothing = torch.zeros(2, 0)
    state, signal = env.transition(state, acts([0, 2], [1, 1]), nothing)
    assert signal.agent_reward.tolist() == [[5.0, 2.0], [6.0, 1.0]]
    assert signal.reward.tolist() == [3.5, 3.5]
    assert not env.observe(state).fresh.any()
    state, _ = env.transition(state, acts([0, 1], [0, 1]), nothing)
    view = env.observe(state)
    assert view.alive.tolist() == [[True, False]] * 2
    assert (view.obs[:, 1] == 0.0).all()
    assert view.available[0, 1].tolist() == [True, False, False]
    assert not view.links.any()
    for _ in range(2):
        state, signal = env.transition(state, acts([0, 0], [0, 0]), nothing)
    assert signal.done.all()
    assert not signal.success.any()
    assert signal.agent_reward.tolist() == [[5.0, 0.0]] * 2


def test_a_world_is_a_seed():
    noise = torch.tensor([[0.3], [0.7]])
    one, other = made(), made()
    assert torch.equal(one.reset(noise).obs, other.reset(noise).obs)
    assert not torch.equal(one.reset(noise).obs, other.reset(noise.flip(0)).obs)


def test_a_stream_starts_ended_games_anew_and_only_the_latest_state_moves():
    env, nothing = made("length=2"), torch.zeros(1, 0)
    start = state = env.reset(torch.tensor([[0.1]]))
    seen = []
    for _ in range(4):
        state, shown = step(env, state, acts([0, 1]), nothing, torch.zeros(1, 1))
        seen.append((bool(shown.done), float(shown.obs[0, 0, 0])))
    assert [done for done, _ in seen] == [False, True, False, True]
    assert len({luck for _, luck in seen}) == 4
    with pytest.raises(RuntimeError, match="played on after its games had moved"):
        env.transition(start, acts([0, 1]), nothing)
    again = made("length=2")
    begun = again.reset(torch.tensor([[0.1]]))
    repeat = []
    for _ in range(4):
        begun, shown = step(again, begun, acts([0, 1]), nothing, torch.zeros(1, 1))
        repeat.append((bool(shown.done), float(shown.obs[0, 0, 0])))
    assert repeat == seen


def test_a_limit_ends_an_episode_and_rewards_may_be_summed():
    env = made("length=9", episode_limit=2, team_reward="sum")
    state = env.reset(torch.zeros(1, 1))
    for _ in range(2):
        state, signal = env.transition(state, acts([0, 1]), torch.zeros(1, 0))
    assert signal.done.all()
    assert signal.reward.item() == 6.0
    state, signal = env.transition(state, acts([0, 1]), torch.zeros(1, 0))
    assert signal.reward.item() == 0.0  # over: it idles


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"make": "no_such_module"}, "pip install pettingzoo"),
        ({"make": HERE}, "has no attribute 'parallel_env'"),
        ({"make": f"{HERE}:SimpleNamespace"}, "names no possible_agents"),
        ({"arguments": "lenght=3"}, "unexpected keyword argument 'lenght'"),
        ({"arguments": "length"}, "must be NAME=VALUE"),
        ({"arguments": "length=os.exit()"}, "each value a literal"),
        ({"arguments": "bad='space'"}, "observations are SimpleNamespace, must be Box"),
        ({"arguments": "bad='actions'"}, "must be Discrete"),
        ({"num_games": 0}, "num_games is 0"),
        ({"episode_limit": 0}, "episode_limit is 0"),
        ({"team_reward": "most"}, "must be one of mean, sum"),
    ],
)
def test_what_is_no_such_environment_is_one_line(rules, words):
    with pytest.raises(ValueError, match=r".") as error:
        made(**{"make": f"{HERE}:Race", **rules})
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def broken(bad):
    """A race that goes wrong in its second step."""
    race = Race()
    right = race.step

    def step(actions):
        seen, paid, *ends, infos = right(actions)
        if race.time == 2:
            given = BROKEN[bad][0](race, seen, paid, infos)
            return given or (seen, paid, *ends, infos)
        return seen, paid, *ends, infos

    race.step = step
    return race


BROKEN = {  # what the second step does, and what is said of it
    "nan": (lambda race, seen, paid, infos: seen.update(a=[np.nan] * 3), "not finite"),
    "short": (lambda race, seen, paid, infos: seen.update(a=[1.0]), "1 numbers, its"),
    "unseen": (lambda race, seen, paid, infos: seen.clear(), "'a' is shown nothing"),
    "unpaid": (lambda race, seen, paid, infos: paid.pop("a") and None, "paid a None"),
    "inf": (lambda race, seen, paid, infos: paid.update(a=np.inf), "paid a inf"),
    "mask": (
        lambda race, seen, paid, infos: infos.update(a={"action_mask": [1, 1, 1]}),
        "a has a mask of (3,), must be (2,)",
    ),
    "new": (
        lambda race, seen, paid, infos: race.agents.append("c"),
        "agent 'c' came later, or came back",
    ),
    "four": (lambda race, *rest: (1, 2, 3, 4), "step returned 4, must be 5"),
    "raises": (lambda race, *rest: race.nothing, "step fails: AttributeError"),
}


@pytest.mark.parametrize("bad", BROKEN)
def test_what_goes_wrong_in_play_is_one_line(bad):
    game = Game(broken(bad), "a race")
    game.reset(0)
    game.step({"a": 5, "b": 1})
    with pytest.raises(ValueError, match=r"^a race") as error:
        game.step({"a": 5, "b": 1})
    assert BROKEN[bad][1] in str(error.value)
    assert "\n" not in str(error.value)


def test_who_left_does_not_come_back():
    race = Race()
    right = race.step
    race.step = lambda acts: (right(acts), race.time == 3 and race.agents.append("b"))[
        0
    ]
    game = Game(race, "a race")
    game.reset(0)
    for _ in range(2):
        game.step({"a": 5, "b": 1})
    assert game.living == ["a"]
    with pytest.raises(ValueError, match="agent 'b' came later, or came back"):
        game.step({"a": 5})


def test_who_does_not_repeat_himself_by_his_seed_is_named():
    race = Race()
    right = race.reset
    race.reset = lambda seed=None: right(None)
    with pytest.warns(UserWarning, match="does not repeat itself by its seed"):
        Game(race, "a race").warn_unless_repeated()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Game(Race(), "a race").warn_unless_repeated()


@pytest.mark.parametrize(
    ("bad", "words"), [("seen", "sees what is not finite"), ("reward", "paid a inf")]
)
def test_what_is_wrong_at_once_is_refused_before_a_run(bad, words):
    with pytest.raises(ValueError, match=words):
        made(f"bad='{bad}'")


def test_more_worlds_than_games_are_refused():
    with pytest.raises(ValueError, match=r"pettingzoo\.num_games is 1"):
        PettingZoo(PettingZooConfig(f"{HERE}:Race", num_games=1)).reset(
            torch.zeros(2, 1)
        )
