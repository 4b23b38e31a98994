"""Puts what was found of a general-sum game into words, and saves it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from psro_comm.disk.files import encode_json, write_atomic
from psro_comm.metagame.general.analysis import analyse_game
from psro_comm.metagame.general.normal_form import NormalFormGame
from psro_comm.metagame.general.role_symmetric import RoleSymmetricGame
from psro_comm.metagame.reading import read_interval
from psro_comm.reports.text import Section, printable, short

_MOST = 12  # equilibria, profiles and sinks that are shown; all are in the JSON file
_MOST_LETTERS = 80  # of all names of a profile
_WORDS = {
    "max_welfare": "most welfare",
    "min_welfare": "least welfare",
    "max_entropy": "most mixed",
}


class Found(NamedTuple):
    """What was found of a game, as JSON data and in words."""

    report: Mapping[str, Any]
    sections: Sequence[Section]


def analyze_general(
    game: NormalFormGame | RoleSymmetricGame, name: Path, num_samples: int, seed: int
) -> Found:
    """Analyses a general-sum game, saves what is found as JSON, and returns it.

    Args:
      game: the game.
      name: path of the results, without a suffix; its folder exists.
      num_samples: number of draws of the payoffs' errors.
      seed: seed of these draws and of searches.
    """
    rng = np.random.default_rng(seed)
    report = analyse_game(game, rng, num_samples=num_samples)
    write_atomic(name.with_name(f"{name.name}.json"), encode_json(report))
    return Found(report, general_sections(report))


def draw_general(
    game: NormalFormGame | RoleSymmetricGame, report: Mapping[str, Any], name: Path
) -> list[Path]:
    """Draws the figures of a general-sum game, and returns their files."""
    # Words alone need no matplotlib, which takes a second to load.
    from psro_comm.reports.figures.general import plot_general

    return plot_general(game, report, name)


def general_sections(report: Mapping[str, Any]) -> list[Section]:
    """Returns what was found in words: equilibria, then what else may be played."""
    groups = [
        f"{each['name']}"
        + (f" ({each['players']} players)" if each["players"] > 1 else "")
        + f" {len(each['strategies'])}"
        for each in report["groups"]
    ]
    known = report.get("profiles")
    draws = report["resamples"]
    head = Section(
        f"{report['title']}: {report['kind']} game",
        bullets=[
            *(f"note: {note}" for note in report["notes"]),
            f"strategies: {', '.join(groups)}",
            *(
                [f"{known['known']:,} of {known['all']:,} profiles are known"]
                if known
                else []
            ),
            f"{draws} draws of the payoffs' errors; what is judged is held fixed"
            if draws
            else "no standard errors, hence no intervals",
        ],
    )
    found = [
        head,
        _pure(report["pure_equilibria"]),
        _equilibria(report["equilibria"]),
        _weights(report["equilibria"]),
        _dominated(report["dominated"]),
        _joints(report["correlated"], "Correlated equilibria"),
        _joints(report["coarse_correlated"], "Coarse correlated equilibria"),
        _logit(report["logit"]),
        _replicator(report["replicator"]),
        _alpha_rank(report["alpha_rank"]),
    ]
    return [section for section in found if section is not None]


def _text(found: Mapping[str, Any]) -> str:
    if found["estimate"] is None:
        return "not known"
    if found["low"] is None:
        return f"{found['estimate']:.4g}"
    return str(read_interval(found))


def _bounded(found: Mapping[str, Any]) -> str:
    """Returns a regret and, with standard errors, its one-sided bound."""
    if found["estimate"] is None:
        return "not known"
    here = f"{found['estimate']:.2g}"
    return here if found["high"] is None else f"{here}, at most {found['high']:.3g}"


def _profile(names: Sequence[str]) -> str:
    most = max(9, _MOST_LETTERS // len(names))
    return printable(f"({', '.join(short(name, most) for name in names)})")


def _mixture(weights: Mapping[str, float]) -> str:
    """Returns a mixture, largest weights first."""
    parts = sorted(weights.items(), key=lambda item: -item[1])
    if len(parts) == 1:
        return short(parts[0][0])
    shown = [f"{weight:.3f} {short(name)}" for name, weight in parts[:4]]
    return " + ".join(shown) + (f" + {len(parts) - 4} more" if len(parts) > 4 else "")


def _more(count: int, most: int = _MOST) -> list[str]:
    left = count - most
    return [f"... and {left:,} more, in the JSON file"] if left > 0 else []


def _left_out(found: Any, title: str) -> Section | None:
    if isinstance(found, Mapping) and "left_out" in found:
        return Section(f"{title}: left out", bullets=[found["left_out"]])
    return None


def _pure(found: Mapping[str, Any]) -> Section:
    open_ = [short(f"it may be one: {each}", 90) for each in found.get("open", ())]
    if not found["count"]:
        title = "No pure equilibrium is certain" if open_ else "No pure equilibrium"
        return Section(title, open_[:_MOST], notes=_more(len(open_)))
    rows = [
        (
            short(each["profile"], _MOST_LETTERS),
            "" if each["frequency"] is None else f"{each['frequency']:.0%}",
        )
        for each in found["listed"][:_MOST]
    ]
    known = any(share for _, share in rows)
    head = "profile", "in draws" if known else ""
    title = f"Pure equilibria: {found['count']:,}"
    notes = _more(found["count"])
    return Section(title, open_[:_MOST], head, rows, notes)


def _equilibria(found: Mapping[str, Any]) -> Section:
    """Returns a line for each group in each equilibrium: mixture, earnings, regret."""
    count, sets = found["count"], found["components"]
    bullets = [found["method"]]
    if found["unique"]:
        bullets.append("it is the only one")
    elif found["whole"]:
        endless = sum(len(own) > 1 for own in sets)
        bullets.append(
            f"no equilibrium is unique: the game is degenerate, {endless} of"
            f" {len(sets)} connected sets hold infinitely many, of which the extreme"
            " ones are listed"
            if endless
            else "no equilibrium is unique: all are isolated"
        )
    places = {k: number for number, own in enumerate(sets, start=1) for k in own}
    rows = []
    for k, each in enumerate(found["found"][:_MOST]):
        label = f"{k + 1}" + (f" (set {places[k]})" if len(sets) > 1 else "")
        rows += _judged(each, label)
    for k, names in enumerate(found["unconfirmed"][:_MOST]):
        if names:
            bullets.append(f"{k + 1}: it is not known what it brings to play {names}")
    open_ = any(found["unconfirmed"])
    title = f"{'Candidates for equilibria' if open_ else 'Equilibria'}: {count:,}"
    return Section(title, bullets, _JUDGED, rows, _more(count))


_JUDGED = ("no.", "who", "plays", "earns", "regret")


def _judged(found: Mapping[str, Any], label: str) -> list[Sequence[str]]:
    return [
        (
            "" if k else label,
            short(name),
            _mixture(weights),
            _text(found["payoffs"][name]),
            _bounded(found["regrets"][name]),
        )
        for k, (name, weights) in enumerate(found["mixtures"].items())
    ]


def _weights(found: Mapping[str, Any]) -> Section | None:
    """Returns the range of each weight over all equilibria, if there are several."""
    if not found["whole"] or found["unique"]:
        return None
    rows = [
        (f"{name}: {short(strategy)}", f"{low:.3f}", f"{high:.3f}")
        for name, own in found["weight_ranges"].items()
        for strategy, (low, high) in own.items()
        if high > 0
    ]
    title, most = "Weights over all equilibria", 4 * _MOST
    head = "strategy", "least", "most"
    return Section(title, head=head, rows=rows[:most], notes=_more(len(rows), most))


def _dominated(found: Any) -> Section:
    title = "Strictly dominated strategies"
    if left := _left_out(found, title):
        return left
    if not found:
        return Section("No strictly dominated strategy")
    rows = [
        (
            f"{each['player']}: {short(each['strategy'])}",
            str(each["round"]),
            f"{each['margin']:.4g}",
        )
        for each in found
    ]
    head = "by mixtures, too", "round", "by at least"
    notes = _more(len(rows), 2 * _MOST)
    return Section(title, head=head, rows=rows[: 2 * _MOST], notes=notes)


def _joints(found: Mapping[str, Any], title: str) -> Section:
    if left := _left_out(found, title):
        return left
    rows, bullets = [], []
    for name, words in _WORDS.items():
        each = found[name]
        if "left_out" in each:
            bullets.append(f"{words}: left out, {each['left_out']}")
            continue
        profile, share = each["profiles"][0]
        more = len(each["profiles"]) - 1
        plays = f"{share:.3f} {_profile(profile)}" + (f" + {more} more" if more else "")
        paid = ", ".join(_text(own) for own in each["payoffs"].values())
        welfare = f"{each['welfare']:.4g}"
        rows.append((words, welfare, paid, _bounded(each["gain"]), plays))
    head = "", "welfare", "each earns", "best deviation gains", "plays"
    return Section(title, bullets, head if rows else (), rows)


def _logit(found: Mapping[str, Any]) -> Section:
    title = "Logit (quantal response) equilibrium"
    if left := _left_out(found, title):
        return left
    rows = _judged(found["at_rationality"], f"at {found['rationality']:g}")
    rows += _judged(found["limit"], "limit")
    bullets = [
        f"at rationality {found['rationality']:g} over the spread of the payoffs, and"
        " the equilibrium to which its branch leads"
    ]
    return Section(title, bullets, _JUDGED, rows)


def _replicator(found: Mapping[str, Any]) -> Section:
    title = "Replicator dynamics from uniform play"
    if left := _left_out(found, title):
        return left
    rests = "they come to rest" if found["rests"] else "they do not come to rest"
    rows = [*_judged(found["end"], "end"), *_judged(found["average"], "average")]
    return Section(title, [rests], _JUDGED, rows)


def _alpha_rank(found: Mapping[str, Any]) -> Section:
    title = "Alpha-rank: share of time"
    if left := _left_out(found, title):
        return left
    rows = [
        (f"{name}: {short(strategy)}", _text(share))
        for name, own in found["marginals"].items()
        for strategy, share in _largest(own)
    ]
    bullets = []
    for each in found["sinks"][:_MOST]:
        members = [_profile(names) for names in each["profiles"][:3]]
        more = len(each["profiles"]) - 3
        bullets.append(
            f"sink of {len(each['profiles'])}, share {each['share']:.3f}:"
            f" {', '.join(members)}" + (f" and {more} more" if more > 0 else "")
        )
    bullets += _more(len(found["sinks"]))
    return Section(title, bullets, ("strategy", "share"), rows)


def _largest(shares: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(shares.items(), key=lambda item: -item[1]["estimate"])[:_MOST]
