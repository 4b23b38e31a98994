"""A configuration as leaves with names, and as JSON data."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psro_comm.settings import fields


@dataclasses.dataclass(frozen=True)
class Ppo:
    """Knobs of a test.

    Attributes:
      clip_coef: how far a ratio may
        move from one.
      epochs: passes over a rollout.
    """

    clip_coef: float = 0.2
    epochs: int = 4
    normalize: bool = True
    cap: float | None = None

    def __post_init__(self):
        if self.clip_coef <= 0:
            raise ValueError(f"clip_coef must be positive, got {self.clip_coef}")


@dataclasses.dataclass(frozen=True)
class Config:
    """The outer one of a test."""

    task: str = dataclasses.field(
        default="echo", metadata={"choices": ("echo", "hunt"), "help": "What is played"}
    )
    sizes: tuple[int, ...] = (64, 64)
    limits: tuple[float, ...] | None = None
    ppo: Ppo = dataclasses.field(default_factory=Ppo)


FINITE = st.floats(allow_nan=False, allow_infinity=False)
CONFIGS = st.builds(
    Config,
    task=st.sampled_from(["echo", "hunt"]),
    sizes=st.lists(st.integers()).map(tuple),
    limits=st.none() | st.lists(FINITE, min_size=1).map(tuple),
    ppo=st.builds(
        Ppo,
        clip_coef=st.floats(1e-300, 1e300),
        epochs=st.integers(),
        normalize=st.booleans(),
        cap=st.none() | FINITE,
    ),
)


@given(CONFIGS)
def test_a_configuration_is_json_data(config):
    data = fields.to_dict(config)
    assert json.loads(json.dumps(data)) == data
    assert list(data) == ["task", "sizes", "limits", "ppo"]
    assert data["sizes"] == list(config.sizes)
    assert data["ppo"]["clip_coef"] == config.ppo.clip_coef


@given(CONFIGS)
def test_the_text_of_a_value_parses_to_the_value(config):
    for leaf in fields.leaves(Config):
        value = config
        for name in leaf.name.split("."):
            value = getattr(value, name)
        assert leaf.parse(leaf.text(value)) == value


def test_leaves_are_dotted_and_in_order():
    assert [leaf.name for leaf in fields.leaves(Config)] == [
        "task",
        "sizes",
        "limits",
        "ppo.clip_coef",
        "ppo.epochs",
        "ppo.normalize",
        "ppo.cap",
    ]


def test_help_is_the_metadata_or_the_docstring_with_its_continuation():
    helps = {leaf.name: leaf.help for leaf in fields.leaves(Config)}
    assert helps["task"] == "What is played"
    assert helps["ppo.clip_coef"] == "how far a ratio may move from one."
    assert helps["ppo.epochs"] == "passes over a rollout."
    assert helps["ppo.normalize"] == ""


def test_a_choice_among_names_is_refused_with_the_nearest_one():
    (task, *_) = fields.leaves(Config)
    with pytest.raises(
        ValueError, match=r"^task is 'ecco', must be one of echo, hunt; .*'echo'[?]"
    ):
        task.parse("ecco")


@dataclasses.dataclass(frozen=True)
class Square:
    """A rectangle of one number."""

    side: int = 1


@dataclasses.dataclass(frozen=True)
class Circle:
    """A disc."""

    radius: float = 2.0


@dataclasses.dataclass(frozen=True)
class Shape:
    """One of two."""

    kind: str = dataclasses.field(
        default="square", metadata={"choices": ("square", "circle")}
    )
    details: Any = dataclasses.field(
        default=None,
        metadata=fields.variant("kind", {"square": Square, "circle": Circle}),
    )

    def __post_init__(self):
        fields.fill_variants(self)


def test_a_variant_begins_with_the_defaults_of_the_one_that_was_chosen():
    assert Shape().details == Square()
    assert Shape("circle").details == Circle()
    with pytest.raises(
        ValueError, match=r"^details is a Square, must be the Circle of"
    ):
        Shape("circle", Square())


def test_the_leaves_of_a_variant_go_by_its_name():
    assert [leaf.name for leaf in fields.leaves(Shape)] == [
        "kind",
        "square.side",
        "circle.radius",
    ]
    assert fields.to_dict(Shape("circle")) == {
        "kind": "circle",
        "circle": {"radius": 2.0},
    }


def test_a_value_is_found_by_its_name_chosen_or_not():
    shape = Shape("square", Square(3))
    assert fields.value_at(shape, "square.side") == 3
    assert fields.value_at(shape, "circle.radius") == 2.0
    assert fields.value_at(Config(), "ppo.epochs") == 4


@dataclasses.dataclass(frozen=True)
class Slow:
    """Learns."""

    steps: int = 10
    batch: int = 4


@dataclasses.dataclass(frozen=True)
class Quick:
    """Learns otherwise."""

    steps: int = 3
    rate: float = 0.5


@dataclasses.dataclass(frozen=True)
class Course:
    """One of two, under one name."""

    how: str = dataclasses.field(
        default="slow", metadata={"choices": ("slow", "quick")}
    )
    training: Any = dataclasses.field(
        default=None,
        metadata=fields.variant("how", {"slow": Slow, "quick": Quick}, own_name=True),
    )

    def __post_init__(self):
        fields.fill_variants(self)


def test_variants_under_one_name_share_the_leaves_that_they_have_in_common():
    names = [leaf.name for leaf in fields.leaves(Course)]
    assert names == ["how", "training.steps", "training.batch", "training.rate"]
    assert fields.to_dict(Course("quick"))["training"] == {"steps": 3, "rate": 0.5}
    assert fields.value_at(Course(), "training.rate") == 0.5
    changes = {"how": "quick", "training.steps": 8}
    assert fields.replace(Course(), changes) == Course("quick", Quick(8))
    with pytest.raises(ValueError, match=r"^training.rate has no effect: how is 'slo"):
        fields.replace(Course(), {"training.rate": 1.0})


def test_replace_changes_the_variant_that_is_chosen_and_no_other():
    assert fields.replace(Shape(), {"square.side": 3}) == Shape("square", Square(3))
    changes = {"kind": "circle", "circle.radius": 5.0}
    assert fields.replace(Shape(), changes) == Shape("circle", Circle(5.0))
    again = fields.replace(Shape("square", Square(3)), {"kind": "square"})
    assert again.details == Square(3)
    with pytest.raises(ValueError, match=r"^circle.radius has no effect: kind is 'squ"):
        fields.replace(Shape(), {"circle.radius": 5.0})


def test_replace_changes_what_it_names_and_validates_once_at_the_end():
    config = fields.replace(Config(), {"ppo.clip_coef": 0.3, "sizes": (1,)})
    assert config == Config(sizes=(1,), ppo=Ppo(clip_coef=0.3))
    with pytest.raises(ValueError, match=r"^ppo.clip_coef must"):
        fields.replace(Config(), {"ppo.clip_coef": -0.3})
