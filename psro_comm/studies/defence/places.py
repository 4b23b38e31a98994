"""Plays one filter against all lies, by the run's liars, by others, by more of them."""

from collections.abc import Iterable, Sequence
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

import torch

from oracles.strategies.freezing import thaw
from oracles.strategies.jobs import build_setting
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.defence import Met, Place
from psro_comm.metagame.intervals import Interval, mean_interval, paired_difference
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import MUTE, NOBODY
from psro_comm.settings.fields import replace
from psro_comm.studies.defence.beliefs import Belief
from psro_comm.studies.defence.lies import LIES, Lessons
from psro_comm.studies.detector import listen
from psro_comm.studies.players import find_player
from psro_comm.studies.references import liar_muted
from psro_comm.studies.suite.attackers import digest
from psro_comm.studies.suite.curves import allowing
from psro_comm.studies.worst_case import play_pairs, returns_of

_WORLDS = "defence"  # the same for all places and filters
_MOST_HEARD = 256  # episodes behind a belief


class Ground(NamedTuple):
    """Where lies are told: by whom, and all players that meet there.

    Attributes:
      name: who lies, in words.
      lab: the lab whose threat has them.
      lies: nobody, and all attacks, as players.
      nobody, mute: filters to set another beside.
    """

    name: str
    lab: Lab
    lies: Sequence[Mixed]
    nobody: Mixed
    mute: Mixed

    @property
    def slug(self) -> str:
        """Returns its name as a part of names of artefacts."""
        return self.name.replace(" ", "-").replace(",", "")

    def play(
        self, filters: Iterable[Mixed], old: PayoffTable | None = None
    ) -> PayoffTable:
        """Plays filters against all lies, and the mute one against nobody."""
        rows = [self.nobody, *filters]
        pairs = [(row, lie) for row in rows for lie in self.lies]
        return play_pairs(
            self.lab.knowing(),
            f"{_WORLDS}-{digest([*rows, *self.lies])}-{self.slug}",
            [*pairs, (self.mute, self.lies[0])],
            episodes=self.lab.config.evaluation.episodes,
            worlds=_WORLDS,
            old=old,
        )

    def beliefs(self, filter_: Mixed) -> dict[str, Any]:
        """Returns what a filter believes, `Belief.told`, by the name of the lie."""
        lab, players = self.lab, [filter_, *self.lies]
        name = f"{_WORLDS}-{digest(players)}-{self.slug}-beliefs"
        count = min(_MOST_HEARD, lab.config.evaluation.episodes)
        if not lab.inputs.has(name, count):
            lab.store.set_status(name, 0.0)
            lab.store.save_json(name, self._listened(filter_, count))
        return dict(lab.store.load_json(name))

    def _listened(self, filter_: Mixed, count: int) -> dict[str, Any]:
        setting = build_setting(self.lab.knowing().setting())
        device, norm = setting.env.device, setting.team.message_norm
        found = {}
        for lie in self.lies:
            (policy,) = lie.policies.values()
            luck = torch.Generator(device).manual_seed(self.lab.seed("defence-heard"))
            both = filter_.thaw(device), thaw(policy, device)
            steps = listen(setting, *both, luck, count)
            found[lie.name] = Belief.of(steps, norm).told()
        return found


def grounds(lab: Lab, runs_dir: Path) -> list[Ground]:
    """Returns where a filter is tried: by the run's liars, by others, by one more.

    Others are each other agent with as many as there are liars that follow it.
    """
    agents, count = lab.env.spec.num_agents, lab.config.threat.num_malicious
    held, found = lab.malicious(), {}
    found["drawn anew" if held is None else _who(held)] = lab
    for first in range(agents) if held is not None else ():
        others = tuple(sorted((first + k) % agents for k in range(count)))
        if {*others} != {*(held or ())}:
            found[_who(others)] = _held(lab, others)
    if count < agents:
        more = allowing(lab, "liars", count + 1)
        found[f"{count + 1} liars" if held is None else _who(more.malicious())] = more
    return [_ground(name, each, runs_dir) for name, each in found.items()]


def _who(held: Sequence[int] | None) -> str:
    return f"{'agent' if len(held or ()) == 1 else 'agents'} " + ", ".join(
        map(str, held or ())
    )


def _held(lab: Lab, agents: tuple[int, ...]) -> Lab:
    """Returns the lab with other malicious agents."""
    other = copy(lab)
    other.config = replace(lab.config, {"threat.malicious": agents})
    return other


def _ground(name: str, lab: Lab, runs_dir: Path) -> Ground:
    knowing = lab.knowing()
    lies = [find_player(knowing, each, "attack", runs_dir) for each in (NOBODY, *LIES)]
    both = (find_player(lab, each, "filter", runs_dir) for each in (NOBODY, MUTE))
    return Ground(name, lab, lies, *both)


def measure(
    ground: Ground, filter_: Mixed, lessons: Lessons | None, runs_dir: Path
) -> tuple[Place, PayoffTable]:
    """Returns what a filter makes of all lies of a ground, and the table behind it.

    Args:
      ground: who lies, and the players.
      filter_: the filter.
      lessons: what it has learnt from; None where that is not known.
      runs_dir: folder of all runs.
    """
    table, heard = ground.play([filter_]), ground.beliefs(filter_)
    met = []
    for lie in ground.lies:
        alone, kept = (returns_of(table, f, lie) for f in (ground.nobody, filter_))
        seen = "-" if lessons is None else lessons.has_seen(lie.name)
        met.append(
            Met(
                *(lie.name, "-" if lie.name == NOBODY else seen),
                *(mean_interval(alone), mean_interval(kept)),
                paired_difference(kept, alone),
                **heard[lie.name],
            )
        )
    floor = mean_interval(returns_of(table, ground.mute, ground.lies[0]))
    muted = _liar_muted(ground, runs_dir)
    return Place(ground.name, ground.lab.malicious(), floor, muted, met), table


def _liar_muted(ground: Ground, runs_dir: Path) -> Interval:
    """Returns the return with the liars of a ground muted."""
    lab, beside = ground.lab, f"{_WORLDS}-{ground.slug}"
    episodes = lab.config.evaluation.episodes
    table = liar_muted(lab, _WORLDS, runs_dir, episodes, beside=beside)
    silence = find_player(lab, MUTE, "attack", runs_dir)
    return mean_interval(returns_of(table, ground.nobody, silence))
