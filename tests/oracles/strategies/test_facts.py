"""Facts of a wrong type are one line that names file and fact, never a traceback."""

import copy
import json

import pytest

from games.environments.echo.env import Echo
from oracles.strategies.facts import check_facts
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import thaw_team
from tests.oracles.strategies.test_frozen import EACH, make

WRONG = (None, True, -1, 10**9, 0.5, "x", [], ["x"], {}, {"x": 1}, float("nan"))
GONE = object()
TEAM = {
    "role": "team",
    "task": "echo",
    "backbone": "commnet",
    "backbone_config": {"message_size": 8, "memory_size": 16, "delay": 0},
}


def places(facts, *above):
    """The path of every fact, those inside objects included."""
    for key, value in facts.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from places(value, *above, key)


def changed(facts, place, value):
    found = copy.deepcopy(facts)
    inner = found
    for key in place[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return found


def refusal(act, facts):
    """What a refusal says; empty without one. Anything else is an error of ours."""
    try:
        act(facts)
    except ValueError as error:
        return str(error)
    return ""


@EACH
def test_a_wrong_fact_is_refused_or_does_not_matter(role, name):
    frozen = freeze(make(role, name))
    plain = json.loads(json.dumps(frozen.facts))
    check_facts(plain)
    refused = 0
    for place in places(plain):
        for value in (*WRONG, GONE):
            wrong = Frozen(changed(plain, place, value), frozen.tensors, "run/p.st")
            said = refusal(check_facts, wrong.facts)
            assert not said or place[0] in said, (place, value)
            said = said or refusal(thaw, wrong)
            assert "\n" not in said
            refused += bool(said)
    assert refused >= 8  # role and kind, whatever the policy


@pytest.mark.parametrize("value", [*WRONG, GONE])
@pytest.mark.parametrize("place", [*places(TEAM)], ids=".".join)
def test_a_teams_wrong_fact_is_refused_or_does_not_matter(place, value):
    facts = changed(TEAM, place, value)
    if said := refusal(check_facts, facts):
        assert place[0] in said
        return
    with pytest.raises(ValueError, match=r"run/team\.st: the team was trained on"):
        thaw_team(Frozen(facts, {}, "run/team.st"), Echo())


def test_the_file_is_named_where_weights_do_not_fit():
    frozen = freeze(make("attack", "noise"))
    with pytest.raises(ValueError, match=r"^run/p.st: the weights of a noise do not"):
        thaw(Frozen(frozen.facts, {}, "run/p.st"))
    assert Frozen(*frozen[:2], "x").digest() == frozen.digest()


def test_a_policy_inside_another_is_checked_as_well():
    facts = json.loads(json.dumps(freeze(make("attack", "pgd")).facts))
    facts["filters"] = [{"role": "filter", "kind": "none"}, {"role": "filter"}]
    with pytest.raises(ValueError, match="kind is None, must be one of none, mute"):
        check_facts(facts)
