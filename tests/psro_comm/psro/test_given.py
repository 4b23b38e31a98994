"""What given policies are called in a run of algorithm 1, and that it remembers."""

import pytest

from games.engine.strategy import NoFilter
from games.engine.threat import Threat
from oracles.strategies.attacks.mute import MuteAttack
from oracles.strategies.freezing import freeze
from psro_comm.disk.store import RunStore, StoreError
from psro_comm.psro.given import begun, free_names

ONE, TWO = (freeze(MuteAttack(Threat(), size)) for size in (2, 3))
NOBODY = freeze(NoFilter())


@pytest.fixture
def store(tmp_path):
    with RunStore.open(tmp_path / "run", {"task": "echo"}) as store:
        yield store


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ([["f"], ["a", "b"]], [["f"], ["a", "b"]]),
        ([["F"], ["A", "a"]], [["F"], ["A", "given-a"]]),
        ([["untrained"], ["untrained"]], [["untrained"], ["given-untrained"]]),
        (
            [[], ["a/attack-001", "a-attack-001"]],
            [[], ["a-attack-001", "given-a-attack-001"]],
        ),
        (
            [[], ["attack-001", "filter-002.r1", "psro", "no-filter", "start", "team"]],
            [
                [],
                [
                    "given-attack-001",
                    "given-filter-002.r1",
                    "given-psro",
                    "given-no-filter",
                    "given-start",
                    "given-team",
                ],
            ],
        ),
        ([[], ["attack-strong", "noise@2.5"]], [[], ["attack-strong", "noise-2.5"]]),
    ],
)
def test_policies_keep_their_names_unless_these_are_taken(asked, names):
    assert free_names(asked) == names


def test_the_same_policies_keep_their_first_names(store):
    assert begun(store, ({}, {"a": ONE, "b": TWO})) == [{}, {"a": ONE, "b": TWO}]
    again = begun(store, ({}, {"x/y": ONE, "z": TWO}))
    assert again == [{}, {"a": ONE, "b": TWO}]
    for other in ({"a": TWO, "b": ONE}, {"a": ONE}, {}):
        with pytest.raises(StoreError, match="other initial policies"):
            begun(store, ({}, other))


def test_a_run_without_given_policies_goes_on_as_it_began(store):
    assert begun(store, ({}, {})) == begun(store, ({}, {})) == [{}, {}]
    assert store.load_json("start") == [[], []]


def test_a_run_from_before_names_were_kept_goes_on_with_numbers(store):
    store.save_json("start", [[NOBODY.digest()], [ONE.digest(), TWO.digest()]])
    names = begun(store, ({"f": NOBODY}, {"a": ONE, "b": TWO}))
    assert [list(side) for side in names] == [
        ["given-filter-0"],
        ["given-attack-0", "given-attack-1"],
    ]
