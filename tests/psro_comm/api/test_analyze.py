"""Analyses tables of every form: arrays, returns by world, files, DataFrames."""

import json

import numpy as np
import pytest

import psro_comm as pc

COINS = np.array([[1.0, -1.0], [-1.0, 1.0]])


def test_an_exact_table_has_a_value_without_interval():
    found = pc.analyze(COINS)
    assert found.value.estimate == pytest.approx(0.0)
    assert np.isnan(found.value.low)
    assert found.mixture("filter") == pytest.approx({"filter-0": 0.5, "filter-1": 0.5})
    assert [r["side"] for r in found.records()] == ["filter"] * 2 + ["attack"] * 2
    assert found.records()[0]["regret_low"] is None
    assert "[nan" not in found.title
    json.dumps(found.to_dict(), allow_nan=False)


def test_noise_gives_intervals_and_names_are_kept():
    found = pc.analyze(
        *(COINS,),
        std_error=np.full((2, 2), 0.1),
        filters=["a", "b"],
        attacks=["x", "y"],
        resamples=50,
        seed=1,
    )
    assert found.value.low < 0.0 < found.value.high
    assert {*found.mixture("attack")} == {"x", "y"}
    assert "value of the game" in str(found)


def test_returns_by_world_are_resampled(tmp_path):
    returns = COINS[..., None] + np.random.default_rng(0).normal(size=(2, 2, 30))
    found = pc.analyze(returns, resamples=50)
    assert found.value.low < found.value.high
    table = pc.Table(found_table(returns))
    again = pc.analyze(table, resamples=50)
    assert again.value == found.value
    assert "±" in str(table)
    assert len(table.records()) == 4
    for end in (".nfg", ".csv", ".json"):
        pc.save_table(table, tmp_path / f"table{end}")
        read = pc.analyze(tmp_path / f"table{end}", resamples=2)
        assert read.value.estimate == pytest.approx(found.value.estimate)


def found_table(returns):
    from psro_comm.metagame.payoffs import PayoffTable

    none = np.zeros_like(returns)
    return PayoffTable(("filter-0", "filter-1"), ("x", "y"), returns, none, none)


def test_a_dataframe_lends_its_names():
    pandas = pytest.importorskip("pandas", reason="pandas is an extra")
    frame = pandas.DataFrame(COINS, index=["a", "b"], columns=["x", "y"])
    assert {*pc.analyze(frame).mixture("filter")} == {"a", "b"}


class Frame:
    """What is read of a DataFrame."""

    index, columns = ("a", "b"), ("x", "y")

    def to_numpy(self, dtype=float):
        return COINS.astype(dtype)


def test_what_is_like_a_dataframe_lends_its_names():
    assert {*pc.analyze(Frame()).mixture("attack")} == {"x", "y"}


def test_a_dataframe_has_a_line_a_cell_as_a_file_has():
    pandas = pytest.importorskip("pandas", reason="pandas is an extra")
    lines = [("b", "y", 1.0, 0.2), ("a", "x", 1.0, 0.2), ("a", "y", 0.0, 0.2)]
    head = ["defender", "attacker", "mean", "std_error"]
    frame = pandas.DataFrame([*lines, ("b", "x", 0.0, 0.2)], columns=head)
    found = pc.analyze(frame, resamples=20)
    assert found.value.estimate == pytest.approx(0.5)
    assert found.value.low < 0.5 < found.value.high
    with pytest.raises(ValueError, match="std_error has no effect"):
        pc.analyze(frame, std_error=COINS)
    with pytest.raises(ValueError, match=r"\(b, x\)|'b'.*'x'"):
        pc.analyze(frame.iloc[:3])


@pytest.mark.parametrize(
    ("payoffs", "how", "words"),
    [
        (COINS[0], {}, "payoffs has shape (2,), must be [m, n]"),
        (COINS * np.nan, {}, "the mean of (filter-0, attack-0) is nan"),
        (COINS, {"meta_solver": "nsah"}, "meta_solver is 'nsah'"),
        (COINS, {"resamples": 1}, "resamples is 1, must be at least 2"),
        (COINS, {"filters": ["a", "a"]}, "filters is ['a', 'a'], must be 2 names"),
        (COINS, {"filters": "ab"}, "filters is 'ab', must be 2 names"),
        (COINS, {"attacks": ["a"]}, "attacks is ['a'], must be 2 names, none twice"),
        (COINS, {"std_error": [0.1]}, "std_error has shape (1,), must be (2, 2)"),
        (COINS, {"resamples": 2.5}, "resamples is 2.5, must be a whole number"),
        (COINS, {"seed": -1}, "seed is -1, must be at least 0"),
        (COINS, {"resamples": np.nan}, "resamples is nan"),
        ([[1.0], [2.0, 3.0]], {}, "payoffs is [[1.0], [2.0, 3.0]], must be numbers"),
        ({"a": 1}, {}, "payoffs is {'a': 1}, must be numbers [m, n]"),
        (COINS[..., None], {"std_error": COINS}, "std_error has no effect"),
        (COINS, {"filters": []}, "filters is [], must be 2 names"),
        ("table.csv", {"filters": ["a"]}, "no effect beside such a table"),
        ("no_such.csv", {}, "no_such.csv"),
        ("no_such.xls", {}, "must end in one of"),
    ],
)
def test_bad_tables_are_one_clear_line(payoffs, how, words):
    with pytest.raises(ValueError, match=r".") as error:
        pc.analyze(payoffs, **how)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_side_is_filter_or_attack():
    with pytest.raises(ValueError, match="side is 'row', must be filter or attack"):
        pc.analyze(COINS).mixture("row")
