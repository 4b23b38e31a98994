"""Puts the analysis of a payoff table into words: sections for every kind of page."""

from collections.abc import Mapping, Sequence
from typing import Any

from psro_comm.metagame.reading import read_interval
from psro_comm.reports.text import Section, Sides, printable

_MOST_CELLS = 8
_MOST_POLICIES = 12  # a longer side folds the policies without weight
_NO_WEIGHT = 5e-4  # is printed as 0.000
_SELDOM = 0.05  # of resamples: who is in the support less often is folded as well


def analysis_sections(
    report: Mapping[str, Any],
    sides: Sides = Sides(),  # noqa: B008
) -> list[Section]:
    """Returns in words the value, then both sides, then the value's uncertainty."""
    found = [
        Section(
            f"{report['title']}: {_drawn(report)}",
            bullets=[
                *(f"note: {note}" for note in report["notes"]),
                *_value(report),
                f"NashConv of the mixtures: {_bounded(report['nash_conv'])}",
                f"cyclic share of payoffs: {_text(report['cyclic_share'])}"
                " (the rest is explained by ratings)",
                *_security(report["security"], sides),
                *_unique(report["equilibrium_unique"], sides),
                *(f"failed: {each}" for each in report["meta_solver_failures"]),
            ],
        ),
        _side(report, "defenders", sides.row),
        _side(report, "attackers", sides.column),
    ]
    found[-1] = found[-1]._replace(notes=[*found[-1].notes, _LEGEND])
    if "alpha_rank" in report:
        found += _evolution(report["alpha_rank"])
    noisy = [cell for cell in report["cells"] if cell["share_of_value_variance"] > 0]
    if noisy:
        found.append(_cells(noisy[:_MOST_CELLS]))
    return found


def _drawn(report: Mapping[str, Any]) -> str:
    if not report["resamples"]:
        return "no standard errors, hence no intervals"
    return f"{report['resamples']} resamples of {report['resampled']}"


