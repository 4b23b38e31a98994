"""Intervals cover the truth as often as they say, and say what they do not know."""

import math
from functools import partial

import numpy as np
import pytest

from psro_comm.metagame import intervals, regret
from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.solvers import nash

#                   y:  1/2  1/2
MATRIX = np.array([[4.0, 0.0], [1.0, 2.0]])  # x: 1/4, 3/4
X, Y = np.array([0.25, 0.75]), np.array([0.5, 0.5])


def test_interval_prints_estimate_and_limits() -> None:
    assert str(Interval(34.123, 33.499, 34.711)) == "34.12 [33.50, 34.71]"
    assert str(Interval(0.0012, 0.0002, 0.0022)) == "0.0012 [0.0002, 0.0022]"
    assert str(Interval(1.0, 1.0, 1.0)) == "1.00 [1.00, 1.00]"
    assert str(Interval(1.5, math.nan, math.nan)) == "1.50 [nan, nan]"


@pytest.mark.parametrize(
    ("low", "high", "contains"),
    [
        (-1, 1, True),
        (0, 1, True),
        (-1, 0, True),
        (0.1, 1, False),
        (-1, -0.1, False),
        (math.nan, math.nan, True),
    ],
)
def test_interval_knows_whether_it_contains_zero(
    low: float, high: float, contains: bool
) -> None:
    assert Interval(0.5, low, high).contains_zero is contains


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (Interval(1.2, 0.5, 1.9), "higher by 1.20 [0.50, 1.90]"),
        (Interval(-1.2, -1.9, -0.5), "lower by 1.20 [0.50, 1.90]"),
        (Interval(1.2, -0.1, 2.5), "cannot tell: the interval contains zero"),
        (Interval(-1.2, -2.4, 0.0), "cannot tell: the interval contains zero"),
        (Interval(1.2, math.nan, math.nan), "cannot tell: too few samples"),
    ],
)
def test_verdict_says_what_the_interval_allows(interval: Interval, words: str) -> None:
    assert intervals.verdict(interval) == words


def test_t_interval_by_hand() -> None:
    # 1, 2, 6: mean 3, standard error sqrt(7 / 3); t(2 degrees, 97.5 %) = 4.302653
    interval = intervals.mean_interval(np.array([1.0, np.nan, 2.0, 6.0]))
    half = 4.302652730 * math.sqrt(7 / 3)
    assert interval == pytest.approx((3.0, 3 - half, 3 + half))
    narrow = intervals.mean_interval(np.array([1.0, 2.0, 6.0]), confidence=0.5)
    assert narrow.high - 3 == pytest.approx(0.816496581 * math.sqrt(7 / 3))


def test_too_few_samples_have_no_limits() -> None:
    one = intervals.mean_interval(np.array([5.0]))
    assert one.estimate == 5.0
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert all(math.isnan(number) for number in intervals.mean_interval(np.array([])))


@pytest.mark.parametrize("size", [3, 30])
def test_t_interval_covers_the_truth_as_often_as_it_says(size: int) -> None:
    rng = np.random.default_rng(0)
    found = [intervals.mean_interval(rng.normal(7, 3, size)) for _ in range(300)]
    covers = [interval.low <= 7 <= interval.high for interval in found]
    assert 0.90 <= np.mean(covers) <= 0.99


def test_pairing_worlds_removes_the_noise_they_share() -> None:
    rng = np.random.default_rng(0)
    world = rng.normal(0, 50, size=100)
    a, b = world + 1 + rng.normal(0, 1, 100), world + rng.normal(0, 1, 100)
    paired = intervals.paired_difference(a, b)
    assert 0.3 < paired.low < 1 < paired.high < 1.7
    assert intervals.verdict(paired).startswith("higher by")
    assert intervals.verdict(intervals.paired_difference(b, a)).startswith("lower by")


