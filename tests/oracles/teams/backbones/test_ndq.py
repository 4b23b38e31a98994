"""NDQ: who reads what was written to whom, by hand."""

import pytest
import torch
from torch import Tensor

from games.engine.channel import CLEAN
from games.engine.env import TimeStep
from games.engine.team import communicate, start
from oracles.teams.backbones.config import NDQConfig
from oracles.teams.backbones.ndq import NDQ

OBS, ACTIONS, AGENTS = 3, 4, 4


def new_team(seed: int = 0, **fields: object) -> NDQ:
    torch.manual_seed(seed)
    config = NDQConfig(**{"vector_size": 2, "memory_size": 7, **fields})
    team = NDQ(config, obs_size=OBS, num_actions=ACTIONS, num_agents=AGENTS)
    return team.requires_grad_(False)


def linked(*pairs: tuple[int, int]) -> Tensor:
    """`[1,N,N]`: (j, i) for j may hear i."""
    links = torch.zeros(1, AGENTS, AGENTS, dtype=torch.bool)
    for j, i in pairs:
        links[0, j, i] = True
    return links


EVERYBODY = ~torch.eye(AGENTS, dtype=torch.bool)[None]


def numbered() -> Tensor:
    """A message whose vector from i to j holds 10 i + j, and its negative."""
    rows = [
        [v for j in range(AGENTS) if j != i for v in (10 * i + j, -10 * i - j)]
        for i in range(AGENTS)
    ]
    return torch.tensor([rows], dtype=torch.float32)


def listen(team: NDQ, heard: Tensor, links: Tensor) -> Tensor:
    obs, memory = torch.zeros(1, AGENTS, OBS), torch.zeros(1, AGENTS, 7)
    return team.listen(obs, memory, heard, links)


def test_a_message_is_a_vector_for_each_of_the_others():
    team = new_team()
    assert team.message_size == team.heard_size == (AGENTS - 1) * 2


def test_everybody_reads_what_was_written_to_it_and_no_more():
    m_in = listen(new_team(), numbered(), EVERYBODY)
    for j in range(AGENTS):
        wanted = [v for i in range(AGENTS) if i != j for v in (10 * i + j, -10 * i - j)]
        assert m_in[0, j].tolist() == wanted


def test_what_does_not_arrive_is_zero():
    m_in = listen(new_team(), numbered(), linked((1, 3), (2, 0)))
    assert m_in[0, 1].tolist() == [0, 0, 0, 0, 31, -31]
    assert m_in[0, 2].tolist() == [2, -2, 0, 0, 0, 0]
    assert (m_in[0, [0, 3]] == 0).all()


def test_a_nan_to_somebody_else_reaches_nobody():
    message = numbered()
    message[0, 0, :2] = torch.nan  # from 0 to 1
    m_in = listen(new_team(), message, linked((2, 0), (3, 0)))
    assert m_in.isfinite().all()


def test_a_team_that_does_not_talk_hears_nothing():
    m_in = listen(new_team(talks=False), numbered(), EVERYBODY)
    assert (m_in == 0).all()


def test_messages_are_gaussian_around_their_means_with_deviation_one():
    team = new_team()
    obs = torch.randn(1, AGENTS, OBS).expand(20_000, -1, -1)
    said = team.speak(obs, torch.zeros(1), torch.Generator().manual_seed(0))
    error = 5 / 20_000**0.5
    assert (said.mean(0) - team.means(obs[:1])[0]).abs().max() < error
    assert (said.std(0) - 1).abs().max() < error


def test_messages_depend_on_what_is_seen_and_by_whom_not_on_the_past():
    team = new_team()
    obs = torch.zeros(1, AGENTS, OBS)
    mean = team.means(obs)
    assert not torch.allclose(mean[0, 0], mean[0, 1])
    memory = torch.randn(1, AGENTS, 7)
    said = [
        team.speak(obs, m, torch.Generator().manual_seed(0))
        for m in (memory, 0 * memory)
    ]
    assert torch.equal(*said)


def test_cutting_silences_small_means_in_play_alone():
    team = new_team()
    obs = torch.randn(8, AGENTS, OBS)
    mean = team.means(obs).abs()
    team.cut_below.copy_(mean.median())
    speak = lambda: team.speak(obs, obs, torch.Generator().manual_seed(0))  # noqa: E731
    learning = speak()
    team.eval()
    playing = speak()
    cut = mean < team.cut_below
    assert 0.4 < cut.float().mean() < 0.6
    assert (playing[cut] == 0).all()
    assert torch.equal(playing[~cut], learning[~cut])
    assert (learning != 0).all()


def test_it_takes_the_best_available_action():
    team = new_team()
    assert not team.sampled
    available = torch.ones(1, AGENTS, ACTIONS, dtype=torch.bool)
    available[..., 2] = False
    q = team.act(torch.randn(1, AGENTS, 7), available)
    assert (q[..., 2] == -torch.inf).all()
    assert q[..., [0, 1, 3]].isfinite().all()


def test_what_is_heard_changes_what_is_done_without_delay():
    team = new_team()
    alive = torch.ones(1, AGENTS, dtype=torch.bool)
    zeros = torch.zeros(1)
    obs = torch.randn(1, AGENTS, OBS)
    available = torch.ones(1, AGENTS, ACTIONS, dtype=torch.bool)
    scores = []
    for seen in (obs[:, :1], obs[:, :1] + 1):
        timestep = TimeStep(
            *(torch.cat([seen, obs[:, 1:]], 1), zeros, available, alive, ~alive),
            *(EVERYBODY, zeros, zeros, zeros, zeros),
        )
        carry = start(team, torch.zeros(1, 1, dtype=torch.long), AGENTS)
        generator = torch.Generator().manual_seed(0)
        _, _, q = communicate(team, carry, timestep, CLEAN, generator)
        scores.append(q)
    assert (scores[0] != scores[1]).any(-1).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vector_size", 0),
        ("memory_size", 0),
        ("cut_fraction", 1.0),
        ("delay", -1),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be "):
        NDQConfig(**{field: value})
