"""Attacks: a contract over the registry, and eq. 1 by hand."""

from typing import Any

import pytest
import torch
from torch import Tensor

from games.engine.channel import Channel, Memories, Wire, transmit
from games.engine.play import Stream, collect
from games.engine.strategy import Decision
from games.engine.threat import Threat
from games.engine.view import AttackView, Moment, gather_agents, scatter_agents
from games.environments.echo.env import Echo
from oracles.strategies.attacks.config import AttackConfig
from oracles.strategies.attacks.density import AttackInputs
from oracles.strategies.attacks.gaussian import GaussianAttack
from oracles.strategies.registry import ATTACKS
from oracles.strategies.setting import Setting
from tests.hand_made import Parrots, a_setting, a_timestep

BATCH, AGENTS, OBS, MEMORY, HEARD, SIZE = 16, 4, 3, 2, 5, 6
MALICIOUS = torch.tensor([[1, 3]]).expand(BATCH, -1)
NAMES = pytest.mark.parametrize("name", sorted(ATTACKS))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def threat(**fields: Any) -> Threat:
    """Rules under which any attack may play."""
    return Threat(**{"num_malicious": 2, "knowledge": "white_box", **fields})


def setting(rules: Threat | None = None) -> Setting:
    """A team whose clean messages are twice as large as ours."""
    sizes = {"num_agents": AGENTS, "obs_size": OBS, "memory_size": MEMORY}
    found = a_setting(rules or threat(), heard_size=HEARD, message_size=SIZE, **sizes)
    found.team.message_norm.fill_(2.0)
    found.team.message_rms.copy_(torch.linspace(0.5, 2.0, SIZE))
    return found


def make(name: str, rules: Threat | None = None, **config: Any) -> Any:
    """An entry of the registry by its one constructor."""
    torch.manual_seed(0)
    entry = ATTACKS[name]
    settings = entry.config(**config) if entry.config else None
    return entry.load().new(setting(rules), settings)


def views(seed: int = 0) -> list[Tensor]:
    """obs, memory, m_in and sent of `BATCH` worlds."""
    generator = seeded(seed)
    return [
        torch.randn(BATCH, AGENTS, width, generator=generator)
        for width in (OBS, MEMORY, HEARD, SIZE)
    ]


@torch.no_grad()
def spoken(attack: Any, inputs: list[Tensor], rules: Threat | None = None) -> Wire:
    """What leaves the senders: the channel's rules are on."""
    obs, memory, m_in, sent = inputs
    timestep = a_timestep(torch.ones(BATCH, AGENTS, dtype=torch.bool))
    channel = Channel(attack, threat=rules or threat())
    channel.reset(torch.ones(BATCH, dtype=torch.bool), seeded())
    wire, _ = transmit(
        Moment(
            setting().team, timestep._replace(obs=obs), memory, m_in, sent, MALICIOUS
        ),
        *(channel, Memories.blank(channel, MALICIOUS, AGENTS), seeded(3)),
    )
    return wire


def decide(attack: Any, inputs: list[Tensor]) -> Decision:
    return spoken(attack, inputs).attack


def view_of(inputs: list[Tensor]) -> AttackView:
    """What the malicious agents are shown."""
    own = [gather_agents(part, MALICIOUS) for part in inputs]
    held = torch.ones(BATCH, 2, dtype=torch.bool)
    rows = held[..., None]
    return AttackView(MALICIOUS, *own, held, ~held, rows, rows, held)


@NAMES
def test_a_decision_has_the_promised_shapes_and_is_finite(name):
    inputs = views()
    decision = decide(make(name), inputs)
    shapes = [tuple(leaf.shape) for leaf in decision]
    assert shapes == [(BATCH, AGENTS, SIZE), *[(BATCH, AGENTS)] * 3]
    assert all(leaf.isfinite().all() for leaf in decision)
    assert decision.active.dtype == torch.bool


@NAMES
def test_the_registry_says_what_it_must_be_shown(name):
    assert ATTACKS[name].white_box == (make(name).knowledge == "white_box")


