"""Any configuration goes to JSON and back; anything else is refused by name."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psro_comm import fields


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
def test_a_configuration_survives_json(config):
    data = json.loads(json.dumps(fields.to_dict(config)))
    assert fields.from_dict(Config, data) == config


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


def changed(**changes):
    data = fields.to_dict(Config())
    for dotted, value in changes.items():
        *path, last = dotted.split("__")
        inner = data
        for name in path:
            inner = inner[name]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed(tusk=1), "^unknown key tusk; did you mean 'task'[?]$"),
        (changed(ppo__clip_coeff=1), "^unknown key ppo.clip_coeff; did you mean 'cl"),
        (changed(zzz=1), "^unknown key zzz$"),
        (changed(ppo__epochs=...), "^missing key ppo.epochs$"),
        (changed(ppo=...), "^missing key ppo$"),
        (changed(ppo=3), "^ppo must be an object, not 3$"),
        (changed(task="ecco"), "^task must be one of echo, hunt, .*mean 'echo'[?]$"),
        (changed(ppo__epochs=1.5), "^ppo.epochs must be of type int, not 1.5$"),
        (changed(ppo__epochs=True), "^ppo.epochs must be of type int, not True$"),
        (changed(ppo__normalize=1), "^ppo.normalize must be of type bool, not 1$"),
        (changed(ppo__clip_coef="1"), "^ppo.clip_coef must be of type float, not '1'$"),
        (changed(ppo__epochs=None), "^ppo.epochs must be of type int, not None$"),
        (changed(sizes=[1, "2"]), "^sizes must be of type int, not '2'$"),
        (changed(sizes=3), "^sizes must be of type tuple.*, not 3$"),
        (changed(ppo__clip_coef=-1.0), "^ppo: clip_coef must be positive, got -1.0$"),
    ],
)
def test_bad_data_is_refused_in_one_line_that_names_the_key(data, message):
    with pytest.raises(ValueError, match=message):
        fields.from_dict(Config, data)


def test_a_whole_number_is_a_fine_float():
    config = fields.from_dict(Config, changed(ppo__clip_coef=1))
    assert type(config.ppo.clip_coef) is float


def test_replace_changes_what_it_names_and_validates_once_at_the_end():
    config = fields.replace(Config(), {"ppo.clip_coef": 0.3, "sizes": (1,)})
    assert config == Config(sizes=(1,), ppo=Ppo(clip_coef=0.3))
    with pytest.raises(ValueError, match=r"^ppo: clip_coef must"):
        fields.replace(Config(), {"ppo.clip_coef": -0.3})


def test_a_difference_is_a_line_for_each_dotted_key():
    old, new = {"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "c": 3}, "d": [2]}
    assert fields.difference(old, new) == ["a.c: 2 -> 3", "d: [1] -> [2]"]
    assert fields.difference(old, old) == []
    assert fields.difference({}, {"x": 0}) == ["x: (unset) -> 0"]
