"""When a vote is certain: against every vote that liars could bring about."""

from itertools import combinations, product

import pytest
import torch

from oracles.teams.backbones.ensemble import subsets
from oracles.teams.voting import certified, choices, counted, tally


def some_links(agents: int, generator: torch.Generator, batch: int) -> torch.Tensor:
    links = torch.rand(batch, agents, agents, generator=generator) < 0.8
    return links & ~torch.eye(agents, dtype=torch.bool)


@pytest.mark.parametrize(
    ("agents", "size", "liars"), [(4, 1, 1), (4, 2, 1), (5, 1, 2), (5, 2, 1), (6, 3, 1)]
)
def test_a_vote_is_certain_exactly_where_no_lie_can_turn_it(agents, size, liars):
    generator = torch.Generator().manual_seed(agents + 10 * size)
    actions, batch = 2, 6
    masks = subsets(agents, size)
    links = some_links(agents, generator, batch)
    counting = counted(masks, links, size)
    scores = torch.randn(batch, agents, len(masks), actions, generator=generator)
    scores[..., 0] += 1.0  # many agree
    found = certified(scores, counting, masks, links, choices(agents, liars))
    votes = scores.argmax(-1)
    for world in range(batch):
        for agent in range(agents):
            asked = [s for s in range(len(masks)) if counting[world, agent, s]]
            before = [int((votes[world, agent, asked] == a).sum()) for a in (0, 1)]
            best = int(tally(scores, counting)[world, agent].argmax())
            safe = before[best] > before[1 - best]
            for lying in combinations(range(agents), liars):
                touched = [
                    s
                    for s in asked
                    if any(masks[s, agent, i] and links[world, agent, i] for i in lying)
                ]
                for said in product((0, 1), repeat=len(touched)):
                    after = {s: int(votes[world, agent, s]) for s in asked}
                    after |= dict(zip(touched, said, strict=True))
                    count = [list(after.values()).count(a) for a in (0, 1)]
                    safe = safe and count[best] > count[1 - best]  # a tie is turned
            assert bool(found[world, agent]) == safe


def test_of_few_senders_all_are_heard_at_once():
    masks = subsets(4, 2)
    links = torch.zeros(1, 4, 4, dtype=torch.bool)
    links[0, 0, 1] = links[0, 2, 0] = links[0, 2, 1] = links[0, 2, 3] = True
    counting = counted(masks, links, 2)
    # Agent 0 hears agent 1 alone: the subsets with it, {1, 2} and {1, 3}, not {2, 3}.
    assert counting[0, 0].tolist() == [True, True, False]
    assert counting[0, 1].all()  # who hears nobody hears the same in every subset
    assert counting[0, 2].all()  # three senders, all their pairs


def test_votes_count_first_and_probabilities_part_what_is_equal():
    scores = torch.tensor([[9.0, 0.0], [0.0, 0.1], [0.0, 0.1]])
    counting = torch.tensor([True, True, True])
    assert tally(scores, counting).argmax() == 1
    assert tally(scores, torch.tensor([True, True, False])).argmax() == 0
    shut = scores.clone()
    shut[:, 1] = -torch.inf
    assert tally(shut, counting)[0] > 3.0
    slope = scores.requires_grad_()
    tally(slope, counting)[0].backward()
    assert (slope.grad != 0).any()  # an attack may follow it


def test_who_has_one_action_takes_it():
    masks = subsets(3, 1)
    links = ~torch.eye(3, dtype=torch.bool)[None]
    scores = torch.randn(1, 3, 2, 2)
    scores[:, 0, :, 1] = -torch.inf
    counting = counted(masks, links, 1)
    found = certified(scores, counting, masks, links, choices(3, 1))
    assert found[0].tolist() == [True, False, False]  # one of two voices is no majority


def test_choices_are_all_and_each_world_may_have_its_own():
    assert choices(4, 2).sum(0).tolist() == [3, 3, 3, 3]
    masks = subsets(4, 1)
    links = ~torch.eye(4, dtype=torch.bool).expand(2, 4, 4)
    scores = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).expand(2, 4, 3, 2)
    counting = counted(masks, links, 1)
    own = torch.zeros(2, 1, 4, dtype=torch.bool)
    own[0, 0, 3] = True  # agent 0 hears 1, 2, 3; the last one disagrees anyhow
    own[1, 0, 1] = True  # without agent 1, one vote against one and a lie
    found = certified(scores, counting, masks, links, own)
    assert found[:, 0].tolist() == [True, False]