@NAMES
def test_only_malicious_agents_are_active(name):
    active = decide(make(name), views()).active
    held = torch.tensor([False, True, False, True]).expand(BATCH, -1)
    assert torch.equal(active, held if name != "none" else ~held & held)


@NAMES
def test_what_agents_that_are_not_held_see_and_say_changes_nothing(name):
    attack, inputs = make(name), views()
    before = decide(attack, inputs)
    for leaf in inputs:
        leaf[:, [0, 2]] = 100.0
    assert all(map(torch.equal, decide(attack, inputs), before))


@NAMES
def test_the_same_generator_draws_the_same_attack(name):
    attack, inputs = make(name), views()
    assert all(map(torch.equal, decide(attack, inputs), decide(attack, inputs)))


@NAMES
@pytest.mark.parametrize("mode", ["sum", "convex"])
@pytest.mark.parametrize("cap", [0.25, 1000.0])
def test_nothing_is_bent_further_than_the_cap(name, mode, cap):
    rules, free = threat(mode=mode, cap=cap), threat(mode=mode)
    inputs = views()
    same = {"noise_shape": "diagonal"} if name == "gaussian" else {}  # with and without
    bent = spoken(make(name, rules, **same), inputs, rules).tampered
    distance = (bent - inputs[-1]).norm(dim=-1)
    assert (distance <= 2.0 * cap * (1 + 1e-5)).all()
    if cap > 100:
        uncapped = spoken(make(name, free, **same), inputs, free).tampered
        assert torch.equal(bent, uncapped)


def test_noise_beyond_the_cap_lies_on_the_cap():
    rules, inputs = threat(cap=0.25), views()
    bent = spoken(make("noise", rules), inputs, rules).tampered
    offset = gather_agents(bent - inputs[-1], MALICIOUS)
    torch.testing.assert_close(offset.norm(dim=-1), torch.full((BATCH, 2), 0.5))


@pytest.mark.parametrize("mode", ["sum", "convex"])
def test_mute_is_silence(mode):
    rules = threat(mode=mode)
    said = gather_agents(
        spoken(make("mute", rules), views(), rules).tampered, MALICIOUS
    )
    torch.testing.assert_close(said, torch.zeros_like(said), atol=1e-6, rtol=0)
    assert mode == "convex" or (said == 0).all()


@pytest.mark.parametrize("mode", ["sum", "convex"])
@pytest.mark.parametrize("size", [0.5, 3.0])
def test_noise_has_the_size_that_was_asked_for(mode, size):
    rules, inputs = threat(mode=mode, mix_weight=0.3), views()
    bent = spoken(make("noise", rules, size=size), inputs, rules).tampered
    offset = gather_agents(bent - inputs[-1], MALICIOUS)
    expected = torch.full((BATCH, 2), 2.0 * size)
    torch.testing.assert_close(offset.norm(dim=-1), expected)
    # In any direction: the mean offset is near zero.
    assert offset.mean((0, 1)).norm() < size


def test_gathering_and_scattering_the_malicious_agents_are_inverse():
    values, malicious = torch.randn(BATCH, 2, 3), torch.tensor([[3, 1]] * BATCH)
    spread = scatter_agents(values, malicious, AGENTS)
    assert torch.equal(gather_agents(spread, malicious), values)
    assert torch.equal(spread[:, 3], values[:, 0])
    assert (spread[:, [0, 2]] == 0).all()


def without_noise(attack: GaussianAttack, inputs: list[Tensor]) -> Tensor:
    """Deltas `[B,K,D]` that differ by the mean alone: the noise has one seed."""
    return gather_agents(decide(attack, inputs).choice, MALICIOUS)


@pytest.mark.parametrize("part", range(4), ids=["obs", "memory", "m_in", "sent"])
def test_a_malicious_agent_sees_its_own_history_and_never_another_malicious_ones(part):
    attack, inputs = make("gaussian"), views()
    before = without_noise(attack, inputs)
    inputs[part][:, 1] += 5.0
    changed = (without_noise(attack, inputs) != before).any(-1)
    assert changed[:, 0].all()
    assert not changed[:, 1].any()


