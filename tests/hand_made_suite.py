"""A suite of two defenders with curves over two budgets, by hand."""

import dataclasses

from psro_comm.metagame.curves import Curve, Point
from psro_comm.metagame.intervals import Interval
from tests.psro_comm.reports.test_suite import FOUND


def around(mean: float) -> Interval:
    return Interval(mean, mean - 1.0, mean + 1.0)


def curve(defender: str, axis: str, first: float) -> Curve:
    """It falls by 4 a budget; the last of them is no better than the one before."""
    along = (1.0, 2.0, None) if axis == "cap" else (0.0, 1.0, 2.0)
    points = [
        Point(budget, around(first - 4.0 * k), f"flip{k}", budget)
        for k, budget in enumerate(along[:2])
    ]
    last = points[-1]
    points.append(Point(along[-1], last.returns, last.attack, last.budget))
    return Curve(defender, axis, points, around(first - 2.0))


DRAWN = dataclasses.replace(
    FOUND,
    curves=[
        curve(name, axis, first)
        for axis in ("cap", "liars")
        for name, first in (("strong", 50.0), ("weak", 40.0))
    ],
)
