"""Random fakes: what their copies see, on Echo, and how it is drawn."""

import torch
from torch import Tensor

from games.engine.channel import Channel
from games.engine.play import Stream, collect
from games.engine.threat import Threat
from games.engine.view import AttackView
from oracles.strategies.liars.luck import NUMBERS, Luck
from oracles.strategies.liars.random_fake import RandomFake
from oracles.strategies.recording import record
from oracles.strategies.setting import Setting
from tests.hand_made import a_setting

BATCH, OBS = 2000, 12
HELD = torch.tensor([[2]]).expand(BATCH, -1)


def setting() -> Setting:
    sizes = {"num_agents": 3, "obs_size": OBS, "memory_size": 2, "heard_size": 4}
    rules = Threat(knowledge="white_box")
    return a_setting(rules, message_size=5, **sizes)


def invented(
    attack: RandomFake, obs: Tensor, memory: Tensor, seed: int = 0
) -> tuple[Tensor, Tensor]:
    held = torch.ones(BATCH, 1, dtype=torch.bool)
    none = torch.zeros(BATCH, 1, 0)
    view = AttackView(*(HELD, obs, none, none, none, held, ~held, none, none, held))
    return attack.invent(view, memory, torch.Generator().manual_seed(seed))


def begun() -> tuple[RandomFake, Tensor, Tensor, Luck]:
    """What copies see of ones, and what they drew for it."""
    attack = RandomFake.new(setting())
    ones = torch.ones(BATCH, 1, OBS)
    seen, memory = invented(attack, ones, torch.zeros(BATCH, 1, attack.extra))
    return attack, seen, memory, Luck.of(memory[..., 2 : 2 + NUMBERS])


def test_a_third_see_what_was_seen_in_another_world():
    attack, seen, memory, luck = begun()
    elsewhere = (luck.family < 0.35).squeeze(1)
    episode = memory[elsewhere, 0, 0].long() - 1
    wanted = record(setting()).observed[0, episode, 2]
    assert torch.equal(seen[elsewhere, 0], wanted)
    assert abs(float(elsewhere.float().mean()) - 0.35) < 0.05
    again, _ = invented(attack, torch.ones(BATCH, 1, OBS), memory, 1)
    wanted = record(setting()).observed[1, episode, 2]
    assert torch.equal(again[elsewhere, 0], wanted)


def test_some_lack_features_and_others_see_them_bent():
    _, seen, _, luck = begun()
    lacks = ((luck.family >= 0.35) & (luck.family < 0.55)).squeeze(1)
    assert {*seen[lacks].unique().tolist()} == {0.0, 1.0}
    bent = (luck.family >= 0.55).squeeze(1)
    moved = (seen[bent] - 1.0).abs()
    touched = (moved > 0).float().mean((1, 2))
    assert touched.min() == 0
    assert touched.max() == 1
    few = luck.which[bent].squeeze(1) < 0.3
    assert touched[few].mean() < 0.2 < 0.35 < touched[~few].mean()
    assert 0.1 < moved[moved > 0].mean() < 2.0


def test_some_start_late():
    game = setting()
    channel = Channel(RandomFake.new(game), threat=game.threat)
    stream = Stream(
        *(game.env, game.team, channel),
        malicious=HELD,
        world_generator=torch.Generator().manual_seed(0),
        generator=torch.Generator().manual_seed(1),
    )
    wire = collect(stream.play(), game.env.spec.episode_limit).wire
    lies = (wire.tampered != wire.sent).any(-1)[..., 2]
    first = ~lies[0]
    assert 0.25 < first.float().mean() < 0.6
    assert lies[:, first].any(0).float().mean() > 0.5


def test_it_bends_what_is_seen_the_same_way_all_episode_long():
    attack, seen, memory, luck = begun()
    bent = (luck.family >= 0.35).squeeze(1)
    again, kept = invented(attack, torch.ones(BATCH, 1, OBS), memory, 1)
    assert torch.equal(again[bent], seen[bent])
    assert torch.equal(kept[..., 2:], memory[..., 2:])
    nothing, _ = invented(attack, torch.zeros(BATCH, 1, OBS), memory, 2)
    still = bent & (luck.one.squeeze(1) >= 0.5) & (luck.family.squeeze(1) >= 0.55)
    torch.testing.assert_close(
        seen[still] - nothing[still], torch.ones_like(seen[still])
    )
