"""Studies what a defence costs and why it works: one filter, and what its parts bring.

A filter meets nobody, families of made-up lies and attacks that nobody trains: by the
run's liars, by each other agent, and by one liar more. Nothing is searched here, so
that the worst of these lies is no worst case.
"""

from collections.abc import Sequence
from pathlib import Path

from psro_comm.lab.lab import Lab
from psro_comm.metagame.defence import Defence
from psro_comm.studies.defence.lies import TRACKING, Lessons, lessons_of
from psro_comm.studies.defence.places import grounds, measure
from psro_comm.studies.defence.variants import WHOLE, Made, compare, lacking, whole
from psro_comm.studies.gate import warn_unless_it_talks
from psro_comm.studies.players import find_player
from psro_comm.studies.suite.attackers import digest


def study_defence(lab: Lab, name: str, parts: Sequence[str], runs_dir: Path) -> Defence:
    """Returns what a filter costs, keeps and believes, and what it does without a part.

    Args:
      lab: the lab of the run that keeps all of it, whose filter is a tracking one.
      name: the filter, see `studies.player_names`; `tracking` is trained here.
      parts: what is taken away from one that is trained here, one by one.
      runs_dir: folder of all runs.

    Raises:
      ValueError: an unknown filter.
    """
    warn_unless_it_talks(lab)
    if name == TRACKING:
        filter_ = whole(lab, name).player
        lessons: Lessons | None = Lessons.of(lab.config.filter_oracle)
    else:
        filter_ = find_player(lab, name, "filter", runs_dir)
        lessons = lessons_of(name, runs_dir)
    fields = grounds(lab, runs_dir)
    measured = [measure(ground, filter_, lessons, runs_dir) for ground in fields]
    made: list[Made] = []
    if parts:
        own = whole(lab, name if name == TRACKING else WHOLE)
        made = [own, *lacking(lab, parts)]
    variants = compare(fields[0], made, measured[0][1]) if made else []
    config, everyone = lab.config, [filter_, *(each.player for each in made)]
    found = Defence(
        f"defence-{digest(everyone)}",
        *(config.task, config.seed, name, config.evaluation.episodes),
        *([place for place, _ in measured], variants),
    )
    lab.store.save_json(found.name, found.to_dict())
    return found
