"""Puts what defenders keep in the worst case into words."""

from psro_comm.metagame.suite import Kept, Suite
from psro_comm.reports.curves import curve_sections
from psro_comm.reports.text import Section


def render_suite(found: Suite) -> str:
    """Returns the whole report as plain text."""
    parts = [*suite_sections(found), *curve_sections(found)]
    return "\n\n".join(section.as_text() for section in parts)


def suite_sections(found: Suite) -> list[Section]:
    """Returns what each defender keeps, what each attack leaves, and what to doubt."""
    head = (
        *("defender", "clean", "worst found", "by", "black box", "by"),
        *("above the floor", "of reach"),
    )
    rows = [
        (
            each.defender,
            str(each.clean),
            str(each.worst),
            each.attack,
            str(each.black_box),
            each.black_box_attack,
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
        "black box: the worst of the attacks that know neither the team's weights nor"
        " the filter's verdicts, as in the paper.",
    )
    kept = Section("What each defender keeps", (), head, rows, notes)
    lines = [
        (attack, *(_number(column.get(attack)) for column in columns_of(found)))
        for attack in dict.fromkeys(a for c in columns_of(found) for a in c)
    ]
    names = ("mean return", *(each.defender for each in found.kept))
    columns = Section("Each attack, on the choosing worlds", (), names, lines)
    doubts = Section("Where the search is to be doubted", found.warnings)
    return [kept, columns, *([doubts] if found.warnings else [])]


def columns_of(found: Suite) -> list[dict[str, float]]:
    """Returns each defender's mean returns by attack, with one row for each training.

    What was trained on a defender himself has the training's name; of what was trained
    on the others the least is kept, as "trained on others".
    """
    columns = []
    names = [each.defender for each in found.kept]
    for each in found.kept:
        column: dict[str, float] = {}
        for attack, left in each.returns.items():
            ours = attack.removesuffix(f" on {each.defender}")
            if ours == attack and any(attack.endswith(f" on {n}") for n in names):
                ours = "trained on others"
            column[ours] = min(left, column.get(ours, left))
        columns.append(column)
    return columns


def _above(kept: Kept) -> str:
    unclear = kept.above_floor.contains_zero
    return f"{kept.above_floor}{', cannot tell' if unclear else ''}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _share(reached: float | None) -> str:
    return "-" if reached is None else f"{100 * reached:.0f} %"
