"""Puts what a defence costs and why it works into words, and writes its pictures."""

from collections.abc import Sequence
from pathlib import Path

from psro_comm.disk.files import make_folder
from psro_comm.metagame.defence import Defence, Met, Variant
from psro_comm.reports.figures.defence import plot_beliefs, plot_parts, plot_roc
from psro_comm.reports.text import Section

_SEEN = (
    "seen: whether the filter has learnt from such lies; alike: from others of their"
    " family. gain: what the filter adds, in the same worlds. AUROC, found, alarms: of"
    " the messages of senders that have lied by now, against all others."
)
_WORST = (
    "worst of these: the least of the mean returns under the lies above, chosen and"
    " measured on the same worlds. None of them was searched for, so that what"
    " bin.worst_case finds may be less."
)
_SHOWN = (0.0, 0.1, 0.25, 0.5, 1.0)  # of an episode, in the table of beliefs


def render_defence(found: Defence) -> str:
    """Returns the whole report as plain text."""
    return "\n\n".join(section.as_text() for section in defence_sections(found))


def defence_sections(found: Defence) -> list[Section]:
    """Returns cost and gain, beliefs, other liars, and what the parts bring."""
    sections = [_cost(found), _beliefs(found), _places(found)]
    if found.variants:
        sections.append(_parts(found.variants))
    if any(each.left_out for each in found.variants):
        sections.append(_left_out(found.variants))
    return sections


def save_defence(root: Path, found: Defence) -> list[Path]:
    """Draws a study into a run's folder; returns all its files, JSON first."""
    folder = root / "figures"
    make_folder(folder)
    files = plot_beliefs(found, folder / f"{found.name}-beliefs")
    files += plot_roc(found, folder / f"{found.name}-roc")
    if found.variants:
        files += plot_parts(found, folder / f"{found.name}-parts")
    return [root / f"{found.name}.json", *files]


def _cost(found: Defence) -> Section:
    place, name = found.places[0], found.filter_
    clean = place.met[0]
    rows = [
        (
            *(each.attack, each.seen, str(each.alone), str(each.kept), str(each.gain)),
            *(_digits(each.auroc, 3), _percent(each.found), _percent(each.alarms)),
        )
        for each in place.met
    ]
    head = (
        "under",
        "seen",
        "no filter",
        "kept",
        "gain",
        *("AUROC", "found %", "alarms %"),
    )
    notes = (
        f"{found.worlds} worlds, 95 % intervals; everybody muted: {place.floor}; the"
        f" liar muted, by who knows him: {place.muted}.",
        _SEEN,
    )
    cost = -clean.gain
    words = (
        f"{name} costs nothing that can be told in clean play ({cost})."
        if cost.contains_zero
        else f"{name} costs {cost} of {clean.alone} in clean play."
        if cost.low > 0
        else f"{name} adds {clean.gain} to {clean.alone} even in clean play."
    )
    title = f"What {name} costs and keeps: {place.name} lies"
    if len(place.liars or ()) > 1 or place.liars is None:
        title = f"What {name} costs and keeps: liars are {place.name}"
    return Section(title, (words,), head, rows, notes)


def _beliefs(found: Defence) -> Section:
    met = found.places[0].met
    last = len(met[0].honest) - 1
    steps = sorted({round(share * last) for share in _SHOWN})
    rows = [
        (
            each.attack,
            *(_digits(each.liar[step]) for step in steps),
            *(_digits(each.honest[step]) for step in steps),
        )
        for each in met
    ]
    head = (
        "mean suspicion of",
        *(f"liar, {step}" for step in steps),
        *(f"others, {step}" for step in steps),
    )
    notes = ("By step of the episode. Under none, who may lie is honest as well.",)
    return Section("What it believes", (), head, rows, notes)


def _places(found: Defence) -> Section:
    """Returns what is kept by whoever lies, and how well they are told apart."""
    places = found.places
    rows = [
        (name, *(f"{_met(place.met, name).kept.estimate:.2f}" for place in places))
        for name in (each.attack for each in places[0].met)
    ]
    rows += [
        ("worst of these", *(str(_least(place.met).kept) for place in places)),
        ("... by", *(_least(place.met).attack for place in places)),
        ("no filter, worst", *(f"{_bare(place.met):.2f}" for place in places)),
        ("liars muted", *(str(place.muted) for place in places)),
        ("everybody muted", *(str(place.floor) for place in places)),
        ("mean AUROC", *(_mean_auroc([m.auroc for m in p.met]) for p in places)),
    ]
    head = ("kept, if liars are", *(place.name for place in places))
    same = f"{found.filter_} is the same throughout, whomever it was trained with."
    notes = (same, _WORST)
    return Section("By who lies, and by how many", (), head, rows, notes)


def _parts(variants: Sequence[Variant]) -> Section:
    rows = []
    for each in variants:
        apart = each.cost, each.change
        cost, change = ("-", "-") if each is variants[0] else map(str, apart)
        worst = str(each.worst), each.attack, change
        total = _mean_auroc(list(each.auroc.values()))
        rows.append((each.name, str(each.clean), cost, *worst, total))
    head = ("filter", "clean", "to whole", "worst of these", "by", "to whole", "AUROC")
    notes = (
        "Trained here on the same team, each with the same budget, and played in the"
        " same worlds; one training each, so that luck in training counts. AUROC: mean"
        " over all lies.",
        _WORST,
    )
    return Section("What its parts bring", (), head, rows, notes)


def _left_out(variants: Sequence[Variant]) -> Section:
    """Returns what a family does where it was taught, and where it never was."""
    whole = variants[0]
    rows = []
    for each in variants:
        if each.left_out is None:
            continue
        lie = f"made_up@{each.left_out}"
        rows.append(
            (
                *(each.left_out, str(whole.returns[lie]), str(each.returns[lie])),
                *(_digits(whole.auroc[lie], 3), _digits(each.auroc[lie], 3)),
            )
        )
    head = ("family", "kept, seen", "kept, unseen", "AUROC, seen", "AUROC, unseen")
    return Section("Families that were left out of training", (), head, rows)


def _met(met: Sequence[Met], name: str) -> Met:
    (found,) = (each for each in met if each.attack == name)
    return found


def _least(met: Sequence[Met]) -> Met:
    return min(met[1:], key=lambda each: each.kept.estimate)


def _bare(met: Sequence[Met]) -> float:
    return min(each.alone.estimate for each in met[1:])


def _mean_auroc(found: Sequence[float | None]) -> str:
    known = [each for each in found if each is not None]
    return _digits(sum(known) / len(known) if known else None, 3)


def _digits(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
