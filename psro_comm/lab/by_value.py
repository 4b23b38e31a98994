"""Pickles what travels between processes: tensors go as their numbers.

torch sends a handle of shared memory instead, which dies with the process that made it
and runs out of file descriptors.
"""

import contextlib
from collections.abc import Iterator
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter


def send_tensors_by_value() -> None:
    """Makes tensors travel between the processes of `multiprocessing` as numbers."""
    ForkingPickler.register(Tensor, _reduce_tensor)
    ForkingPickler.register(Parameter, _reduce_parameter)


def pack(obj: Any) -> bytes:
    """Returns `obj` as bytes; functions and classes go by their names."""
    send_tensors_by_value()
    return bytes(ForkingPickler.dumps(obj))


def unpack(data: bytes) -> Any:
    """Returns what `pack` packed; its arrays can be written."""
    return ForkingPickler.loads(data)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Lets torch compute with one thread: sums split over more round differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _reduce_tensor(tensor: Tensor) -> tuple:
    return torch.from_numpy, (tensor.detach().cpu().numpy(),)


def _reduce_parameter(parameter: Parameter) -> tuple:
    return _parameter, (parameter.detach().cpu().numpy(), parameter.requires_grad)


def _parameter(array: np.ndarray, requires_grad: bool) -> Parameter:
    return Parameter(torch.from_numpy(array), requires_grad)
