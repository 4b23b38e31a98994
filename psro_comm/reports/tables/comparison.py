"""Puts a comparison of meta-solvers on one table into words."""

from typing import Any

from psro_comm.reports.text import columns


def render_comparison(result: dict[str, Any]) -> str:
    """Returns a line for each solver, their mixtures, and distances between them."""
    rows = result["solvers"]
    noisy = result["resamples"] > 0
    head = ["solver", "value", "guarantee", "NashConv", "support", "entropy", "ms"]
    head += ["sensitivity", "NashConv, resampled"] if noisy else []
    lines = [_line(row, noisy) for row in rows]
    names = [row["solver"] for row in rows]
    apart = [
        (name, *(f"{d:.2f}" for d in line))
        for name, line in zip(names, result["distances"], strict=True)
    ]
    parts = [f"{result['title']}: {result['resamples']} resamples", ""]
    parts += [columns(lines, head), ""]
    for side in ("defender", "attacker"):
        parts += [f"{side}'s mixtures (weights above 0.005)"]
        parts += [f"  {row['solver']}: {_mixture(row[side])}" for row in rows]
    parts += [
        "",
        columns(apart, ("distance", *(str(k + 1) for k in range(len(names))))),
    ]
    parts += [f"failed: {failure}" for row in rows for failure in row["failures"]]
    parts += [
        f"failed: {row['solver']} on {row['resamples_fallen_back']} of"
        f" {result['resamples']} resamples, where a fallback was taken"
        for row in rows
        if row["resamples_fallen_back"]
    ]
    parts += [
        "",
        "guarantee: against the best attacker of the table; distance and sensitivity:"
        "\ntotal variation, 0 to 1; resampled: mixtures of a resample, in this table",
    ]
    return "\n".join(parts)


def _line(row: dict[str, Any], noisy: bool) -> tuple[str, ...]:
    fallen = "" if row["solved_by"] == row["solver"] else f" -> {row['solved_by']}"
    line = (
        row["solver"] + fallen,
        f"{row['value']:.4g}",
        f"{row['guarantee']:.4g}",
        f"{row['nash_conv']:.2e}",
        "{} / {}".format(*row["support"]),
        "{:.2f} / {:.2f}".format(*row["entropy"]),
        f"{1000 * row['seconds']:.1f}",
    )
    if not noisy:
        return line
    cost = row["nash_conv_resampled"]
    words = f"{cost['estimate']:.3g} [{cost['low']:.3g}, {cost['high']:.3g}]"
    return (*line, f"{row['sensitivity']:.3f}", words)


def _mixture(weights: dict[str, float]) -> str:
    return ", ".join(f"{name} {w:.3f}" for name, w in weights.items() if w > 5e-3)
