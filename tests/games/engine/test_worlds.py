"""World k of a run: the same whoever plays, and who is held in it."""

import pytest
import torch

from games.engine.worlds import draw_malicious, make_worlds
from games.environments.echo.env import Echo
from tests.hand_made import CAUGHT


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("malicious", [CAUGHT, 1])
def test_world_k_does_not_depend_on_which_worlds_are_made_beside_it(malicious):
    spec = Echo().spec
    whole = make_worlds(spec, 5, 0, 10, malicious)
    for first, count in ((3, 4), (9, 1)):
        part = make_worlds(spec, 5, first, count, malicious)
        same = whole.take(torch.arange(first, first + count))
        assert all(map(torch.equal, part, same))
    other = make_worlds(spec, 6, 0, 10, malicious)
    assert not torch.equal(other.step_noise, whole.step_noise)


def test_malicious_agents_are_those_named_or_distinct_and_evenly_drawn():
    spec = Echo().spec
    assert make_worlds(spec, 0, 0, 3, (1,)).malicious.tolist() == [[1]] * 3
    drawn = make_worlds(spec, 0, 0, 400, 1).malicious.double()
    assert abs(drawn.mean() - 0.5) < 5 * 0.5 / 20
    both = make_worlds(spec, 0, 0, 50, 2).malicious
    assert (both.sort(1).values == torch.arange(2)).all()
    streamed = draw_malicious(500, 5, 3, seeded(0)).sort(1).values
    assert (streamed.diff(dim=1) > 0).all()
    counts = torch.bincount(streamed.flatten(), minlength=5).double()
    assert ((counts - 300).abs() < 5 * (500 * 0.6 * 0.4) ** 0.5).all()
