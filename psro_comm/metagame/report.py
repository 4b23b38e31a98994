"""The report of a story as one value, which studies make and reports show.

`to_dict` makes the content of `report.json`; `from_dict` reads it, also that of older
runs, in which parts may be absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psro_comm.metagame.intervals import Interval, as_dict
from psro_comm.metagame.iteration import Solved
from psro_comm.metagame.reading import (
    need,
    read_interval,
    read_list,
    read_number,
    read_numbers,
    read_shares,
)
from psro_comm.metagame.rows import Difference, Row
from psro_comm.metagame.suite import Suite
from psro_comm.names import AGAINST, ALL_MUTED, EQUILIBRIUM, TALKING

NO_TALK = "Attacks on messages that a team does not need mean little."
# The least that a talking team loses when muted: per cent of its return, or points of
# success. Either is enough: a negative return has no share, a sure success no gain.
_ENOUGH_TALK = {"fall_percent": (40.0, "%"), "fall_points": (10.0, "points of success")}


@dataclass(frozen=True)
class Gate:
    """The results of a team alone: as it talks, with zeroed messages and with noise.

    Attributes:
      facts: the numbers `episodes`, `seed` and `message_norm`.
      found: intervals by `{quantity}_{condition}`, see `studies.gate`.
    """

    facts: Mapping[str, float]
    found: Mapping[str, Interval]

    def get(self, quantity: str, condition: str) -> Interval | None:
        """Returns a quantity, such as `return`, in a condition; None if unmeasured."""
        return self.found.get(f"{quantity}_{condition}")

    @property
    def talks(self) -> bool:
        """Whether the team needs its messages, so that attacks on them mean something.

        Less than the whole interval of what it loses when muted does not count.
        """
        return any(
            fall.low >= _ENOUGH_TALK[name][0] for name, fall in self._falls().items()
        )

    def in_words(self) -> str:
        """Returns whether the team talks, in a sentence; and a warning if not."""
        clean, muted = (self.get("return", each) for each in (TALKING, ALL_MUTED))
        warning = " " + NO_TALK
        falls = self._falls()
        if not falls:
            words = f"The team earns {clean}: too little to say whether it talks."
            return words + warning
        telling = [name for name in falls if falls[name].low >= _ENOUGH_TALK[name][0]]
        name = (telling or list(falls))[0]
        fall, unit = falls[name], _ENOUGH_TALK[name][1]
        if telling:
            word, warning = "The team really talks", ""
        elif fall.low > 0.0:
            word = "The team talks, but could do without"
        elif fall.contains_zero:
            word = "Cannot tell whether the team talks"
        else:
            word = "The team is better off muted"
        return (
            f"{word}: it earns {clean}, and {muted} when muted, a loss of {fall}"
            f" {unit}.{warning}"
        )

    def _falls(self) -> dict[str, Interval]:
        """Returns what muting all takes, by the measures that were taken."""
        found = {name: self.get(name, ALL_MUTED) for name in _ENOUGH_TALK}
        return {name: fall for name, fall in found.items() if fall is not None}

    def to_dict(self) -> dict[str, Any]:
        """Returns the gate as JSON data, as `gate.json` holds it."""
        found = {key: as_dict(interval) for key, interval in self.found.items()}
        return {**self.facts, **found}

    @classmethod
    def from_dict(cls, found: Any) -> "Gate":
        """Returns the gate of JSON data.

        Raises:
          ValueError: a part is damaged, or the returns, clean and muted, are absent.
        """
        for condition in (TALKING, ALL_MUTED):
            need(found, f"return_{condition}", "the gate")
        facts = {k: v for k, v in found.items() if isinstance(v, int | float)}
        return cls(
            facts,
            {
                key: read_interval(each, f"gate's {key}")
                for key, each in found.items()
                if key not in facts
            },
        )


@dataclass(frozen=True)
class Report:
    """The whole report of a story; a part that an older run lacks is empty or None.

    Attributes:
      task, seed: the task that was played, and the run's seed.
      malicious: the malicious agents, or words that say who they are.
      gate: the results of the team alone.
      rows: the story's lines, as `psro_comm.names.LABELS` orders them.
      fresh: each defender against its own fresh attacker.
      columns: each defender against the attackers that all defenders meet.
      exploitability_found: lower bounds by defender: what its fresh attacker takes more
        than the meta-equilibrium attacker.
      comparison: R-MACRL minus each vanilla filter.
      detector: how well the vanilla filter detects and repairs.
      roc: by who filters whose messages, the share of forged messages found at each of
        `metagame.defence.FALSE_ALARMS`.
      rmacrl: the output of algorithm 1.
      budgets: environment steps of a training, and number of restarts.
      suite: what each defender keeps in the worst case that a suite of attacks finds.
    """

    task: str
    seed: int
    gate: Gate
    rows: Sequence[Row]
    malicious: Sequence[int] | str = "not said"
    fresh: Sequence[Row] = ()
    columns: Sequence[Row] = ()
    exploitability_found: Mapping[str, Interval] = field(default_factory=dict)
    comparison: Sequence[Difference] = ()
    detector: Mapping[str, float] = field(default_factory=dict)
    rmacrl: Solved | None = None
    budgets: Mapping[str, int] = field(default_factory=dict)
    suite: Suite | None = None
    roc: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def by_pair(self) -> dict[tuple[str, str], Row]:
        """Returns the story's lines by defender and attacker."""
        return {row.pair: row for row in self.rows}

    def crossed(self) -> dict[tuple[str, str], Row]:
        """Returns who met whom by (attacker in words, defender)."""
        words = {**AGAINST, EQUILIBRIUM: EQUILIBRIUM}
        cells = {}
        for row in (*self.columns, *self.fresh):
            defender, attacker = row.against
            cells[words.get(attacker, attacker), defender] = row
        return cells

    def differences(self) -> dict[tuple[str, str], Interval]:
        """Returns R-MACRL minus another defender, by (against, the other)."""
        return {
            (line.against, line.theirs): line.difference for line in self.comparison
        }

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as JSON data, as `report.json` holds it."""
        found: dict[str, Any] = dict(vars(self))
        for part in ("rows", "columns", "comparison"):
            found[part] = [line.to_dict() for line in found[part]]
        # The word of the first reports, which finished runs hold.
        found["worst_case"] = [line.to_dict() for line in found.pop("fresh")]
        found["suite"] = self.suite.to_dict() if self.suite else {}
        found["exploitability_found"] = {
            name: as_dict(taken) for name, taken in self.exploitability_found.items()
        }
        found["roc"] = {name: list(curve) for name, curve in self.roc.items()}
        found["gate"] = self.gate.to_dict()
        found["rmacrl"] = self.rmacrl.to_dict() if self.rmacrl else {}
        return found

    @classmethod
    def from_dict(cls, found: Any) -> "Report":
        """Returns the report of JSON data; it ignores parts that it does not know.

        Raises:
          ValueError: `task`, `seed`, `gate` or `rows` is absent, or a part is damaged.
        """
        task, seed = need(found, "task"), int(read_number(found, "seed"))
        gate = Gate.from_dict(need(found, "gate"))
        need(found, "rows")
        rows, fresh, columns = (
            [Row.from_dict(row) for row in read_list(found, part)]
            for part in ("rows", "worst_case", "columns")
        )
        taken = found.get("exploitability_found", {})
        solved, suite = found.get("rmacrl"), found.get("suite")
        return cls(
            task,
            seed,
            gate,
            rows,
            found.get("malicious", found.get("captured", "not said")),
            fresh,
            columns,
            {k: read_interval(v, f"exploitability of {k}") for k, v in taken.items()},
            [Difference.from_dict(line) for line in read_list(found, "comparison")],
            read_numbers(found.get("detector", {}), "detector"),
            Solved.from_dict(solved) if solved else None,
            dict(found.get("budgets", {})),
            Suite.from_dict(suite) if suite else None,
            {
                name: read_shares(each, name)
                for name, each in found.get("roc", {}).items()
            },
        )
