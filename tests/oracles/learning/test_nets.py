"""The networks' tanh is torch's, in value and gradient."""

import torch
from torch import Tensor

from oracles.learning.nets import Tanh, mlp, tanh


def some_numbers() -> Tensor:
    spread = torch.linspace(-12.0, 12.0, 4001)
    return torch.cat([spread, torch.tensor([-1e4, -1e-4, 0.0, 1e-4, 1e4])])


def test_tanh_is_torchs_with_and_without_a_gradient():
    given = some_numbers()
    learnt = given.clone().requires_grad_()
    assert not tanh(given).requires_grad
    for found in (tanh(given), tanh(learnt)):
        torch.testing.assert_close(found, given.tanh(), atol=3e-7, rtol=0.0)
    with torch.no_grad():
        assert not tanh(learnt).requires_grad


def test_its_gradient_is_that_of_tanh():
    ours, theirs = (some_numbers().requires_grad_() for _ in range(2))
    weight = torch.linspace(-1.0, 1.0, len(ours))
    (tanh(ours) * weight).sum().backward()
    (theirs.tanh() * weight).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-6, rtol=0.0)


def test_an_input_is_left_as_it_is():
    given = some_numbers()
    before = given.clone()
    tanh(given)
    assert torch.equal(given, before)


def test_networks_use_it_between_layers():
    layers = [type(layer) for layer in mlp((2, 3, 3, 1))]
    assert layers.count(Tanh) == 2
