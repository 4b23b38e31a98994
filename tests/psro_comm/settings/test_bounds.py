"""Every configuration checks itself: each bound is kept, at its edge and beyond."""

import dataclasses
import math
import re
import typing
from numbers import Integral

import pytest

from games.engine.settings import Bound, SomeOf
from games.openspiel.signalling import SignallingConfig
from oracles.signalling import TableOracleConfig
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import leaves, replace
from psro_comm.settings.tasks import preset

RELATED = {  # fields whose edge another field of the same class forbids
    *("OracleConfig.num_envs", "TeamTrainingConfig.num_envs"),  # than minibatches
    *("NDQTrainingConfig.num_envs", "PredatorPreyConfig.grid"),
    "EvolutionConfig.candidates",  # at least the elites
    "SupervisedConfig.num_envs",  # at least the minibatches
    # what is given away: at most all
    *("SupervisedConfig.benign_fraction", "SupervisedConfig.made_up_fraction"),
    *("SupervisedConfig.fake_fraction", "SupervisedConfig.coevolving_fraction"),
    "SupervisedConfig.taught_fraction",
}


def classes(config_class: type = ExperimentConfig) -> dict[str, type]:
    """The configuration and all that it may hold, by name."""
    found = {config_class.__name__: config_class}
    hints = typing.get_type_hints(config_class)
    for field in dataclasses.fields(config_class):
        held = [hints[field.name], *field.metadata.get("kinds", {}).values()]
        for one in held:
            if isinstance(one, type) and dataclasses.is_dataclass(one):
                found |= classes(one)
    return found


CLASSES = classes() | classes(SignallingConfig) | classes(TableOracleConfig)


def bounded() -> list[tuple[type, str, Bound]]:
    return [
        (each, field.name, field.metadata["bound"])
        for each in CLASSES.values()
        for field in dataclasses.fields(each)
        if isinstance(field.metadata.get("bound"), Bound)
    ]


def refused(config_class: type, name: str, value: object) -> None:
    words = rf"^{name} is {re.escape(repr(value))}, must be \S.*$"
    with pytest.raises(ValueError, match=words):
        config_class(**{name: value})


def outside(bound: Bound) -> list[float]:
    """The nearest numbers that a bound forbids."""
    if bound.kind is Integral:
        beyond = [bound.least, bound.most]
        return [
            end + s for end, s in zip(beyond, (-1, 1), strict=True) if end is not None
        ]
    found = [bound.above, bound.below]
    if bound.least is not None:
        found.append(math.nextafter(bound.least, -math.inf))
    if bound.most is not None:
        found.append(math.nextafter(bound.most, math.inf))
    return [float(end) for end in found if end is not None]


def edges(bound: Bound) -> list[float]:
    """The outermost numbers that a bound allows."""
    found = [bound.least, bound.most]
    if bound.above is not None:
        found.append(math.nextafter(bound.above, math.inf))
    if bound.below is not None:
        found.append(math.nextafter(bound.below, -math.inf))
    kind = int if bound.kind is Integral else float
    return [kind(end) for end in found if end is not None]


def test_there_are_configurations_of_every_kind():
    assert len(CLASSES) == 34
    assert {"CombatConfig", "NDQConfig", "QConfig", "Threat", "PPOConfig"} <= {*CLASSES}


@pytest.mark.parametrize("config_class", CLASSES.values(), ids=CLASSES)
def test_every_number_of_a_configuration_has_a_bound(config_class):
    hints = typing.get_type_hints(config_class)
    for field in dataclasses.fields(config_class):
        kinds = (hints[field.name], *typing.get_args(hints[field.name]))
        if typing.get_origin(hints[field.name]) is not tuple and {int, float} & {
            *kinds
        }:
            assert "bound" in field.metadata, f"{config_class.__name__}.{field.name}"


