"""The sizes and properties of an environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """How large an environment is: what settings need to know before it is built.

    Attributes:
      num_agents: N.
      episode_limit: the most steps of an episode.
      most_worlds: the most worlds side by side, B; none for no bound.
    """

    num_agents: int
    episode_limit: int
    most_worlds: int | None = None

    def side_by_side(self, wanted: int) -> int:
        """Returns how many of `wanted` worlds may be played at a time."""
        return min(wanted, self.most_worlds or wanted)


@dataclass(frozen=True, kw_only=True)
class EnvSpec(Extent):
    """The sizes and properties of an environment.

    Attributes:
      num_agents, episode_limit, most_worlds: as in `Extent`.
      name: the key in `ENVS`.
      obs_size: O.
      state_size: S.
      num_actions: A.
      reset_noise: uniform numbers in [0, 1) that one world's start needs.
      step_noise: uniform numbers in [0, 1) that one world's step needs.
      batched: whether many worlds are played at a time, in static shapes.
      reproducible: whether noise and actions alone decide what happens.
      least_reward: a bound below the team's reward of a step; none if none is known.
    """

    name: str
    obs_size: int
    state_size: int
    num_actions: int
    reset_noise: int
    step_noise: int
    batched: bool = True
    reproducible: bool = True
    least_reward: float | None = None
