"""What a team keeps of its return without what one agent says.

A detector that is never wrong and replaces a liar for good keeps no more. Where that is
as low as what an attack leaves, no detector can help; where it is as high as the clean
return, to replace costs nothing.
"""

from games.engine.side import Side
from oracles.strategies.best_response import new_policy
from oracles.strategies.filters.config import REPLACEMENTS, AlwaysReplaceConfig
from oracles.strategies.freezing import freeze
from oracles.strategies.jobs import build_setting
from psro_comm.lab.lab import Lab
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.rows import Row
from psro_comm.psro.rmacrl import benign
from psro_comm.studies.worst_case import play_pairs, row

_NAME = "ceilings"


def ceilings(lab: Lab, episodes: int) -> list[Row]:
    """Returns what a lab's team earns clean, and with each agent replaced in each way.

    Args:
      lab: the lab of the team, which keeps the table.
      episodes: number of worlds, the same for all.
    """
    setting = build_setting(lab.setting())
    (nobody,), (none,) = (
        [Mixed.pure(name, policy) for name, policy in side.items()] for side in benign()
    )
    found = {"clean": nobody}
    for agent in range(setting.env.spec.num_agents):
        for how in (each for each in REPLACEMENTS if each != "best"):  # of the others
            config = AlwaysReplaceConfig(agent, how)
            rule = new_policy(setting, Side.DEFENDER, "always_replace", config)
            name = f"always_replace@{agent}@replace={how}"
            label = f"agent {agent} replaced by {how.replace('_', ' ')}"
            found[label] = Mixed.pure(name, freeze(rule))
    pairs = [(each, none) for each in found.values()]
    table = play_pairs(lab, _NAME, pairs, episodes=episodes)
    return [row(table, label, each, none) for label, each in found.items()]