def test_malicious_agents_have_different_networks():
    attack, inputs = make("gaussian", noise_scale=1e-6), views()
    for leaf in inputs:
        leaf[:, 3] = leaf[:, 1]
    one, other = without_noise(attack, inputs).unbind(1)
    assert (one - other).norm(dim=-1).min() > 1e-3


def test_an_untrained_attack_is_noise_of_the_fixed_scale():
    attack, inputs = make("gaussian", noise_scale=3.0), views()
    memory = torch.zeros(BATCH, 2, 0)
    delta = torch.stack(
        [
            attack.decide(view_of(inputs), memory, seeded(s)).decision.choice[:, 0]
            for s in range(200)
        ]
    )
    std = delta.detach().std(0).mean(0)
    torch.testing.assert_close(std, 3.0 * attack.message_rms, rtol=0.05, atol=0.0)


def rollout_of(attack: GaussianAttack, team: Parrots, env: Echo, **more: Any) -> Any:
    attack.calibrate(team)
    stream = Stream(
        *(env, team, Channel(attack)),
        malicious=torch.zeros(BATCH, 1, dtype=torch.long),
        world_generator=seeded(0),
        generator=seeded(1),
        **more,
    )
    return collect(stream.play(), 2 * env.spec.episode_limit + 1)


@pytest.mark.parametrize("redraw", [False, True])
def test_evaluate_repeats_the_log_probabilities_of_play(redraw):
    env, team = Echo(), Parrots(3)
    torch.manual_seed(0)
    sizes = dict(obs_size=3, memory_size=1, heard_size=3)
    attack = GaussianAttack(Threat(), 3, config=AttackConfig(), **sizes)
    steps = rollout_of(attack, team, env, redraw_malicious=redraw)
    now = attack.evaluate(attack.inputs(steps))
    spoken = steps.wire.attack.log_prob[..., None]
    told = gather_agents(spoken, steps.carry.malicious).squeeze(-1)
    torch.testing.assert_close(now.log_prob, told, rtol=1e-4, atol=1e-4)
    assert now.log_prob.shape == (2 * env.spec.episode_limit + 1, BATCH, 1)


@pytest.mark.parametrize("mode", ["sum", "convex"])
def test_the_price_of_eq_1_is_alpha_times_the_squared_distance_of_the_living(mode):
    alpha, weight = 0.25, 0.6
    rules = threat(mode=mode, mix_weight=weight, cap=0.01)
    scales = {"mean_scale": 1.0, "noise_shape": "diagonal"}
    attack = make("gaussian", rules, alpha=alpha, **scales)
    bias = torch.arange(2.0 * SIZE).view(2, SIZE)
    with torch.no_grad():
        for parameter in attack.mean.parameters():
            parameter.zero_()
        attack.mean.biases[-1].copy_(bias)
    own = [gather_agents(part, MALICIOUS) for part in views()]
    features, said = attack.features(*own), own[-1]
    shape = (1, *said.shape)
    alive = torch.ones(1, BATCH, 2)
    alive[:, ::3, 0] = 0.0
    inputs = AttackInputs(features[None], said[None], torch.zeros(shape), alive)
    delta = bias * attack.message_rms
    offset = delta if mode == "sum" else weight * (delta - said)
    distance = offset.expand_as(said).square().sum(-1)[alive[0] > 0].mean()
    price = attack.evaluate(inputs).auxiliary
    torch.testing.assert_close(price, alpha * distance / attack.message_norm**2)
    # Descent on it shrinks the mean: the gradient flows through f_mu alone, and no
    # cap stops it.
    price.backward()
    slope = attack.mean.biases[-1].grad
    assert slope[bias > 5].min() > 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("noise_scale", 0.0), ("mean_scale", -1.0), ("alpha", -0.1), ("hidden", 0)],
)
def test_settings_out_of_range_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=f"^{field} is {value}, must be "):
        AttackConfig(**{field: value})
