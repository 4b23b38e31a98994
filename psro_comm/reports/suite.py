"""Puts what defenders keep in the worst case into words."""

from psro_comm.metagame.intervals import Interval
from psro_comm.metagame.suite import ANY, Kept, Suite
from psro_comm.reports.curves import curve_sections
from psro_comm.reports.teams.words import certificate_section, teams_section
from psro_comm.reports.text import Section

_HOLDS = {True: "yes", False: "no", None: "cannot tell"}


def render_suite(found: Suite) -> str:
    """Returns the whole report as plain text."""
    parts = [*suite_sections(found), *curve_sections(found)]
    return "\n\n".join(section.as_text() for section in parts)


def suite_sections(found: Suite) -> list[Section]:
    """Returns what each defender keeps, what each attack leaves, and what to doubt."""
    sections = [_keeps(found), _holding(found), _black_box(found), _every(found)]
    if teams := teams_section(found.teams):
        sections.insert(1, teams)
    certain = {k.defender: k.certificate for k in found.kept if k.certificate}
    worst = {each.defender: each.worst for each in found.kept}
    if sure := certificate_section(certain, worst):
        sections.insert(1, sure)
    if found.warnings:
        sections.append(Section("Where the search is to be doubted", found.warnings))
    return sections


def _keeps(found: Suite) -> Section:
    teams = [
        [found.team_of(each.defender)] if found.teams else [] for each in found.kept
    ]
    rows = [
        (
            *(each.label, *team),
            *(str(each.clean), str(each.worst), _named(each, each.attack)),
        )
        for each, team in zip(found.kept, teams, strict=True)
    ]
    notes: tuple[str, ...] = (
        f"The attack that left least on {found.chosen_on} worlds, measured on"
        f" {found.measured_on} others, with 95 % intervals. A stronger one may exist.",
    )
    if not all(each.searched for each in found.kept):
        notes += (
            "* nothing was trained on it here: it met what was trained on the others,"
            " and keeps at most this. bin.worst_case searches it, too.",
        )
    head = (
        "defender",
        *(["team"] if found.teams else []),
        "clean",
        "worst found",
        "by",
    )
    return Section("What each defender keeps in the worst case", (), head, rows, notes)


def _holding(found: Suite) -> Section:
    rows = [
        (
            each.label,
            str(each.above_floor),
            _share(found.reached(each)),
            str(each.above_single or "-"),
            "is the floor" if _is_floor(each) else _HOLDS[each.holds],
        )
        for each in found.kept
    ]
    singles = dict.fromkeys(each.single for each in found.kept if each.single)
    notes = (
        f"floor, everybody muted ({found.mute}), where no attack reaches:"
        f" {found.floor}; the liar muted, by who knows him: {found.liar_muted}; reach,"
        f" the difference: {found.reach}.",
        "holds: keeps more in the worst case than the floor and than the best other"
        f" single filter ({', '.join(singles) or 'there is none'}), in the same worlds,"
        " both intervals leaving out zero.",
    )
    head = ("defender", "above the floor", "of reach", "above singles", "holds")
    return Section("Does it hold?", (), head, rows, notes)


def _is_floor(kept: Kept) -> bool:
    return kept.attack == ANY and kept.above_floor.low == kept.above_floor.high == 0.0


def _black_box(found: Suite) -> Section:
    rows = [
        (each.label, str(each.black_box), _named(each, each.black_box_attack))
        for each in found.kept
    ]
    notes = ("As the paper's attacker (assumption 2); a part of the above.",)
    title = (
        "The worst by who knows neither the team's weights nor the filter's verdicts"
    )
    return Section(title, (), ("defender", "keeps", "by"), rows, notes)


def _every(found: Suite) -> Section:
    columns = columns_of(found)
    lines = [
        (attack, *(_number(column.get(attack)) for column in columns))
        for attack in dict.fromkeys(a for column in columns for a in column)
    ]
    head = ("mean return", *(each.label for each in found.kept))
    notes = (
        "affine, mirrored, fake, pgd, the run's own: trained on the column's defender;"
        " with a +, on from the best attack of its kind.",
    )
    return Section("Each attack, on the choosing worlds", (), head, lines, notes)


def _named(kept: Kept, attack: str) -> str:
    """Returns an attack's name, without whom it was trained on if that is himself."""
    return attack.removesuffix(f" on {kept.defender}")


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


def holding_line(found: Suite, name: str, called: str) -> str:
    """Returns whether a defender holds, by how much and against what, in a sentence.

    Args:
      found: the suite's results.
      name: the defender's name there.
      called: its name in the sentence.
    """
    (kept,) = (each for each in found.kept if each.defender == name)
    head = {
        True: f"{called} holds",
        False: f"{called} does not hold",
        None: f"Cannot tell whether {called} holds",
    }[kept.holds]
    share = found.reached(kept)
    words = (
        "" if share is None else f", {100 * share:.0f} % of what muting the liar adds"
    )
    parts = [
        f"{_difference(kept.above_floor)} a team that hears nothing{words}",
    ]
    if kept.above_single is not None:
        parts.append(
            f"{_difference(kept.above_single)} the best single filter ({kept.single})"
        )
    if kept.attack == ANY:
        return (
            f"{head}: no attack reaches it, it keeps {kept.worst}; {'; '.join(parts)}."
        )
    by = _named(kept, kept.attack)
    return (
        f"{head}: in the worst case found, by {by}, it keeps {kept.worst} of"
        f" {kept.clean}; {'; '.join(parts)}."
    )


def _difference(found: Interval) -> str:
    if found.contains_zero:
        return f"it cannot be told ({found}) from"
    return f"{found} more than" if found.low > 0 else f"{-found} less than"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _share(reached: float | None) -> str:
    return "-" if reached is None else f"{100 * reached:.0f} %"
