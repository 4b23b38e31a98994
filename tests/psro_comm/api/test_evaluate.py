"""Plays names, policies and functions, and says what they return."""

import json

import numpy as np
import pytest

import psro_comm as pc


def negate(view):
    return -2.0 * view.sent


def deaf(view):
    return view.alive


@pytest.fixture(scope="module")
def found(parrots):
    attacks = ["none", negate, "mine@2"]
    filters = {"nobody": "none", "deaf": deaf}
    return pc.evaluate(parrots, attacks, filters, worlds=40)


def test_functions_play_like_the_attacks_of_the_same_rule(found):
    assert found.attacks == ("none", "negate", "mine@2")
    assert found.filters == ("nobody", "deaf")
    assert found.row("nobody", "none").returns == (8.0, 8.0, 8.0)
    assert found.row("nobody", "negate").returns.estimate == 0.0
    assert (
        found.returns("nobody", "negate") == found.returns("nobody", "mine@2")
    ).all()
    # Who hears the sender's mean guesses.
    assert 3.0 < found.row("deaf", "negate").returns.estimate < 5.0


def test_differences_are_paired_by_world(found):
    lost = found.difference(("nobody", "negate"), ("nobody", "none"))
    assert lost == (-8.0, -8.0, -8.0)
    records = found.differences()
    assert len(records) == 1 * 3 + 2 * 2
    assert {"side", "ours", "theirs", "met", "difference_low"} <= {*records[0]}
    gained = next(r for r in records if r["side"] == "filter" and r["met"] == "negate")
    assert gained["ours"] == "deaf"
    assert gained["difference_low"] > 2.0


def test_a_result_is_text_json_and_html(found):
    assert "negate" in str(found)
    assert "8.00 [8.00, 8.00]" in str(found)
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert len(data["rows"]) == 6
    assert data["worlds"] == 40
    assert found._repr_html_().count("<tr>") == 1 + 2 + 3
    record = found.records()[0]
    assert record["return"] == record["return_high"] == 8.0
    table = found.table()
    assert table.mean.shape == (2, 3)
    assert np.isfinite(table.std_error).all()


def test_a_result_is_a_dataframe_where_pandas_is(found):
    pandas = pytest.importorskip("pandas", reason="pandas is an extra")
    frame = found.to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    assert len(frame) == 6


def test_a_name_in_html_is_no_markup(parrots):
    found = pc.evaluate(parrots, {"<b>": "none"}, worlds=2)
    assert "<b>" not in found._repr_html_()


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (lambda view: view.sent[..., 0], "delta has shape [4, 1], must be [4, 1, 1]"),
        (lambda view: view.sent * float("nan"), "not finite"),
        (lambda view: 3, "delta is a int, must be a tensor"),
    ],
)
def test_what_a_function_returns_is_checked(parrots, attack, words):
    with pytest.raises(ValueError, match="attack 'function lambda'") as error:
        pc.evaluate(parrots, [attack], worlds=4)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attacks": ["nois"]}, "run 'nois' does not exist"),
        ({"attacks": []}, "attacks is []"),
        ({"attacks": "none"}, "attacks is 'none', must be a list"),
        ({"attacks": ["none", "none"]}, "attacks has 'none' twice"),
        ({"attacks": {"noise": negate}}, "'noise' is the name of another player"),
        ({"attacks": ["norm"]}, "'norm' is a filter, not an attack"),
        ({"attacks": [negate], "workers": 2}, "put it into a plugin"),
        ({"attacks": [negate], "run": "kept"}, "put it into a plugin"),
        ({"attacks": ["fake_world"]}, "white_box"),
        ({"worlds": 1}, "evaluation.episodes is 1, must be at least 2"),
        ({"settings": {"threat.capp": 1}}, "did you mean 'threat.cap'"),
        ({"settings": {"threat.cap": -1}}, "threat.cap is -1, must be positive"),
    ],
)
def test_bad_input_is_one_clear_line(parrots, change, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r".") as error:
        pc.evaluate(parrots, **{"worlds": 4, **change})
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert not [*tmp_path.iterdir()]  # nothing was begun


def test_no_source_but_a_run_or_a_team():
    with pytest.raises(ValueError, match="source is 3, must be a run"):
        pc.evaluate(3)
    with pytest.raises(ValueError, match="run 'nowhere' does not exist"):
        pc.evaluate("nowhere")


def test_functions_are_forgotten_after_the_call(parrots):
    before = {*pc.ATTACKS}
    with pytest.raises(ValueError, match="not finite"):
        pc.evaluate(parrots, [lambda view: view.sent / 0.0 * 0.0], worlds=2)
    assert {*pc.ATTACKS} == before
