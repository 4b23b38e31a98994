"""The yardsticks on Echo, whose values are known: a coin's 4 where nothing is heard."""

import pytest

from psro_comm.lab.lab import Lab
from psro_comm.lab.session import Request, open_lab
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.players import find_player
from psro_comm.studies.references import references
from psro_comm.studies.worst_case import audit

CHANGES = {"attack_oracle.env_steps": 64, "evaluation.episodes": 100, "threat.cap": 0.5}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """References beside a table of the flip, and what was played for them."""
    root = tmp_path_factory.mktemp("runs")
    config = replace(preset("echo", "smoke"), CHANGES)
    with open_lab(Request(config, root, "a", 0)) as lab:
        flip, nobody = (find_player(lab, n, "attack", root) for n in ("flip", "none"))
        none = find_player(lab, "none", "filter", root)
        audit(lab, "table", [none], [nobody, flip])
        found, asked = None, []
        play = Lab.play

        def spy(self, name, filters, attacks, cells, episodes, worlds=None):
            asked.append((name, worlds or name, {*cells}))
            return play(self, name, filters, attacks, cells, episodes, worlds)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Lab, "play", spy)
            found = references(lab, "table", [nobody, flip], root)
    return found, asked


def test_each_yardstick_has_a_line_and_the_gate_one_for_each_attacker(played):
    labels = [row.label for row in played[0]]
    assert labels[:3] == [
        "no attack, no filter",
        "everybody muted: the floor, no attack lowers it",
        "the liar muted, by who knows him",
    ]
    gate = "norm gate, which learns nothing, against"
    assert labels[3:] == [f"{gate} nobody", f"{gate} flip"]


def test_who_hears_nothing_flips_a_coin_whatever_the_cap(played):
    clean, floor, muted, gated, _ = (row.returns for row in played[0])
    assert clean.estimate > 7.5 < gated.estimate
    assert floor.low < 4.0 < floor.high
    assert abs(muted.estimate - 4.0) < 0.6  # the cap is the attacker's alone


def test_they_are_played_in_the_worlds_of_the_table_and_nothing_in_vain(played):
    (name, worlds, cells), (other, same, silenced) = played[1]
    assert (name, worlds) == ("table.references", "table")
    assert cells == {
        *(("none", "none"), ("mute", "none"), ("norm", "none"), ("norm", "flip")),
    }
    assert (other, same) == ("table.liar-muted", "table")
    assert silenced == {("none", "mute")}
