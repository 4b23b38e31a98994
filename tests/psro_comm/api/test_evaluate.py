"""Plays names, policies and functions, and says what they return."""

import functools
import json
import math
import random
from threading import Thread

import numpy as np
import pytest
import torch

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
        (lambda view: view.sent * 1j, "delta is complex"),
        (lambda view: view.sent + 1e30, "not finite, or huge"),
        (lambda view: view.nothing, "fails: AttributeError: 'AttackView' object has"),
        (lambda: 3, "fails: TypeError"),
    ],
)
def test_what_a_function_returns_is_checked(parrots, attack, words):
    with pytest.raises(ValueError, match="attack 'lambda'") as error:
        pc.evaluate(parrots, [attack], worlds=4)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attacks": ["nois"]}, "run 'nois' does not exist"),
        ({"attacks": ["nois"], "run": "kept"}, "did you mean 'noise'?"),
        ({"filters": ["absent/x"], "run": "kept"}, "run 'absent' does not exist"),
        ({"filters": ["absent+norm"]}, "names a team"),
        ({"attacks": None}, "attacks is None, must be a list or dict"),
        ({"attacks": {"none", "flip"}}, "attacks is 'set', must be a list"),
        ({"attacks": [3]}, "attacks has a int, must be a name, a pc.Policy or a"),
        ({"attacks": {"": "none"}}, "a name of attacks is '', must be a text"),
        ({"attacks": []}, "attacks is []"),
        ({"attacks": "none"}, "attacks is 'none', must be a list"),
        ({"attacks": ["none", "none"]}, "attacks has 'none' twice"),
        ({"attacks": {"noise": negate}}, "'noise' is the name of another player"),
        ({"attacks": ["norm"]}, "'norm' is a filter, not an attack"),
        ({"attacks": [negate], "workers": 2}, "put it into a plugin"),
        ({"attacks": [negate], "run": "kept"}, "put it into a plugin"),
        ({"attacks": ["fake_world"]}, "white_box"),
        ({"worlds": 1}, "evaluation.episodes is 1, must be at least 2"),
        ({"worlds": None}, "worlds is None"),
        ({"workers": "1"}, "workers is '1', must be a whole number"),
        ({"seed": 1.5}, "seed is 1.5, must be a whole number"),
        ({"run": 3}, "run is 3, must be the path of a folder"),
        ({"settings": ["threat.cap"]}, "settings is ['threat.cap'], must be a dict"),
        ({"settings": {"evaluation.episodes": 9}}, "which is an argument here"),
        ({"settings": {"training.env_steps": 9}}, "the team is trained already"),
        (
            {"settings": {"threat.malicious": 0}},
            "threat.malicious is 0, must be a list",
        ),
        ({"settings": {"threat.cap": "x"}}, "threat.cap: could not convert"),
        ({"settings": {"task": "echo"}}, "left to the argument of that name"),
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


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda view: view.alive * 0.3, "flags has numbers other than 0 and 1"),
        (lambda view: (view.alive, view.messages[:1]), "repaired has shape"),
    ],
)
def test_what_a_filter_returns_is_checked(parrots, rule, words):
    with pytest.raises(ValueError, match="filter 'lambda'") as error:
        pc.evaluate(parrots, ["none"], [rule], worlds=4)
    assert words in str(error.value)


def test_a_view_that_is_changed_changes_nothing(parrots):
    def silence(view):
        view.messages.zero_()
        return ~view.alive

    found = pc.evaluate(parrots, ["none"], ["none", silence], worlds=8)
    assert found.returns("silence", "none").mean() == 8.0


def test_what_a_function_draws_can_be_repeated_and_leaves_no_trace(parrots):
    def drawn(view):
        return torch.randn_like(view.sent)

    torch.manual_seed(7)
    random.seed(7)
    before = torch.get_rng_state(), torch.get_num_threads(), random.getstate()
    one, two = (
        pc.evaluate(parrots, [drawn], worlds=8).returns("none", "drawn")
        for _ in range(2)
    )
    assert (one == two).all()
    assert len({*one}) > 1
    assert (torch.get_rng_state() == before[0]).all()
    assert torch.get_num_threads() == before[1]
    assert random.getstate() == before[2]


def test_functions_of_one_name_play_at_the_same_time(parrots):
    def scaled(size):
        return lambda view: size * view.sent

    left = {}

    def play(size):
        found = pc.evaluate(parrots, {"f": scaled(size)}, worlds=4)
        left[size] = found.returns("none", "f").mean()

    threads = [Thread(target=play, args=(size,)) for size in (0.0, -2.0)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert left == {0.0: 8.0, -2.0: 0.0}


def test_functions_of_many_kinds_are_attacks(parrots):
    class Pulls:
        size = -2.0

        def __call__(self, view):
            return self.size * view.sent

        def bound(self, view):
            return self(view)

    scale = functools.partial(lambda size, view: size * view.sent, -2.0)
    attacks = {"object": Pulls(), "method": Pulls().bound, "partial": scale}
    found = pc.evaluate(parrots, attacks, worlds=2)
    assert found.table().mean.max() == 0.0
    with pytest.raises(ValueError, match="attack 'tanh' fails: TypeError"):
        pc.evaluate(parrots, [math.tanh], worlds=2)


def test_numbers_of_numpy_are_numbers(parrots):
    asked = {"threat.cap": np.float32(0.5), "threat.malicious": np.array([0])}
    pc.evaluate(parrots, worlds=np.int64(2), seed=np.int64(3), settings=asked)


def test_a_white_box_is_shown_where_the_threat_says_so(parrots):
    def knowing(view):
        return -2.0 * view.white_box.moment.sent[:, :1]

    asked = {"threat.knowledge": "white_box"}
    found = pc.evaluate(parrots, [knowing], worlds=4, settings=asked)
    assert found.returns("none", "knowing").max() == 0.0


def test_what_a_notebook_registers_is_registered_again_and_stays_here(parrots):
    for size in (-0.5, -2.0):  # a cell that is run twice

        @pc.attack("pulled")
        def pulled(view, size=size):
            return size * view.sent

    try:
        assert pc.evaluate(parrots, ["pulled"], worlds=2).table().mean == 0.0
        with pytest.raises(ValueError, match="'pulled' is a function of this process"):
            pc.evaluate(parrots, ["pulled"], worlds=2, run="kept")
    finally:
        del pc.ATTACKS["pulled"]


def test_no_source_but_a_run_or_a_team():
    with pytest.raises(ValueError, match="source is a int, must be a run"):
        pc.evaluate(3)
    with pytest.raises(ValueError, match="run 'nowhere' does not exist"):
        pc.evaluate("nowhere")


def test_functions_are_forgotten_after_the_call(parrots):
    before = {*pc.ATTACKS}
    with pytest.raises(ValueError, match="not finite"):
        pc.evaluate(parrots, [lambda view: view.sent / 0.0 * 0.0], worlds=2)
    assert {*pc.ATTACKS} == before
