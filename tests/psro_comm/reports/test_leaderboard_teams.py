"""What the leaderboard adds where defenders bring teams: areas, certificates, teams."""

import dataclasses

from psro_comm.disk.store import RunStore
from psro_comm.metagame.certificate import Certificate
from psro_comm.metagame.intervals import Interval, across_seeds
from psro_comm.metagame.teams import TeamLevel
from psro_comm.reports.leaderboard import entries, read_suites, render_leaderboard
from psro_comm.reports.pages.suite import verdict
from psro_comm.reports.suite import render_suite
from psro_comm.reports.teams.words import certificate_section
from tests.hand_made_suite import DRAWN

SHARE = Interval(0.5, 0.4, 0.6)


def certificate(bound: float | None = 3.0, agents: int = 4) -> Certificate:
    returns = None if bound is None else Interval(bound, bound - 1, bound + 1)
    return Certificate(agents, 1, 1, SHARE, SHARE, returns)


def suite(seed: int, **fields: object):
    strong, weak = (
        dataclasses.replace(each, certificate=fields.get(each.defender))
        for each in DRAWN.kept[:2]
    )
    teams = [
        TeamLevel("plain", "commnet", ["weak"], SHARE, SHARE),
        TeamLevel(
            f"s-{seed}", f"commnet, hardened on p-{seed}", ["strong"], SHARE, SHARE
        ),
    ]
    return dataclasses.replace(DRAWN, seed=seed, kept=(strong, weak), teams=teams)


def line(text: str, name: str) -> list[str]:
    (found,) = (one for one in text.splitlines() if one.startswith(f"| {name}"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_teams_areas_and_certificates_stand_in_a_second_table():
    suites = [suite(0, strong=certificate(3.0)), suite(1, strong=certificate(5.0))]
    text = render_leaderboard(entries(suites, {}), "made so")
    below = text[text.index("| team") :] if "| team" in text else text
    head = next(one for one in text.splitlines() if "certain of actions" in one)
    assert "area over cap" in head
    assert "area over liars" in head
    assert "area over rate" not in head
    strong = line(below, "strong")
    assert strong[1] == "commnet, hardened"
    assert strong[-1] == str(across_seeds([3.0, 5.0]))
    assert line(below, "weak")[-1] == "-"


def test_what_one_seed_lacks_is_not_measured():
    suites = [suite(0, strong=certificate()), suite(1)]
    text = render_leaderboard(entries(suites, {}), "made so")
    assert "certain of" not in text.replace("Certain of", "")


def test_without_teams_areas_and_certificates_there_is_one_table():
    plain = dataclasses.replace(suite(0), teams=(), curves=())
    text = render_leaderboard(entries([plain], {}), "made so")
    assert "Area:" not in text


def test_of_suites_with_and_without_curves_the_one_with_curves_is_read(tmp_path):
    with RunStore.open(tmp_path / "w", {"task": "echo"}) as store:
        bare = dataclasses.replace(suite(0), curves=())
        store.save_json("suite-0123456789", bare.to_dict())
        store.save_json("suite-0123456789-cap-liars", suite(0).to_dict())
        store.save_json("suite-0123456789-choice", {})
    (read,) = read_suites([tmp_path / "w"])
    assert {curve.axis for curve in read.curves} == {"cap", "liars"}


def test_a_certificate_says_of_what_it_is_beside_the_worst_found():
    found = suite(0, strong=certificate())
    text = render_suite(found)
    assert "WHAT NO LIE CAN CHANGE" in text
    assert "of returns, at least" in text
    assert "one liar is in 1 of 3 subsets of 1" in text
    worst = next(each.worst for each in found.kept if each.defender == "strong")
    row = text[text.index("WHAT NO LIE") :].splitlines()[2]
    assert str(worst) in row
    nothing = certificate_section({"e": certificate(None, agents=3)}, {})
    assert nothing.rows[0][-1] == "none known"
    assert "certifies nothing of who hears all others" in nothing.notes[0]
    assert certificate_section({}, {}) is None


def test_a_team_that_never_hears_is_not_called_the_floor():
    strong, weak = suite(0).kept
    deaf = dataclasses.replace(strong, attack="any", black_box_attack="any")
    found = dataclasses.replace(suite(0), kept=(deaf, weak))
    said = verdict(found)[0]  # the strongest
    assert "no attack reaches it" in said
    assert "is the floor" not in said