def test_pairs_not_played_on_both_sides_do_not_count() -> None:
    a = np.array([1.0, np.nan, 5.0, 9.0])
    b = np.array([0.0, 1.0, 2.0, np.nan])
    assert intervals.paired_difference(a, b).estimate == 2.0


def test_sums_of_the_same_returns_in_another_order_do_not_differ() -> None:
    returns = np.random.default_rng(0).normal(11, 3, (3, 50))
    weights = np.array([0.1, 0.2, 0.7])
    a, b = weights @ returns, weights[::-1] @ returns[::-1]
    assert (a != b).any()
    assert intervals.paired_difference(a, b) == (0.0, 0.0, 0.0)
    assert intervals.paired_difference(a + 1e-9, b).low > 0


@pytest.mark.parametrize("shape", [(3,), (1, 4), ()])
def test_unpaired_data_raise(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pairs need"):
        intervals.paired_difference(np.ones(4), np.ones(shape))


def test_interval_across_seeds_refuses_to_drop_a_failed_seed() -> None:
    assert intervals.across_seeds([1.0, 2.0, 6.0]).estimate == 3.0
    with pytest.raises(ValueError, match="each seed"):
        intervals.across_seeds([1.0, np.nan, 6.0])


def test_bootstrap_of_a_mean_agrees_with_the_t_interval() -> None:
    samples = np.random.default_rng(0).normal(10, 2, size=400)
    rng = np.random.default_rng(1)
    resampled = intervals.bootstrap(samples, float, rng, num_samples=4000)
    exact = intervals.mean_interval(samples)
    assert resampled.estimate == pytest.approx(exact.estimate)
    assert resampled == pytest.approx(exact, abs=0.02)


def test_bootstrap_covers_the_value_of_a_mixture_of_correlated_cells() -> None:
    rng = np.random.default_rng(0)
    statistic = partial(regret.value, x=X, y=Y)
    covers = []
    for _ in range(300):
        world = rng.normal(0, 3, size=(1, 1, 80))
        returns = MATRIX[:, :, None] + world + rng.normal(0, 1, size=(2, 2, 80))
        interval = intervals.bootstrap(returns, statistic, rng, num_samples=300)
        covers.append(interval.low <= 1.625 <= interval.high)
    assert 0.90 <= np.mean(covers) <= 0.99


def test_bootstrap_draws_the_same_worlds_for_all_cells() -> None:
    # Two cells differ by exactly 1 in each world: drawn apart they would not.
    world = np.random.default_rng(0).normal(0, 50, size=60)
    interval = intervals.bootstrap(
        np.stack([world + 1, world]),
        lambda mean: mean[0] - mean[1],
        np.random.default_rng(1),
    )
    assert interval == pytest.approx((1, 1, 1))


def test_bootstrap_gives_the_statistic_the_shape_of_the_table() -> None:
    shapes = set()

    def statistic(mean: np.ndarray) -> float:
        shapes.add(mean.shape)
        return float(mean[1, 2])

    samples = np.arange(24.0).reshape(2, 3, 4)
    interval = intervals.bootstrap(samples, statistic, np.random.default_rng(0))
    assert shapes == {(2, 3)}
    assert interval.estimate == samples[1, 2].mean()


def test_bootstrap_skips_worlds_in_which_a_cell_was_not_played() -> None:
    samples = np.full((2, 60), 5.0)
    samples[1, :30] = np.nan
    interval = intervals.bootstrap(
        samples, lambda mean: mean[1], np.random.default_rng(0)
    )
    assert interval == pytest.approx((5, 5, 5))


def test_bootstrap_of_a_missing_cell_raises() -> None:
    samples = np.ones((2, 10))
    samples[1] = np.nan
    with pytest.raises(ValueError, match="cannot bootstrap"):
        intervals.bootstrap(samples, np.sum, np.random.default_rng(0))


def test_bootstrap_of_one_world_has_no_limits() -> None:
    interval = intervals.bootstrap(np.ones((2, 1)), np.sum, np.random.default_rng(0))
    assert interval.estimate == 2
    assert math.isnan(interval.low)


def test_more_confidence_means_wider() -> None:
    samples = np.random.default_rng(0).normal(size=100)
    narrow, wide = (
        intervals.bootstrap(samples, float, np.random.default_rng(0), confidence=c)
        for c in (0.5, 0.99)
    )
    assert narrow.estimate == wide.estimate
    assert wide.low < narrow.low < narrow.high < wide.high


def test_bootstrapped_nash_conv_is_above_zero_even_at_an_equilibrium() -> None:
    # The known failure of a percentile interval of a maximum: noise only pushes up.
    rng = np.random.default_rng(0)
    returns = rng.normal(size=(5, 5, 50))
    mean = returns.mean(axis=-1)
    x, y = nash(mean)
    interval = intervals.bootstrap(returns, partial(regret.nash_conv, x=x, y=y), rng)
    assert interval.estimate == pytest.approx(0, abs=1e-9)
    assert interval.low > 0


def test_wilsons_interval_by_hand() -> None:
    z = 1.959964**2
    assert intervals.share_interval(0.0, 10).high == pytest.approx(z / (10 + z))
    assert intervals.share_interval(0.0, 10).low == 0.0
    _, low, high = intervals.share_interval(0.5, 100)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)  # Wilson, 50 of 100


