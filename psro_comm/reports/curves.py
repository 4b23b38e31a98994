"""Puts what defenders keep by the attacker's budget into words."""

from psro_comm.metagame.curves import Curve, Point
from psro_comm.metagame.suite import Suite
from psro_comm.reports.text import Section

AXIS = {
    "cap": "most that a message is bent, in mean norms",
    "rate": "largest share of messages that are bent",
    "liars": "number of liars",
}
_AREA = (
    "area: under the curve, over the length of its axis: an average return, world by"
    " world, with its 95 % interval."
)
_LOG_AREA = "The axis is logarithmic; none, no cap at all, is not in the area."
_POINTS = (
    "At each budget: the attacks without training, the best three of the others that"
    " fit, an affine lie found by an evolution strategy from nothing and one from the"
    " mirror, and the gradient's attack, all three made at that budget, and the worst"
    " of all smaller budgets, as it is and held to its own budget, for whoever may do"
    " more can hold back. Chosen and measured on the same worlds at all budgets."
)


def by_axis(found: Suite) -> dict[str, list[Curve]]:
    """Returns a suite's curves by what is budgeted."""
    groups: dict[str, list[Curve]] = {}
    for curve in found.curves:
        groups.setdefault(curve.axis, []).append(curve)
    return groups


def curve_sections(found: Suite) -> list[Section]:
    """Returns for each axis the area under each curve, and its mean returns."""
    return [
        Section(
            f"By the attacker's budget: {AXIS[axis]}",
            head=("defender", "area", *along(curves[0])),
            rows=[
                (
                    curve.defender,
                    str(curve.area),
                    *(f"{point.returns.estimate:.2f}" for point in curve.points),
                )
                for curve in curves
            ],
            notes=[_AREA] * (number == 0) + [_LOG_AREA] * (axis == "cap"),
        )
        for number, (axis, curves) in enumerate(by_axis(found).items())
    ]


def point_sections(found: Suite) -> list[Section]:
    """Returns for each axis every point: its return, its attack, and what that used."""
    return [
        Section(
            f"The worst attacks: {AXIS[axis]}",
            head=("defender", "at", "return", "by"),
            rows=[
                (curve.defender, words, str(point.returns), _attack(point))
                for curve in curves
                for words, point in zip(along(curve), curve.points, strict=True)
            ],
            notes=[_POINTS] * (number == 0),
        )
        for number, (axis, curves) in enumerate(by_axis(found).items())
    ]


def along(curve: Curve) -> list[str]:
    """Returns the budgets of a curve as its axis shows them."""
    return [_number(point.budget) for point in curve.points]


def _number(budget: float | None) -> str:
    return "none" if budget is None else f"{budget:g}"


def _attack(point: Point) -> str:
    """Returns the name of a point's attack, and whether it held back."""
    if point.used == point.budget:
        return point.attack
    return f"{point.attack}, held to {_number(point.used)}"
