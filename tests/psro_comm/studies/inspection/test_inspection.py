"""An episode under the lens: branches of one state, with one luck."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from games.engine.channel import Channel
from games.engine.play import play_episodes
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from games.environments.registry import make_env
from oracles.strategies.attacks.noise import NoiseAttack
from oracles.strategies.setting import Setting
from oracles.teams.backbones import make_team
from psro_comm.names import BRANCHES
from psro_comm.reports.figures.inspection import plot_step
from psro_comm.reports.inspection import first_turned
from psro_comm.studies.inspection.inspection import inspect_episode
from tests.hand_made import CAUGHT, Attacker, Liar, Mouthwash, Parrots

LIMIT = Echo().config.episode_limit


def echo(attack: Any = None, filter_: Any = None, follow: str = "attacked") -> dict:
    env = Echo()
    setting = Setting(env, Parrots(), Threat(), CAUGHT)
    return inspect_episode(
        *(setting, attack or NoAttack(), filter_ or NoFilter()),
        make_worlds(env.spec, 3, 0, 1, CAUGHT),
        seed=5,
        follow=follow,
    )


def test_without_players_all_three_branches_are_the_same():
    for step in echo()["steps"]:
        for agent in step["agents"]:
            assert len({str(agent["scores"][name]) for name in BRANCHES}) == 1
            assert len(set(agent["action"].values())) == 1
            assert not agent["forged"]
            assert not agent["flagged"]
            assert agent["bent"] == agent["heard_off"] == 0.0


@pytest.mark.parametrize(
    ("follow", "expected"), [("clean", LIMIT - 1), ("attacked", 0), ("defended", 0)]
)
def test_the_condition_that_is_followed_decides_the_return(follow, expected):
    found = echo(Liar(), follow=follow)
    assert found["return"] == expected
    assert found["success"] == (expected > 0)
    assert found["malicious"] == [0]
    assert len(found["steps"]) == LIMIT


def test_a_lie_turns_the_listeners_best_action_and_only_where_it_is_heard():
    found = echo(Liar(), follow="clean")
    for step in found["steps"][1:]:
        speaker, listener = step["agents"]
        assert listener["best"]["clean"] != listener["best"]["attacked"]
        assert speaker["scores"]["clean"] == speaker["scores"]["attacked"]
        assert speaker["forged"]
        assert not listener["forged"]
        assert speaker["bent"] == pytest.approx(2.0)
    assert first_turned(found)[0] == 1  # at first nothing has been said


def test_the_filter_works_in_its_own_branch_alone():
    found = echo(Attacker(5.0), Mouthwash((0,), 0.0))
    for step in found["steps"]:
        speaker, listener = step["agents"]
        assert speaker["flagged"]
        assert not listener["flagged"]
        assert listener["hears"] == {"0": (0, 1)}
        meant = speaker["message"]["clean"][0]
        assert speaker["message"] == {
            "clean": [meant],
            "attacked": [meant + 5.0],
            "defended": [0.0],
        }
        assert speaker["heard_off"] == pytest.approx(abs(meant))
        assert listener["scores"]["defended"] == [0.0, 0.0]
        assert listener["scores"]["attacked"][1] > 0.0


def test_branches_share_their_luck_though_players_draw_different_numbers():
    env = make_env("predator_prey")
    torch.manual_seed(0)
    team = make_team("commnet", {}, env.spec)
    setting = Setting(env, team, Threat(), (0,))
    silent = NoiseAttack(Threat(), team.message_size, size=1e-30)
    worlds = make_worlds(env.spec, 0, 0, 1, (0,))
    found = inspect_episode(setting, silent, NoFilter(), worlds, seed=0)
    for step in found["steps"]:
        for agent in step["agents"]:
            assert len(set(agent["action"].values())) == 1
    chosen = {a["action"]["clean"] for s in found["steps"] for a in s["agents"]}
    assert len(chosen) > 2


def test_what_is_not_available_has_no_score_and_is_never_chosen():
    env = make_env("predator_prey")
    team = make_team("commnet", {}, env.spec)
    setting = Setting(env, team, Threat(), (0,))
    worlds = make_worlds(env.spec, 1, 0, 1, (0,))
    found = inspect_episode(setting, NoAttack(), NoFilter(), worlds, seed=0)
    catches = [a for s in found["steps"] for a in s["agents"]]
    assert any(a["scores"]["clean"][5] is None for a in catches)
    for kind in ("action", "best"):
        assert all(a["scores"]["clean"][a[kind]["clean"]] is not None for a in catches)


def test_the_same_episode_is_what_measuring_plays_without_luck():
    # Parrots are certain of what they do: no luck, so the returns must be equal.
    env = Echo()
    worlds = make_worlds(env.spec, 3, 0, 1, CAUGHT)
    played = play_episodes(env, Parrots(), Channel(Liar()), worlds, torch.Generator())
    assert echo(Liar(), follow="attacked")["return"] == float(played.returns)


def test_slots_without_an_agent_are_told_as_such():
    env = make_env("traffic_junction")
    team = make_team("tarmac", {}, env.spec)
    setting = Setting(env, team, Threat(), (0,))
    worlds = make_worlds(env.spec, 0, 0, 1, (0,))
    found = inspect_episode(setting, NoAttack(), NoFilter(), worlds, seed=0)
    assert found["steps"][0]["agents"] == [{"alive": False}] * 5
    step = found["steps"][-1]
    shown = {s["agent"] for s in step["scene"]["sprites"]}
    assert shown == {k for k, a in enumerate(step["agents"]) if a["alive"]} != set()


def test_what_ndq_says_to_others_is_not_heard():
    env = make_env("combat", {"map": "3bane_vs_hM"})
    team = make_team("ndq", {}, env.spec)
    size = team.config.vector_size
    setting = Setting(env, team, Threat(), (0,))
    worlds = make_worlds(env.spec, 0, 0, 1, (0,))
    found = inspect_episode(setting, NoAttack(), NoFilter(), worlds, seed=0)
    first = found["steps"][0]["agents"]
    assert first[2]["hears"] == {"0": (size, 2 * size), "1": (size, 2 * size)}
    assert first[0]["hears"] == {"1": (0, size), "2": (0, size)}
    assert len(first[0]["message"]["clean"]) == 2 * size


def test_a_delayed_lie_turns_what_is_done_when_it_arrives():
    env = Echo()
    setting = Setting(env, Parrots(delay=2), Threat(), CAUGHT)
    worlds = make_worlds(env.spec, 3, 0, 1, CAUGHT)
    found = inspect_episode(setting, Liar(), NoFilter(), worlds, seed=5)
    turned = [s["agents"][1]["best"] for s in found["steps"]]
    assert [b["clean"] != b["attacked"] for b in turned] == [False] * 3 + [True] * 6
    for sent, arrives in zip(found["steps"], found["steps"][2:], strict=False):
        told, heard = sent["agents"][0], arrives["agents"][0]["message"]
        assert heard["attacked"] == [-number for number in heard["clean"]]
        assert told["bent"] == pytest.approx(abs(2.0 * heard["clean"][0]))


def test_the_step_shown_is_the_first_that_turns_a_benign_agent():
    def step(*turned: bool, alive: bool = True) -> dict:
        best = ({"clean": 0, "attacked": int(each)} for each in turned)
        agents = [{"alive": alive, "best": one} for one in best]
        return {"agents": agents if alive else [{"alive": False}] * len(turned)}

    nobody, calm = step(False, False, alive=False), step(False, False)
    episode = {"malicious": [0], "steps": [nobody, calm, step(True, False)]}
    assert first_turned(episode) == (
        1,
        "the first, for the attack turns no best action",
    )
    episode["steps"] += [step(False, True), step(True, True)]
    assert first_turned(episode)[0] == 3


def test_bad_questions_are_refused():
    env = Echo()
    setting = Setting(env, Parrots(), Threat(), CAUGHT)
    two = make_worlds(env.spec, 3, 0, 2, CAUGHT)
    with pytest.raises(ValueError, match=r"^2 worlds, must be 1$"):
        inspect_episode(setting, NoAttack(), NoFilter(), two, seed=0)
    with pytest.raises(ValueError, match=r"^follow is 'both', must be one of"):
        echo(follow="both")


def test_the_picture_is_drawn_and_an_absent_step_refused(tmp_path):
    found = echo(Liar(), Mouthwash((0,), 0.0))
    title = "A title that is much longer than two actions are wide " * 3
    files = plot_step(found, 2, tmp_path / "step", title)
    assert [file.suffix for file in files] == [".svg", ".png"]
    text = files[0].read_text()
    for words in ("attacked", "malicious", "flagged", "bent by", "agent 1 hears"):
        assert words in text or words.replace(" ", "") in text
    with pytest.raises(ValueError, match=r"^step is 99, must be 0 to 8$"):
        plot_step(found, 99, tmp_path / "none")


def test_nothing_of_a_picture_is_cut_off(tmp_path):
    found = echo(Liar(), Mouthwash((0,), 0.0))
    title = "A title that is much longer than two actions are wide " * 3
    _, png = plot_step(found, 2, tmp_path / "step", title)
    pixels = np.asarray(Image.open(png).convert("L"))
    edges = (pixels[:4], pixels[-4:], pixels[:, :4], pixels[:, -4:])
    assert all((edge == 255).all() for edge in edges)


def test_the_picture_of_a_crowd_shows_those_first_who_are_turned(tmp_path):
    def agent(k: int) -> dict:
        best = {"clean": 0, "attacked": int(k > 15), "defended": 0}
        names = {name: [0.5, -0.5] for name in BRANCHES}
        hears = {str(i): (0, 2) for i in range(20) if i != k}
        facts = {"alive": True, "scores": names, "best": best, "action": best}
        facts |= {"message": names, "hears": hears, "bent": 1.0, "heard_off": 0.0}
        return facts | {"forged": k == 0, "flagged": False}

    agents = [agent(k) for k in range(20)]
    crowd = {"malicious": [0], "actions": ["0", "1"], "steps": [{"agents": agents}]}
    svg, _ = plot_step(crowd, 0, tmp_path / "crowd", "")
    heard = re.findall(r"agent (\d+) hears", svg.read_text())
    assert heard == ["1", "2", "16", "17", "18", "19"]
