"""Teams that were made elsewhere, from state dicts of several kinds."""

import dataclasses
import pickle

import pytest
import safetensors.torch
import torch

import psro_comm as pc
from games.environments.registry import make_env
from oracles.teams.backbones.commnet import CommNet
from oracles.teams.backbones.config import CommNetConfig
from psro_comm.disk.files import StoreError
from psro_comm.studies import gate

SIZES = {"obs_size": 3, "num_actions": 2}


def net(seed=0, **sizes):
    torch.manual_seed(seed)
    config = CommNetConfig(message_size=4, memory_size=4)
    return CommNet(config, **{**SIZES, **sizes})


@pytest.fixture
def trained(tmp_path):
    """Another net's weights, without statistics, as three files and a dict."""
    state = {k: v for k, v in net(1).state_dict().items() if k[:8] != "message_"}
    safetensors.torch.save_file(state, tmp_path / "net.safetensors")
    torch.save(state, tmp_path / "net.pt")
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "net.pth")
    return tmp_path, state


def test_every_kind_of_file_gives_the_same_team(trained):
    folder, state = trained
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    given = [
        state,
        arrays,
        *(folder / f"net.{end}" for end in ("safetensors", "pt", "pth")),
    ]
    teams = [pc.Team.from_module(net(), "echo", weights=each) for each in given]
    assert len({team.frozen.digest() for team in teams}) == 1
    assert (
        teams[0].frozen.digest() != pc.Team.from_module(net(), "echo").frozen.digest()
    )
    module = teams[0].to_module()
    assert torch.equal(module.policy.weight, state["policy.weight"])
    assert float(module.message_norm) != 1.0  # measured
    found = pc.evaluate(teams[0], ["none"], worlds=4)
    assert found.worlds == 4


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_nothing_in_a_file_is_run(tmp_path, capsys):
    torch.save({"policy.weight": Evil()}, tmp_path / "evil.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Evil()))
    for name in ("evil.pt", "plain.pt"):
        with pytest.raises(StoreError, match="weights_only=True"):
            pc.Team.from_module(net(), "echo", weights=tmp_path / name)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"policy.weight": None}, "CommNet needs a 'policy.weight'"),
        ({"policy.weigth": torch.ones(2)}, "did you mean 'policy.weight'?"),
        ({"policy.bias": torch.ones(3)}, "policy.bias has shape [3], must be [2]"),
        ({"policy.bias": torch.full((2,), torch.nan)}, "not finite"),
        ({"policy.bias": "ones"}, "policy.bias is 'str', must be a tensor"),
    ],
)
def test_weights_that_do_not_fit_are_named(trained, change, words):
    state = {**trained[1], **change}
    given = {name: value for name, value in state.items() if value is not None}
    with pytest.raises(ValueError, match="weights: ") as error:
        pc.Team.from_module(net(), "echo", weights=given)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: net(obs_size=5), "does not fit echo"),
        (lambda: torch.nn.Linear(2, 2), "is a Linear, must be of a class in BACKBONES"),
    ],
)
def test_a_net_that_is_no_team_of_the_task_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        pc.Team.from_module(make(), "echo")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("net.bin", b"", "must end in one of .safetensors, .pt, .pth"),
        ("net.safetensors", b"nonsense", "is damaged"),
        ("none.pt", None, "no such file"),
        ("", None, "must end in one of"),
        ("none.safetensors", None, "No such file"),
    ],
)
def test_bad_files_are_one_line(tmp_path, name, data, words):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(StoreError, match=words):
        pc.Team.from_module(net(), "echo", weights=tmp_path / name)


def test_a_file_of_something_else_is_no_state_dict(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "other.pt")
    torch.save([torch.ones(1)], tmp_path / "list.pt")
    with pytest.raises(StoreError, match="holds more than a state dict: 'epoch'"):
        pc.Team.from_module(net(), "echo", weights=tmp_path / "other.pt")
    with pytest.raises(StoreError, match="holds no state dict"):
        pc.Team.from_module(net(), "echo", weights=tmp_path / "list.pt")


def test_a_gate_is_measured_once_for_all_calls_that_keep_nothing(
    parrots, tmp_path, monkeypatch
):
    pc.evaluate(parrots, worlds=2)
    asked = []

    def fails(*given):
        asked.append(given)
        raise ValueError("measured")

    monkeypatch.setattr(gate, "measured_gate", fails)
    pc.evaluate(parrots, worlds=2)
    assert not asked
    with pytest.raises(ValueError, match="measured"):
        pc.evaluate(parrots, worlds=2, run=tmp_path / "kept")


def test_parrots_talk(parrots):
    found = parrots.gate(episodes=16)
    assert found.talks
    assert found.get("return", "clean").estimate == 8.0
    known = dataclasses.replace(parrots, measured=found)
    assert known.gate() is found
    assert known.gate(episodes=8).facts["episodes"] == 8  # measured anew
    with pytest.raises(ValueError, match="episodes is 1, must be at least 2"):
        known.gate(episodes=1)
    assert parrots.environment().spec == make_env("echo").spec
    assert "parrot" in repr(parrots)