@pytest.mark.parametrize(
    ("config_class", "name", "bound"),
    bounded(),
    ids=[f"{each.__name__}.{name}" for each, name, _ in bounded()],
)
def test_a_bound_is_kept_at_its_edge_and_just_beyond(config_class, name, bound):
    for value in outside(bound):
        refused(config_class, name, value)
    for value in (math.nan, math.inf, -math.inf, "many"):
        refused(config_class, name, value)
    if f"{config_class.__name__}.{name}" not in RELATED:
        for value in edges(bound):
            assert getattr(config_class(**{name: value}), name) == value


@pytest.mark.parametrize("config_class", CLASSES.values(), ids=CLASSES)
def test_a_choice_is_one_of_its_names(config_class):
    for field in dataclasses.fields(config_class):
        if "choices" in field.metadata:
            refused(config_class, field.name, "no such name")


@pytest.mark.parametrize("config_class", CLASSES.values(), ids=CLASSES)
def test_several_are_some_of_the_names_and_none_twice(config_class):
    for field in dataclasses.fields(config_class):
        if isinstance(bound := field.metadata.get("bound"), SomeOf):
            one = next(iter(bound.names))
            for value in ((), (one, one), ("no such name",), one):
                refused(config_class, field.name, value)
            assert getattr(config_class(**{field.name: (one,)}), field.name) == (one,)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("attack_oracle.env_steps", 0, "0, must be at least 1"),
        ("filter_oracle.ppo.gamma", 1.5, "1.5, must be 0 to 1"),
        ("filter_oracle.num_envs", 1, "1, must be at least ppo.num_minibatches = 4"),
        ("predator_prey.view", 4, "4, must be one of 1, 3, 5, 7, 9, 11, 13"),
        ("predator_prey.num_prey", 9, "9, must be 1 to 8"),
        ("commnet.delay", -1, "-1, must be at least 0"),
        ("training.credit.others_share", -1.0, "-1.0, must be at least 0"),
        (
            "threat.malicious",
            (0, 1),
            "(0, 1), must be num_malicious = 1 different agents",
        ),
        ("threat.malicious", (7,), "(7,), must be agents 0 to 2"),
        (
            "threat.num_malicious",
            4,
            "4, must be at most 3, the agents of predator_prey_p0",
        ),
        ("psro.slots", 4, "4, must be at least 42, to hold all attacks"),
        (
            "psro.attacks",
            ("fake", "liar"),
            "('fake', 'liar'), must be some of stealthy, guided, guided-near,"
            " affine, fake, mirrored, own, none twice or none",
        ),
        (
            "psro.filters",
            ("own", "own"),
            "('own', 'own'), must be some of tracking, own, none twice or none",
        ),
        ("device", "tpu", "'tpu', must be one of cpu, cuda"),
        ("seed", -1, "-1, must be 0 to 2147483647"),
    ],
)
def test_a_refusal_begins_with_the_flag(name, value, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        replace(preset("predator_prey_p0", "quick"), {name: value})
    assert str(caught.value) == f"{name} is {words}"


def test_a_leaf_knows_what_it_may_be():
    found = {leaf.name: leaf for leaf in leaves(ExperimentConfig)}
    assert found["psro.iterations"].allowed == "at least 1"
    assert found["threat.cap"].allowed == "positive or none"
    assert found["device"].allowed == "one of cpu, cuda"
    assert found["device"].choices == ("cpu", "cuda")
    assert found["task"].allowed == ""


@pytest.mark.parametrize(
    ("name", "value", "own"),
    [
        ("attacks", ("fake",), ("own",)),
        ("filters", ("tracking",), ("own",)),
        ("start", "rules", "untrained"),
    ],
)
def test_what_the_papers_own_version_would_ignore_is_refused(name, value, own):
    config = preset("echo", "smoke")
    changed = {"psro.paper": True, f"psro.{name}": value}
    with pytest.raises(
        ValueError, match=rf"^psro\.{name} is .* or none: psro.paper is"
    ):
        replace(config, changed)
    replace(config, changed | {f"psro.{name}": own})
    replace(config, changed | {"psro.paper": False})
