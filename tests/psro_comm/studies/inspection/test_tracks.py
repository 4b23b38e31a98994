"""Tracks: from one world, each plays what its own condition does."""

import pytest

from psro_comm.lab.session import Request, open_lab
from psro_comm.names import BRANCHES
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.inspection import tracks
from psro_comm.studies.inspection.tracks import Ground, earned, play_tracks
from psro_comm.studies.players import find_player


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A lab on Echo; a mirror turns its team's bits, and muting leaves a coin."""
    config = replace(preset("echo", "smoke"), {"evaluation.episodes": 16})
    runs = tmp_path_factory.mktemp("runs")
    with open_lab(Request(config, runs, "a", 0)) as lab:
        attack, filter_ = (
            find_player(lab, name, side, runs)
            for name, side in (("mirror", "attack"), ("mute", "filter"))
        )
        yield lab, attack, filter_


def test_the_attacked_play_is_what_the_attack_does_and_not_the_clean_one(played):
    found = tracks.replay(*played)
    assert list(found["tracks"]) == list(BRANCHES)
    clean, attacked, defended = found["tracks"].values()
    assert clean["return"] >= 7.0
    assert attacked["return"] <= 1.0
    assert attacked["return"] < defended["return"] < clean["return"]
    for name, each in found["tracks"].items():
        assert each["follow"] == name
        assert each["return"] == sum(step["reward"] for step in each["steps"])
        taken = [step["agents"][1]["action"] for step in each["steps"]]
        assert {tuple(action) for action in taken} == {BRANCHES}
    starts = [each["steps"][0]["scene"] for each in found["tracks"].values()]
    assert starts[0] == starts[1] == starts[2]  # one world


def test_the_world_is_the_one_of_the_median_loss(played):
    ground = Ground.of(*played)
    lost = sorted(
        (earned(ground, k, "clean") - earned(ground, k, "attacked"), k)
        for k in range(tracks.TRIED)
    )
    found = tracks.replay(*played)
    assert found["world"] == lost[tracks.TRIED // 2][1]
    assert "the median" in found["why"]
    shown = play_tracks(ground, found["world"])
    for name in BRANCHES:
        assert shown[name]["return"] == earned(ground, found["world"], name)


def test_what_was_counted_is_kept_and_the_tracks_are_the_same_again(
    played, monkeypatch
):
    lab, attack, filter_ = played
    first = tracks.replay(lab, attack, filter_)
    assert lab.store.has("episode-mirror")
    monkeypatch.setattr(tracks, "choose_world", None)  # it would fail if called
    assert tracks.replay(lab, attack, filter_) == first
    assert first["statistic"]["worlds"] == 16
    assert (first["attack"], first["filter"]) == ("mirror", "mute")
