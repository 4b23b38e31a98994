"""The sizes and properties of an environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """How large an environment is: what settings ask of it before it is built.

    Attributes:
      num_agents: N.
      episode_limit: most steps of an episode.
      most_worlds: B is at most this; none for no bound.
    """

    num_agents: int
    episode_limit: int
    most_worlds: int | None = None

    def side_by_side(self, wanted: int) -> int:
        """How many of `wanted` worlds may be played at a time."""
        return min(wanted, self.most_worlds or wanted)


@dataclass(frozen=True, kw_only=True)
class EnvSpec(Extent):
    """The sizes and properties of an environment.

    Attributes:
      num_agents, episode_limit, most_worlds: as in `Extent`.
      name: key in `ENVS`.
      obs_size: O.
      state_size: S.
      num_actions: A.
      reset_noise: uniform numbers in [0, 1) that one world's start needs.
      step_noise: uniform numbers in [0, 1) that one world's step needs.
      batched: many worlds at a time in static shapes.
      reproducible: the noise decides everything that the actions do not.
    """

    name: str
    obs_size: int
    state_size: int
    num_actions: int
    reset_noise: int
    step_noise: int
    batched: bool = True
    reproducible: bool = True
