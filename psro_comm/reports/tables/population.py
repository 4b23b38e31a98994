"""Puts what a population looks like into words."""

from collections.abc import Mapping, Sequence
from typing import Any

from psro_comm.metagame.reading import read_interval
from psro_comm.reports.text import Section, Sides, short

_MOST = 12  # policies of a side, and layers, that are shown; all are in the JSON file


def population_sections(
    found: Mapping[str, Any],
    sides: Sides = Sides(),  # noqa: B008
) -> list[Section]:
    """Returns ratings of both sides, layers and diversity, in words."""
    seen = found["embedding"]
    spread = found["diversity"]
    kind = "areas (a disc game)" if seen["kind"] == "disc" else "products"
    bullets = [
        f"the plane of the map tells {seen['share']:.0%} of the squared payoffs, as"
        f" {kind} of points",
        f"effective diversity {spread['effective_diversity']:.4g} (in payoffs);"
        f" expected cardinality {spread['cardinality']:.2f} of"
        f" {min(len(found['defenders']), len(found['attackers']))}; effectively played:"
        f" {spread['rows_played']:.2f} and {spread['columns_played']:.2f} policies",
    ]
    ratings = found["ratings"]
    if "log_loss" in ratings:
        told = ratings["log_loss"]
        bullets.append(
            f"log loss of a game: Elo {_text(told['elo'])}, multidimensional Elo"
            f" {_text(told['melo'])}"
        )
    return [
        Section("Population", bullets),
        _side(found, "defenders", sides.row),
        _side(found, "attackers", sides.column),
        _layers(found["layers"], sides),
    ]


def _side(found: Mapping[str, Any], side: str, name: str) -> Section:
    """Returns ratings of a side, the best first."""
    scales = {
        "mean_payoff": "against all alike",
        "nash": "against the equilibrium",
        "elo": "Elo",
        "melo": "multidimensional Elo",
    }
    known = {key: words for key, words in scales.items() if key in found["ratings"]}
    best = [each["estimate"] for each in found["ratings"]["mean_payoff"][side]]
    order = sorted(range(len(best)), key=lambda k: -best[k])
    counted = found["cycles"]
    rows = [
        (
            found[side][k],
            f"{found['mixtures'][side][k]:.3f}",
            *(_text(found["ratings"][key][side][k]) for key in known),
            "" if counted is None else f"{counted[side][k]:,}",
        )
        for k in order[:_MOST]
    ]
    head = (name, "weight", *known.values(), "cycles")
    left = len(order) - _MOST
    more = [f"... and {left:,} more, in the JSON file"] if left > 0 else []
    return Section(f"{name} ratings", head=head, rows=rows, notes=more)


def _layers(layers: Sequence[Mapping[str, Any]], sides: Sides) -> Section:
    rows = [
        (
            str(number),
            _names(layer["defenders"]),
            _number(layer["defenders_secure"]),
            _names(layer["attackers"]),
            _number(layer["attackers_concede"]),
        )
        for number, layer in enumerate(layers[:_MOST], start=1)
    ]
    head = ("layer", sides.row, "secures", sides.column, "concedes")
    return Section(f"Layers: {len(layers)}", head=head, rows=rows)


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(short(name, 24) for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "-"


def _number(found: float | None) -> str:
    return "-" if found is None else f"{found:.4g}"


def _text(found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        return f"{found['estimate']:.4g}"
    return str(read_interval(found))