def _text(found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        return f"{found['estimate']:.4g}"
    return str(read_interval(found))


def _value(report: Mapping[str, Any]) -> list[str]:
    """Returns the value, and what its intervals promise."""
    value = report["value"]
    if value["low"] is None:
        return [f"value of the game: {_text(value)}"]
    aimed, worst = (report[f"value_coverage{each}"] for each in ("", "_worst_measured"))
    return [
        f"value of the game: {_text(value)} (covers about {aimed:.0%} on random tables,"
        f" {worst:.0%} in the worst family measured: one row that is best and flat)",
        f"conservative interval: {_text(report['value_conservative'])} (covers"
        f" {aimed:.0%} whatever the table)",
    ]


def _bounded(found: Mapping[str, Any]) -> str:
    here = f"{found['estimate']:.2e} in the table"
    if found["high"] is None:
        return here
    return f"{here}, at most {found['high']:.4g} in the true one (95 %, one-sided)"


def _security(found: Mapping[str, Any], sides: Sides) -> list[str]:
    best = printable(found["policy"])  # not as blanks, before lines are filled
    lines = [f"best single {sides.row}: {best}, {_text(found['pure'])}"]
    if "robust_guarantee" in found:
        lines.append(
            f"robust mixture guarantees {found['robust_guarantee']:.4g}"
            f" ({found['robust_confidence']:.0%} region of the whole table)"
        )
    if "robust_left_out" in found:
        lines.append(f"robust mixture left out: {found['robust_left_out']}")
    return lines


def _unique(found: Mapping[str, bool | None], sides: Sides) -> list[str]:
    """Returns who has more than one optimal mixture, or may have."""
    named = {"defender": sides.row, "attacker": sides.column}
    several, open_ = (
        " and the ".join(name for side, name in named.items() if found[side] is answer)
        for answer in (False, None)
    )
    lines = []
    if several:
        lines.append(
            f"the equilibrium is not unique: other mixtures of the {several} are as"
            " good; other equilibria: the ranges of their weights"
        )
    if open_:
        lines.append(
            f"whether other mixtures of the {open_} are as good is not known: payoffs"
            " are too far apart"
        )
    return lines


def _side(report: Mapping[str, Any], key: str, name: str) -> Section:
    """Returns one side's policies, of largest weight first."""
    policies = sorted(report[key], key=lambda each: (-each["weight"], each["name"]))
    shown, folded = policies, []
    if len(policies) > _MOST_POLICIES:
        shown = [each for each in policies if _matters(each)]
        folded = [each for each in policies if not _matters(each)]
    nash = report["meta_solver"] == "nash"
    several = any(each["nash_range"] for each in policies)
    head = [f"{name} ({report['meta_solver']})", "weight"]
    head += [] if nash else ["Nash weight"]
    head += ["other equilibria"] if several else []
    head += ["in resamples", "in support", "regret", "dominated"]
    return Section(
        f"{name} policies",
        head=head,
        rows=[_policy(each, nash=nash, several=several) for each in shown],
        notes=_folded(folded),
    )


_LEGEND = (
    "regret: what the best policy earns more against the other side's mixture; in"
    " resamples, in support, dominated: each resample solved anew"
)


def _matters(policy: Mapping[str, Any]) -> bool:
    most = (policy["nash_range"] or [0.0, 0.0])[1]
    heavy = max(policy["weight"], policy["nash_weight"]["estimate"], most)
    return bool(heavy >= _NO_WEIGHT or policy["support_frequency"] >= _SELDOM)


def _folded(policies: Sequence[Mapping[str, Any]]) -> list[str]:
    if not policies:
        return []
    regrets = [each["regret"]["estimate"] for each in policies]
    return [
        f"{len(policies)} more without weight, in the support of less than"
        f" {_SELDOM:.0%} of resamples: regrets {min(regrets):.4g} to {max(regrets):.4g}"
        " (all of them are in the .json file)"
    ]


def _policy(policy: Mapping[str, Any], *, nash: bool, several: bool) -> list[str]:
    weight, often = policy["nash_weight"], policy["dominated_frequency"]
    cells = [policy["name"], f"{policy['weight']:.3f}"]
    if not nash:
        cells.append(f"{weight['estimate']:.3f}")
    if several:
        cells.append(_range(policy["nash_range"]))
    known = weight["low"] is not None
    cells.append(_range([weight["low"], weight["high"]]) if known else "-")
    certain = "yes" if policy["dominated_by_margin"] > 0 else "no"
    return [
        *cells,
        f"{policy['support_frequency']:.0%}",
        _text(policy["regret"]),
        certain if often is None or not known else f"{often:.0%}",
    ]


def _range(ends: Sequence[float] | None) -> str:
    return "none" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"


def _evolution(ranked: Mapping[str, Any]) -> list[Section]:
    """Returns where alpha-rank spends its time, and at which selection pressures."""
    sinks = ", ".join(map(str, ranked["sinks"]))
    pairs = Section(
        "alpha-rank: pairs of most time",
        bullets=[f"sinks of the response graph, by their number of pairs: {sinks}"],
        head=("pair", "share", "share with ties"),
        rows=[
            (
                f"{each['defender']} / {each['attacker']}",
                f"{each['share']:.3f}",
                _share(each["share_with_ties"]),
            )
            for each in ranked["pairs"]
        ],
        notes=["with ties: differences within 1.96 standard errors are none"],
    )
    if ranked["sweep"] is None:
        return [pairs]
    steps = Section(
        "alpha-rank by selection pressure, over the spread of the payoffs",
        head=("alpha", "pair of most time", "share"),
        rows=[
            (
                f"{each['alpha']:g}",
                f"{each['defender']} / {each['attacker']}",
                f"{each['share']:.3f}",
            )
            for each in ranked["sweep"]
        ],
    )
    return [pairs, steps]


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"


def _cells(cells: Sequence[Mapping[str, Any]]) -> Section:
    return Section(
        "Where the value's variance comes from",
        head=("cell", "share", "mean", "s.e.", "n"),
        rows=[
            (
                f"{cell['defender']} / {cell['attacker']}",
                f"{cell['share_of_value_variance']:.1%}",
                f"{cell['mean']:.4g}",
                f"{cell['std_error']:.2g}",
                str(cell.get("episodes", "")),
            )
            for cell in cells
        ],
    )
