"""Tables of matches: which cell is which, and the same worlds for all of them."""

from typing import Any

import pytest
import torch

from games.engine.channel import Channel
from games.engine.matches import play_cells, play_worlds
from games.engine.play import Outcome, play_episodes
from games.engine.strategy import NoAttack, NoFilter
from games.engine.threat import Threat
from games.engine.tree import map_tensors, stack
from games.engine.worlds import make_worlds
from games.environments.echo.env import Echo
from tests.hand_made import CAUGHT, Attacker, Liar, Mouthwash, Parrots

WORLDS = 11


def filters() -> list[Any]:
    # Listener's ears: as it was said, always "1", always "0". None of them draws.
    return [NoFilter(), Mouthwash((0,), 1.0), Mouthwash((0,), -1.0)]


def attacks() -> list[Any]:
    return [NoAttack(), Liar(), Attacker(2.0)]


ALL = [(d, a) for d in range(3) for a in range(3)]


def play(
    cells: list[tuple[int, int]] = ALL,
    *,
    worlds=None,
    attackers: list[Any] | None = None,
    **more: Any,
) -> Outcome:
    env = Echo()
    if worlds is None:
        worlds = make_worlds(env.spec, 0, 0, WORLDS, CAUGHT)
    return play_cells(
        *(env, Parrots(), filters(), attackers or attacks(), cells, Threat(), worlds),
        torch.Generator().manual_seed(0),
        **more,
    )


def equal(one: Outcome, other: Outcome) -> bool:
    return all(map(torch.equal, one, other))


def test_each_cell_equals_its_own_match_world_by_world():
    env = Echo()
    worlds = make_worlds(env.spec, 0, 0, WORLDS, CAUGHT)
    alone = stack(
        [
            play_episodes(
                *(env, Parrots(), Channel(attacks()[a], filters()[d]), worlds),
                torch.Generator().manual_seed(0),
            )
            for d, a in ALL
        ]
    )
    table = play(worlds=worlds)
    assert table.returns.shape == (9, WORLDS)
    assert equal(table, alone)
    # Rows differ from rows and columns from columns, so a transposed table shows.
    means = table.returns.mean(1).view(3, 3)
    assert (means[0, 0], means[0, 1]) == (8, 0)
    assert means[1, 0] == means[1, 1]
    assert not torch.equal(means, means.T)


@pytest.mark.parametrize("num_envs", [1, 4, 7, 9, 50, 1024])
def test_cells_do_not_depend_on_the_number_of_environments(num_envs):
    assert equal(play(num_envs=num_envs), play())


def test_a_wave_asks_few_policies():
    asked = []

    class Counted(Attacker):
        def decide(self, view, memory, generator):
            asked.append(len(memory))
            return super().decide(view, memory, generator)

    play(attackers=[Counted(1.0), Counted(2.0), Counted(3.0)], num_envs=3 * WORLDS)
    # Three cells of one attack fill a wave: it is asked once a step, of all of them.
    assert asked == [3 * WORLDS] * 3 * Echo().spec.episode_limit


def test_cells_come_in_the_order_that_was_asked_for():
    asked = [(2, 1), (0, 0), (1, 2)]
    table, whole = play(asked), play()
    index = torch.tensor([ALL.index(cell) for cell in asked])
    assert equal(table, map_tensors(lambda leaf: leaf[index], whole))


def test_worlds_come_in_the_order_that_was_given():
    worlds = make_worlds(Echo().spec, 0, 0, WORLDS, CAUGHT)
    order = torch.arange(WORLDS).flip(0)
    table, whole = play(worlds=worlds.take(order)), play(worlds=worlds)
    assert equal(table, map_tensors(lambda leaf: leaf[:, order], whole))
    assert not torch.equal(table.returns, whole.returns)


def test_equal_policies_have_equal_columns():
    table = play(attackers=[Liar(), NoAttack(), Liar()]).returns.view(3, 3, WORLDS)
    assert torch.equal(table[:, 0], table[:, 2])
    assert not torch.equal(table[:, 0], table[:, 1])


def test_all_cells_meet_the_same_worlds():
    # "Always 1" and "always 0" are right about every bit exactly once between them.
    always = play([(1, 0), (2, 0)]).returns
    assert (always.sum(0) == Echo().spec.episode_limit - 1).all()
    assert always[0].unique().numel() > 1


def test_the_distortion_of_a_cell_is_its_attackers():
    table = play().distortion.view(3, 3, WORLDS)
    assert (table[:, 0] == 0).all()
    assert (table[:, 2] == 2).all()


def test_one_cell_in_one_world_is_a_table_too():
    worlds = make_worlds(Echo().spec, 0, 0, 1, CAUGHT)
    assert play([(0, 0)], worlds=worlds).returns.tolist() == [[8.0]]


@pytest.mark.parametrize("num_envs", [1, 4, 1024])
def test_waves_of_worlds_are_those_worlds_in_order(num_envs):
    env, sides = Echo(), (Liar(), NoFilter())
    worlds = make_worlds(env.spec, 0, 0, WORLDS, CAUGHT)
    luck = torch.Generator().manual_seed(0)
    waves = play_worlds(
        env, Parrots(3), Channel(*sides), worlds, luck, num_envs=num_envs
    )
    whole = play_episodes(env, Parrots(3), Channel(*sides), worlds, luck)
    for part, other in zip(waves, whole, strict=True):
        assert part.equal(other)
