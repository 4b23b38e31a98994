"""The sizes and properties of an environment, known without building it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EnvSpec:
    """The sizes and properties of an environment.

    Attributes:
      name: key in `ENVS`.
      num_agents: N.
      obs_size: O.
      state_size: S.
      num_actions: A.
      episode_limit: most steps of an episode.
      reset_noise: uniform numbers in [0, 1) that one world's start needs.
      step_noise: uniform numbers in [0, 1) that one world's step needs.
      batched: many worlds at a time in static shapes.
      reproducible: the noise decides everything that the actions do not.
      most_worlds: B is at most this; none for no bound.
    """

    name: str
    num_agents: int
    obs_size: int
    state_size: int
    num_actions: int
    episode_limit: int
    reset_noise: int
    step_noise: int
    batched: bool = True
    reproducible: bool = True
    most_worlds: int | None = None

    def side_by_side(self, wanted: int) -> int:
        """How many of `wanted` worlds may be played at a time."""
        return min(wanted, self.most_worlds or wanted)
