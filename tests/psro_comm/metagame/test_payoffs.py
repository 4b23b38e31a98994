"""The payoff table: samples by world, NaN where not played."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psro_comm.metagame.payoffs import QUANTITIES, Payoff, PayoffTable

pytestmark = pytest.mark.filterwarnings("error")  # an empty cell is no accident

CELLS = [("none", "calm"), ("none", "loud"), ("f-001", "calm")]
RETURNS = np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 0.0], [-1.0, 5.0, 5.0]])
SUCCESS = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]])
DISTORTION = RETURNS / 8


def make_table() -> PayoffTable:
    """Three of four cells played in three worlds; (f-001, loud) is missing."""
    table = PayoffTable.empty().grown(("none", "f-001"), ("calm", "loud"))
    return table.recorded(CELLS, RETURNS, SUCCESS, DISTORTION)


def assert_same(a: PayoffTable, b: PayoffTable) -> None:
    assert (a.defenders, a.attackers) == (b.defenders, b.attackers)
    for name in QUANTITIES:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_rows_are_defenders_and_columns_attackers() -> None:
    table = make_table()
    np.testing.assert_array_equal(table.mean(), [[3.0, 0.0], [3.0, np.nan]])
    np.testing.assert_array_equal(table.returns[1, 0], RETURNS[2])
    np.testing.assert_array_equal(table.episodes(), [[3, 3], [3, 0]])
    np.testing.assert_allclose(table.success.mean(-1), [[2 / 3, 0], [2 / 3, np.nan]])
    np.testing.assert_allclose(table.mean_distortion(), [[0.375, 0], [0.375, np.nan]])


def test_standard_error_by_hand() -> None:
    # 1, 2, 6: mean 3, squares 4 + 1 + 9 = 14, variance 14 / 2, divided by 3 episodes
    std_error = make_table().std_error()
    assert std_error[0, 0] == pytest.approx(math.sqrt(7 / 3))
    assert std_error[0, 1] == 0
    assert math.isnan(std_error[1, 1])


def test_one_episode_has_a_mean_but_no_standard_error() -> None:
    one = np.array([[4.0]])
    table = PayoffTable.empty().grown("d", "a").recorded([("d", "a")], one, one, one)
    payoff = table.cell("d", "a")
    assert (payoff.mean, payoff.episodes) == (4.0, 1)
    assert math.isnan(payoff.std_error)


def test_interval_of_one_standard_error_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    returns = rng.exponential(2.0, size=(300, 60))  # 300 repeats of one cell
    names = [f"d{i}" for i in range(300)]
    table = PayoffTable.empty().grown(names, ["a"])
    ones = np.ones_like(returns)
    table = table.recorded([(name, "a") for name in names], returns, ones, ones)
    covers = np.abs(table.mean() - 2.0) <= 1.96 * table.std_error()
    assert 0.90 <= covers.mean() <= 0.99


def test_missing_cells_come_row_by_row() -> None:
    table = make_table().grown(["f-002"], ["odd"])
    assert table.missing() == [
        ("none", "odd"),
        ("f-001", "loud"),
        ("f-001", "odd"),
        ("f-002", "calm"),
        ("f-002", "loud"),
        ("f-002", "odd"),
    ]
    assert PayoffTable.empty().missing() == []


def test_growing_keeps_samples_and_skips_known_names() -> None:
    table = make_table()
    grown = table.grown(("none", "f-001", "f-002"), ("odd",))
    assert grown.defenders == ("none", "f-001", "f-002")
    assert grown.attackers == ("calm", "loud", "odd")
    assert_same(grown.select(table.defenders, table.attackers), table)
    assert_same(table.grown((), ("calm",)), table)


def test_updates_leave_the_old_table_alone() -> None:
    table = make_table()
    before = table.to_dict()
    more = np.ones((1, 5))
    table.grown(["f-002"], ()).recorded([("f-001", "loud")], more, more, more)
    assert table.to_dict() == before


def test_samples_are_read_only_and_not_the_callers() -> None:
    table = make_table()
    with pytest.raises(ValueError, match="read-only"):
        table.returns[0, 0, 0] = 9.0
    returns = RETURNS.copy()
    again = PayoffTable.empty().grown(("none", "f-001"), ("calm", "loud"))
    again = again.recorded(CELLS, returns, SUCCESS, DISTORTION)
    returns[:] = 77.0
    assert_same(again, table)
    direct = np.ones((1, 1, 2))
    PayoffTable(("d",), ("a",), direct, direct, direct)
    direct[:] = 5.0  # still the caller's to write


def test_a_cell_with_fewer_worlds_is_padded_with_nan() -> None:
    short = np.array([[4.0, 6.0]])
    table = make_table().recorded([("f-001", "loud")], short, short, short)
    np.testing.assert_array_equal(table.returns[1, 1], [4.0, 6.0, np.nan])
    assert table.cell("f-001", "loud") == Payoff(5.0, 1.0, 2)


def test_fresh_worlds_refine_a_cell_and_pad_the_others() -> None:
    more = np.array([[10.0, 11.0]])
    table = make_table().recorded([("none", "calm")], more, more, more, first_world=4)
    assert table.num_worlds == 6
    np.testing.assert_array_equal(
        table.returns[0, 0], [1.0, 2.0, 6.0, np.nan, 10.0, 11.0]
    )
    assert table.cell("none", "calm").mean == 6.0
    np.testing.assert_array_equal(table.episodes(), [[5, 3], [3, 0]])


def test_worlds_played_in_blocks_make_the_same_table() -> None:
    table = PayoffTable.empty().grown(("none", "f-001"), ("calm", "loud"))
    for world in (2, 0, 1):
        block = slice(world, world + 1)
        table = table.recorded(
            CELLS,
            RETURNS[:, block],
            SUCCESS[:, block],
            DISTORTION[:, block],
            first_world=world,
        )
    assert_same(table, make_table())


@pytest.mark.parametrize("quantity", range(3))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_broken_simulation_raises_and_names_its_cell(quantity: int, bad: float) -> None:
    outcome = [np.ones((2, 3)) for _ in range(3)]
    outcome[quantity][1, 2] = bad
    table = PayoffTable.empty().grown(["none", "f-001"], ["loud"])
    cells = [("none", "loud"), ("f-001", "loud")]
    message = rf"{QUANTITIES[quantity]} of cell \('f-001', 'loud'\) in world 7"
    with pytest.raises(ValueError, match=message):
        table.recorded(cells, *outcome, first_world=5)


@pytest.mark.parametrize(
    ("cells", "shape", "message"),
    [
        ([("none", "calm")], (1, 3), "already played"),
        ([("f-001", "loud"), ("f-001", "loud")], (2, 3), "recorded once"),
        ([("f-009", "loud")], (1, 3), "unknown defender 'f-009'.*none"),
        ([("none", "quiet")], (1, 3), "unknown attacker 'quiet'.*calm"),
        ([("f-001", "loud")], (2, 3), r"must be \[1, worlds\]"),
        ([("f-001", "loud")], (3,), r"must be \[1, worlds\]"),
    ],
)
def test_bad_records_raise(
    cells: list[tuple[str, str]], shape: tuple[int, ...], message: str
) -> None:
    data = np.ones(shape)
    with pytest.raises(ValueError, match=message):
        make_table().recorded(cells, data, data, data)


def test_quantities_of_different_shapes_raise() -> None:
    data = np.ones((1, 3))
    with pytest.raises(ValueError, match="success must be"):
        make_table().recorded([("f-001", "loud")], data, data[:, :2], data)


def test_negative_world_raises() -> None:
    data = np.ones((1, 1))
    with pytest.raises(ValueError, match="first_world"):
        make_table().recorded([("f-001", "loud")], data, data, data, first_world=-1)


def test_selecting_reorders_and_keeps_worlds() -> None:
    selected = make_table().select(("f-001", "none"), ("calm",))
    np.testing.assert_array_equal(selected.returns, RETURNS[[2, 0]][:, None, :])
    with pytest.raises(ValueError, match="unknown attacker"):
        make_table().select(("none",), ("quiet",))


def test_constructor_rejects_what_cannot_be_a_table() -> None:
    good, nan = np.ones((1, 1, 2)), np.full((1, 1, 2), np.nan)
    with pytest.raises(ValueError, match="distinct"):
        PayoffTable(("d", "d"), ("a",), *[np.ones((2, 1, 2))] * 3)
    with pytest.raises(ValueError, match="shape"):
        PayoffTable(("d",), ("a", "b"), good, good, good)
    with pytest.raises(ValueError, match="infinity"):
        PayoffTable(("d",), ("a",), good, good, good * np.inf)
    with pytest.raises(ValueError, match="disagree"):
        PayoffTable(("d",), ("a",), good, nan, good)


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(finite, min_size=2, max_size=2), min_size=3, max_size=3))
def test_json_round_trip_is_exact(returns: list[list[float]]) -> None:
    data = np.array(returns)
    table = PayoffTable.empty().grown(("none", "f-001"), ("calm", "loud"))
    table = table.recorded(CELLS, data, np.ones_like(data), -data)
    text = json.dumps(table.to_dict(), allow_nan=False)
    back = PayoffTable.from_dict(json.loads(text))
    assert_same(back, table)
    assert back.returns.tobytes() == table.returns.tobytes()


@pytest.mark.parametrize(
    "table",
    [
        PayoffTable.empty(),
        PayoffTable.empty().grown(["d"], []),
        PayoffTable.empty().grown([], ["a"]),
        PayoffTable.empty().grown(["d"], ["a", "b"]),
        make_table().select((), ("calm",)),
    ],
)
def test_tables_without_samples_survive_json(table: PayoffTable) -> None:
    back = PayoffTable.from_dict(json.loads(json.dumps(table.to_dict())))
    assert back.returns.shape == table.returns.shape
    assert_same(back, table)


def test_missing_cells_are_null_in_json() -> None:
    data = make_table().to_dict()
    assert data["returns"][1][1] == [None, None, None]
    assert data["returns"][0][0] == [1.0, 2.0, 6.0]


def test_damaged_dictionary_raises() -> None:
    data = make_table().to_dict()
    with pytest.raises(ValueError, match="reshape"):
        PayoffTable.from_dict({**data, "attackers": ["calm"]})
    del data["success"]
    with pytest.raises(ValueError, match="success"):
        PayoffTable.from_dict(data)
