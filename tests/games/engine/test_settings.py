"""Settings refuse what is out of bounds, in one wording."""

import math
from dataclasses import dataclass

import pytest

from games.engine.settings import allowed, check, choice, integer, number


@dataclass(frozen=True)
class Rules:
    """One field of each kind."""

    size: int = integer(3, least=1)
    view: int = integer(3, least=1, most=9)
    offset: int = integer(0)
    rate: float = number(0.5, least=0, most=1)
    share: float = number(0.5, least=0, below=1)
    scale: float = number(1.0, above=0)
    price: float = number(-1.0, most=0)
    weight: float = number(-1.0)
    cap: float | None = number(None, above=0)
    mode: str = choice("sum", ("sum", "mix"))
    free: str = "anything"

    def __post_init__(self) -> None:
        check(self)


NAN, INF = math.nan, math.inf
REFUSED = [
    ("size", 0, "size is 0, must be at least 1"),
    ("size", 1.5, "size is 1.5, must be a whole number, at least 1"),
    ("size", "many", "size is 'many', must be a whole number, at least 1"),
    ("size", None, "size is None, must be a whole number, at least 1"),
    ("view", 10, "view is 10, must be 1 to 9"),
    ("view", 0, "view is 0, must be 1 to 9"),
    ("offset", 0.5, "offset is 0.5, must be a whole number"),
    ("rate", 1.01, "rate is 1.01, must be 0 to 1"),
    ("rate", NAN, "rate is nan, must be a finite number, 0 to 1"),
    ("share", 1.0, "share is 1.0, must be at least 0 and below 1"),
    ("scale", 0.0, "scale is 0.0, must be positive"),
    ("scale", INF, "scale is inf, must be a finite number, positive"),
    ("price", 0.1, "price is 0.1, must be at most 0"),
    ("price", -INF, "price is -inf, must be a finite number, at most 0"),
    ("weight", NAN, "weight is nan, must be a finite number"),
    ("cap", 0.0, "cap is 0.0, must be positive or none"),
    ("cap", INF, "cap is inf, must be a finite number, positive or none"),
    ("mode", "max", "mode is 'max', must be one of sum, mix"),
    ("mode", None, "mode is None, must be one of sum, mix"),
]


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
def test_what_is_out_of_bounds_is_refused_in_one_wording(name, value, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        Rules(**{name: value})
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 1),
        ("size", 10**400),  # no float is as large
        ("view", 9),
        ("offset", -7),
        ("rate", 0),
        ("rate", 1.0),
        ("share", 0.0),
        ("scale", 5e-324),
        ("price", 0.0),
        ("weight", -1e300),
        ("cap", None),
        ("cap", 2),
        ("mode", "mix"),
        ("free", 3),
    ],
)
def test_what_is_within_bounds_passes(name, value):
    assert getattr(Rules(**{name: value}), name) == value


def test_a_choice_from_a_registry_knows_what_is_added_to_it():
    registry = {"one": 1}

    @dataclass(frozen=True)
    class Chosen:
        name: str = choice("one", registry)

        def __post_init__(self) -> None:
            check(self)

    with pytest.raises(ValueError, match=r"^name is 'two', must be one of one$"):
        Chosen("two")
    registry["two"] = 2
    assert Chosen("two").name == "two"


def test_bounds_are_told_in_words():
    words = allowed(Rules)
    assert words["view"] == "1 to 9"
    assert words["cap"] == "positive or none"
    assert words["weight"] == "a finite number"
    assert "free" not in words