def normal(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, columns))


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    hits = 0
    for samples in normal(300, 50):
        found = intervals.normal_interval(3.0 + 2.0 * samples)
        hits += found.low <= 3.0 <= found.high
    assert 0.90 <= hits / 300 <= 0.99


def test_the_interval_of_a_fall_covers_and_profits_from_pairing() -> None:
    hits = 0
    for worlds, noise in zip(normal(300, 200), normal(301, 200)[1:], strict=True):
        clean = 40.0 + 10.0 * worlds
        muted = 0.6 * clean + noise
        found = intervals.fall_percent(clean, muted)
        hits += found.low <= 40.0 <= found.high
    assert 0.90 <= hits / 300 <= 0.99
    unpaired = intervals.fall_percent(clean, muted[::-1])
    paired_width = found.high - found.low
    assert paired_width < (unpaired.high - unpaired.low) / 3


def test_a_share_of_nothing_is_unknown() -> None:
    found = intervals.fall_percent(np.zeros(5), np.ones(5))
    assert all(math.isnan(value) for value in found)


def test_trials_of_a_world_that_are_copies_count_once() -> None:
    hits = (normal(1, 500)[0] > 0.5).astype(float)
    once = intervals.clustered_share(hits, np.ones(500))
    copied = intervals.clustered_share(10 * hits, np.full(500, 10.0))
    assert copied == pytest.approx(once)
    as_independent = intervals.share_interval(hits.mean(), 500)
    assert once == pytest.approx(as_independent, abs=1e-4)


def test_the_interval_of_a_clustered_share_covers_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(0), 0
    for _ in range(400):
        trials = rng.integers(0, 30, size=60).astype(float)
        found = intervals.clustered_share(
            rng.binomial(trials.astype(int), rng.beta(0.6, 1.4, size=60)), trials
        )
        hits += found.low <= 0.3 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_a_clustered_share_of_what_never_varies_is_not_certain() -> None:
    trials = np.array([9.0, 9.0, 0.0, 9.0])
    for share in (0.0, 1.0):
        found = intervals.clustered_share(share * trials, trials)
        assert found == intervals.share_interval(share, 3)
    assert intervals.clustered_share(np.ones(1), np.ones(1)).low < 0.5
    nothing = intervals.clustered_share(np.zeros(4), np.zeros(4))
    assert all(math.isnan(value) for value in nothing)


def test_a_difference_by_hand() -> None:
    # half widths 3 and 4 make 5
    found = intervals.unpaired_difference(
        Interval(10.0, 7.0, 13.0), Interval(2.0, -2.0, 6.0)
    )
    assert found == (8.0, 3.0, 13.0)
    assert -found == (-8.0, -13.0, -3.0)
