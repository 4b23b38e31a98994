"""The teams of a table whose rows have different ones: what each is and earns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.reading import need, read_interval, read_list


@dataclass(frozen=True)
class TeamLevel:
    """A team that plays behind some of the defenders.

    Attributes:
      name: the run that has it.
      made: its backbone and what was done to make it robust, in words.
      defenders: names of the defenders that it plays behind.
      clean: its return without attack and filter.
      muted: its return with everybody muted.
    """

    name: str
    made: str
    defenders: Sequence[str]
    clean: Interval
    muted: Interval

    def to_dict(self) -> dict[str, Any]:
        """Returns the team as JSON data."""
        levels = {key: as_dict(getattr(self, key)) for key in ("clean", "muted")}
        return {**vars(self), "defenders": list(self.defenders), **levels}

    @classmethod
    def from_dict(cls, found: Any) -> "TeamLevel":
        """Returns the team of JSON data.

        Raises:
          ValueError: a part is absent or damaged.
        """
        name, made = need(found, "name", "a team"), need(found, "made", "a team")
        clean, muted = (
            read_interval(need(found, key, name), f"{key} of {name}")
            for key in ("clean", "muted")
        )
        return cls(name, made, read_list(found, "defenders"), clean, muted)
