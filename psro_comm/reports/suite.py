"""Puts what defenders keep in the worst case into words."""

from psro_comm.metagame.suite import Kept, Suite
from psro_comm.reports.text import Section


def render_suite(found: Suite) -> str:
    """Returns a line for each defender, then each attack's column, then warnings."""
    head = ("defender", "clean", "worst found", "by", "above the floor", "of reach")
    rows = [
        (
            each.defender,
            str(each.clean),
            str(each.worst),
            each.attack,
            _above(each),
            _share(found.reached(each)),
        )
        for each in found.kept
    ]
    notes = (
        f"floor, everybody muted: {found.floor}; the liar muted: {found.liar_muted};"
        f" reach, the difference: {found.reach}.",
        f"worst found: the attack that left least on {found.chosen_on} worlds, measured"
        f" on {found.measured_on} others; with 95 % intervals. A stronger attack may"
        " exist.",
    )
    kept = Section("What each defender keeps", (), head, rows, notes)
    lines = [
        (attack, *(f"{each.returns[attack]:.2f}" for each in found.kept))
        for attack in found.kept[0].returns
    ]
    names = ("mean return", *(each.defender for each in found.kept))
    columns = Section("Each attack, on the choosing worlds", (), names, lines)
    warnings = [f"warning: {each}" for each in found.warnings]
    parts = (kept.as_text(), columns.as_text(), "\n".join(warnings))
    return "\n\n".join(part for part in parts if part)


def _above(kept: Kept) -> str:
    unclear = kept.above_floor.contains_zero
    return f"{kept.above_floor}{', cannot tell' if unclear else ''}"


def _share(reached: float | None) -> str:
    return "-" if reached is None else f"{100 * reached:.0f} %"
