"""How many processes a program takes beside its own."""

import pytest
import torch

from psro_comm.lab.session import choose_device, choose_workers


def test_a_game_of_many_processes_gets_no_workers_on_top():
    assert choose_workers(None, "cpu", "smac") == 0
    assert choose_workers(0, "cpu", "smac") == 0
    with pytest.raises(ValueError, match=r"^--workers is 2, must be 0 for StarCraft"):
        choose_workers(2, "cpu", "smac")
    assert choose_workers(2, "cpu", "echo") == 2


def test_the_device_is_what_torch_finds():
    there = torch.cuda.is_available()
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") == ("cuda" if there else "cpu")
