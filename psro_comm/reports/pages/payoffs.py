"""Shows payoff tables with both mixtures, one iteration after the other."""

import html
from collections.abc import Mapping, Sequence

import numpy as np

from psro_comm.metagame.intervals import mean_interval
from psro_comm.metagame.iteration import Iteration
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.reports.pages.frame import Part, box, note

_PLAYED = 5e-4  # the least weight that is told apart from none
_MOST_CELLS = 400  # of a table; of larger ones only what some mixture plays is shown
_DEEPEST = 0.45  # of the colour, so that words on it can be read
_WORDS = (
    "Mean return of the team, and half of its 95 % interval; the darker, the more."
    " plays: how often each side plays its policy in the mixture of that iteration."
)
_FEWER = "Policies that no mixture of these iterations plays are left out."

SCRIPT = """
for (const place of document.querySelectorAll('.iterations')) {
  const tables = [...place.querySelectorAll('.iteration')];
  const at = place.querySelector('input'), said = place.querySelector('output');
  const show = () => tables.forEach((table, k) => {
    table.hidden = k !== Number(at.value) - 1;
    if (!table.hidden) said.textContent = table.dataset.said;
  });
  at.oninput = show;
  place.querySelector('.row').hidden = false;
  show();
}
"""


def payoffs_part(
    history: Sequence[Iteration], tables: Mapping[int, PayoffTable]
) -> Part | None:
    """Returns the payoff table of each iteration, one shown at a time.

    Without a script all are shown, one below the other.

    Args:
      history: the iterations.
      tables: payoff tables by number of the iteration; others are left out.

    Returns:
      The part; None where there is no table.
    """
    steps = [step for step in history if step.iteration in tables]
    if not steps:
        return None
    shown = [_narrowed(tables[step.iteration], steps) for step in steps]
    means = [table.mean() for table in shown]
    low = min(np.nanmin(mean) for mean in means)
    high = max(np.nanmax(mean) for mean in means)
    found = [
        _iteration(step, table, (float(low), float(high)))
        for step, table in zip(steps, shown, strict=True)
    ]
    count = len(steps)
    slider = (
        '<div class="row" hidden><label class="far">Iteration <input type="range"'
        f' min="1" max="{count}" value="{count}"></label>'
        '<output aria-live="polite"></output></div>'
    )
    fewer = any(tables[s.iteration] is not t for s, t in zip(steps, shown, strict=True))
    notes = note(_WORDS) + (note(_FEWER) if fewer else "")
    inner = f'<div class="iterations">{slider}{"".join(found)}</div>{notes}'
    return Part("The payoff table, and who plays what", inner)


def _narrowed(table: PayoffTable, steps: Sequence[Iteration]) -> PayoffTable:
    """Returns a table without what nobody plays, where it is a large one."""
    if table.mean().size <= _MOST_CELLS:
        return table
    rows, columns = (
        [
            name
            for name in names
            if any(s.mixture(side).get(name, 0.0) > _PLAYED for s in steps)
        ]
        for side, names in (
            ("defender", table.defenders),
            ("attacker", table.attackers),
        )
    )
    return table.select(rows, columns)


def _iteration(step: Iteration, table: PayoffTable, scale: tuple[float, float]) -> str:
    """Returns the table of one iteration, with the weights beside the names."""
    head = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in table.attackers
    )
    plays = "".join(
        _weight(step.attacker_mixture.get(name, 0.0)) for name in table.attackers
    )
    rows = [
        f'<tr><th scope="row">{html.escape(name)}</th>'
        f"{_weight(step.defender_mixture.get(name, 0.0))}"
        f"{''.join(_cell(samples, scale) for samples in returns)}</tr>"
        for name, returns in zip(table.defenders, table.returns, strict=True)
    ]
    lines = "\n".join(rows)
    said = f"Iteration {step.iteration}: value {step.value}"
    inner = (
        f'<table class="pay"><thead><tr><th scope="col">filter, attack</th>'
        f'<th scope="col">plays</th>{head}</tr></thead>\n<tbody>'
        f'<tr><th scope="row">the attacker plays</th><td></td>{plays}</tr>\n'
        f"{lines}</tbody></table>"
    )
    told = html.escape(said)
    return (
        f'<div class="iteration" data-said="{told}"><h3>{told}</h3>'
        f"{box(inner, f'Payoff table of iteration {step.iteration}')}</div>"
    )


def _weight(weight: float) -> str:
    kind = ' class="plays"' if weight > _PLAYED else ""
    words = f"{100 * weight:.1f} %" if weight > _PLAYED else "-"
    return f"<td{kind}>{words}</td>"


def _cell(samples: np.ndarray, scale: tuple[float, float]) -> str:
    """Returns a cell; one that was not played has no number."""
    if not np.isfinite(samples).any():
        return "<td>-</td>"
    found, (low, high) = mean_interval(samples), scale
    half = (found.high - found.low) / 2
    spread = f" <small>±{half:.2f}</small>" if np.isfinite(half) else ""
    share = (found.estimate - low) / (high - low) if high > low else 0.0
    depth = f' style="--a:{_DEEPEST * share:.2f}"'
    return f"<td{depth}>{found.estimate:.2f}{spread}</td>"
