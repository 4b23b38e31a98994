"""The median filter: what everybody is made to say, by hand."""

import pytest
import torch

from games.engine.threat import Threat
from games.engine.view import FilterView
from oracles.strategies.filters.median import MedianFilter
from tests.hand_made import a_setting

SIZES = {"obs_size": 3, "memory_size": 1, "heard_size": 1, "message_size": 2}
NAN, INF = float("nan"), float("inf")


def heard(rule, said, alive=None):
    """What one world's listeners hear, `[N,D]`."""
    messages = torch.tensor(said)[None]
    living = torch.tensor([alive or [True] * len(said)])
    links = living[:, :, None] & living[:, None]
    memory = torch.zeros(*messages.shape[:2], 0)
    seen = FilterView(messages, living, ~living, links)
    verdict = rule.decide(seen, memory, torch.Generator())
    assert verdict.decision.choice.tolist() == [[1.0] * len(said)]
    assert torch.equal(verdict.decision.active, living)
    return verdict.repaired[0].tolist()


def test_everybody_is_heard_to_say_the_median_of_each_number():
    rule = MedianFilter(2, 5)
    said = [[1.0, 9.0], [5.0, 7.0], [2.0, 8.0], [3.0, -1.0], [100.0, 0.0]]
    assert heard(rule, said) == [[3.0, 7.0]] * 5


def test_of_an_even_number_it_is_halfway_between_the_two_in_the_middle():
    rule = MedianFilter(2, 4)
    said = [[1.0, 9.0], [5.0, 7.0], [2.0, 8.0], [3.0, -1.0]]
    assert heard(rule, said) == [[2.5, 7.5]] * 4


def test_the_dead_have_no_say():
    rule = MedianFilter(1, 5)
    said, alive = [[0.0], [0.0], [4.0], [5.0], [9.0]], [False, False, True, True, True]
    assert heard(rule, said, alive) == [[5.0]] * 5
    assert heard(rule, said, [False] * 4 + [True]) == [[9.0]] * 5
    assert heard(rule, said, [False] * 5) == [[0.0]] * 5


@pytest.mark.parametrize("lie", [[NAN, 0.0], [INF, 0.0], [0.0, -INF]])
def test_what_is_no_number_counts_as_not_said(lie):
    rule = MedianFilter(2, 4)
    said = [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], lie]
    assert heard(rule, said) == [[2.0, 2.0]] * 4


@pytest.mark.parametrize("lie", [-1e6, 2.5, 1e6])
def test_one_liar_of_four_cannot_leave_what_the_honest_say(lie):
    rule = MedianFilter(1, 4)
    (middle,) = heard(rule, [[1.0], [2.0], [3.0], [lie]])[0]
    assert 1.5 <= middle <= 2.5


class Letters:
    """A team of four whose messages are three numbers, one for each of the others."""

    message_size = 3

    def read_by(self, receiver, sender):
        page = receiver - (receiver > sender)
        return page, page + 1


def test_letters_to_one_receiver_are_compared_with_each_other():
    setting = a_setting(Threat(), num_agents=4, **{**SIZES, "message_size": 3})
    rule = MedianFilter.new(setting._replace(team=Letters()))
    said = [  # to agents 0, 1, 2 and 3, the sender's own left out
        [2.0, 30.0, 400.0],
        [1.0, 10.0, 100.0],
        [5.0, 6.0, 900.0],
        [3.0, 7.0, 20.0],
    ]
    # to 0: 1, 5, 3; to 1: 2, 6, 7; to 2: 30, 10, 20; to 3: 400, 100, 900
    assert heard(rule, said) == [
        [6.0, 20.0, 400.0],
        [3.0, 20.0, 400.0],
        [3.0, 6.0, 400.0],
        [3.0, 6.0, 20.0],
    ]
    again = MedianFilter.rebuild(rule.arguments())
    assert heard(again, said) == heard(rule, said)


def test_a_team_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="the team is of 3 agents, must be at least 4"):
        MedianFilter.new(a_setting(Threat(), num_agents=3, **SIZES))
    assert MedianFilter.new(a_setting(Threat(), num_agents=4, **SIZES)).places is None
