"""The task of an oracle: a best response to train, and how strong it is by now."""

import copy
from typing import Any, NamedTuple

import torch

from games.engine.channel import Channel
from games.engine.matches import play_worlds
from games.engine.play import Outcome
from games.engine.side import Side
from games.engine.worlds import Worlds, make_worlds
from oracles.learning.randomness import Generators, draw_seed
from oracles.strategies.setting import Setting

TEST_EVERY = 2  # updates between two tests of the threshold
_TEST_WORLDS = 128  # behind each of them
# With one process a game, a test takes the games of the training, and must be short.
_TEST_WAVES = 4


class Task(NamedTuple):
    """A best response to train: the game, the side that learns, and its opponent."""

    setting: Setting
    side: Side
    opponent: Any  # a frozen attack or filter, often a mixture
    generators: Generators
    stop: float | None = None  # team return at which an attack is strong enough

    def channel(self, policy: Any) -> Channel:
        """Returns the channel with the policy on its side and the opponent opposite."""
        if self.side is Side.ATTACKER:
            return self.setting.channel(policy, self.opponent)
        return self.setting.channel(self.opponent, policy)

    def fresh_worlds(self, count: int) -> Worlds:
        """Makes worlds that no policy has met: their seed is drawn."""
        setting, generator = self.setting, self.generators.world
        seed, device = draw_seed(generator), setting.env.device
        return make_worlds(setting.env.spec, seed, 0, count, setting.to_draw, device)

    def enough(
        self, policy: Any, update: int, every: int = TEST_EVERY
    ) -> tuple[bool, int]:
        """Returns whether a policy is strong enough, and the steps played to know it.

        Args:
          policy: the policy that learns.
          update: the number of updates so far; others than multiples of `every` are
            not tested.
          every: the number of updates between two tests.
        """
        if self.stop is None or update % every:
            return False, 0
        tested = self.test(policy)
        return float(tested.returns.mean()) <= self.stop, int(tested.length.sum())

    def test(self, policy: Any, count: int = _TEST_WORLDS) -> Outcome:
        """Plays whole episodes in `count` worlds of the test's, the same at each call.

        The episodes that end in a rollout would be biased: the short ones, which went
        well, end first, and part of each was played by older weights.
        """
        setting, device = self.setting, self.setting.env.device
        spec = setting.env.spec
        worlds = make_worlds(
            spec,
            self.generators.world.initial_seed(),
            0,
            min(count, _TEST_WAVES * spec.side_by_side(count)),
            setting.to_draw,
            device,
        )
        generator = torch.Generator(device).manual_seed(0)
        # A copy: a mixture remembers which member plays where in the stream.
        channel = copy.deepcopy(self.channel(policy))
        return play_worlds(setting.env, setting.team, channel, worlds, generator)
