"""Players that are policies of a run: which ones, and whether they may play here.

Needs no torch: what is wrong with a name is said before any work starts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from games.engine.registry import Entry
from games.engine.side import Side
from games.engine.threat import Threat
from oracles.strategies.frozen import Frozen
from oracles.strategies.registry import ATTACKS, check_knowledge, strategies
from psro_comm.disk.store import RunStore
from psro_comm.disk.tables import last_table
from psro_comm.lab.session import Request, read_run
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import NO_ATTACK, NO_FILTER, NOBODY
from psro_comm.settings.fields import replace
from psro_comm.studies.player_names import Name, read_name, run_of

TRAINED = {"attack": "trained-attack", "filter": "trained-filter"}
_AN = {"attack": "an attack", "filter": "a filter", "team": "a team"}
_MIXTURES = {"attack": "attacker_mixture", "filter": "defender_mixture"}
_SHARED = ("num_malicious", "mode", "mix_weight", "cap", "rate", "knowledge")


def check_players(
    request: Request, named: Mapping[str, Sequence[str]], *, teams: bool = False
) -> None:
    """Refuses players that cannot play in the game that is asked for.

    Args:
      request: what the command line asks for.
      named: names of players by side, `attack` or `filter`.
      teams: whether defenders may bring a team of their own.

    Raises:
      ValueError: a name that is no player, is of the other side, of another threat, or
        for another number of agents.
      StoreError: the run does not exist.
    """
    for role, names in named.items():
        for name in names:
            read = read_name(name, role)
            if read.team and not teams:
                words = "bin.evaluate and bin.worst_case play teams, nothing else"
                raise ValueError(f"{name!r} names a team: {words}")
            if read.run is None and role == "attack" and read.kind in ATTACKS:
                knowledge = request.config.threat.knowledge
                check_knowledge(f"the attack {name!r}", read.kind, knowledge)
            _check_agents(read, name, role, request.config.num_agents)
            if read.home in (None, request.run):  # what this run makes itself
                continue
            store = run_of(request, name, role, str(read.home))
            check_task(store, name, request.config.task)
            if teams and role == "filter":
                read = read_name(filter_named(store, name), role)
            if read.run in (None, request.run):
                continue
            store = read_run(request.runs_dir, str(read.run))
            for policy in members(store, name, read, role):
                if policy not in (NO_ATTACK, NO_FILTER):
                    frozen = store.load_policy(policy)
                    check_policy(frozen, name, role, request.config.threat)


def count_members(request: Request, name: str, role: str) -> int:
    """Returns how many policies a name means; one that is made here is one.

    Raises:
      ValueError, StoreError: as `check_players`.
    """
    read = read_name(name, role)
    if read.run in (None, request.run):
        return 1
    return len(members(read_run(request.runs_dir, str(read.run)), name, read, role))


def filter_named(store: RunStore, name: str) -> str:
    """Returns the name of the filter of a defender that a run's team may play behind.

    A run that has no filter at all is its team without one.
    """
    read = read_name(name, "filter")
    if read.team is not None:
        return name.partition("+")[2]
    bare = read.kind == "policy" and read.policy is None
    roles = (store.load_policy(each).facts["role"] for each in store.policies())
    return NOBODY if bare and "filter" not in roles else name


def _check_agents(read: Name, name: str, role: str, num_agents: int) -> None:
    """Refuses a ready-made player that is not for a team of that size."""
    config = strategies(Side.of(role)).get(read.kind, Entry(None)).config
    if config is not None and hasattr(config, "check_agents"):
        try:
            replace(config(), read.settings).check_agents(num_agents)
        except ValueError as error:
            raise ValueError(f"{name!r}: {error}") from None


def check_task(store: RunStore, name: str, task: str) -> None:
    """Refuses a player of another task.

    Raises:
      ValueError: it was made for another; the name is in front.
    """
    theirs = store.load_team().facts.get("task")
    if theirs != task:
        raise ValueError(f"{name!r} was made for {theirs}, this is about {task}")


def members(store: RunStore, name: str, read: Name, role: str) -> dict[str, float]:
    """Returns the weights, by policy of the run, of the player that a name means.

    Raises:
      ValueError: the run has no such policy, or no finished R-MACRL.
    """
    if read.kind == "mixture":
        if not store.has("psro"):
            raise ValueError(f"{name!r}: {store.root} holds no finished R-MACRL run")
        if read.settings:
            return _keeping(store, float(read.settings["share"]))
        found = store.load_json("psro")[_MIXTURES[role]].items()
        return {policy: weight for policy, weight in found if weight > 0.0}
    policy = read.policy or TRAINED[role]
    if policy not in store.policies():
        raise ValueError(
            f"{name!r} has no policy {policy!r}; {store.root} has:"
            f" {', '.join(store.policies()) or 'none'}"
        )
    return {policy: 1.0}


def _keeping(store: RunStore, share: float) -> dict[str, float]:
    """Returns the mixture of a run's last table that earns a share of what is clean."""
    from psro_comm.metagame.solvers.frontier import mixture_keeping  # cvxpy is slow

    name = last_table(store.root).stem
    table = PayoffTable.from_dict(store.load_json(name))
    return mixture_keeping(table, share).mixture


def check_policy(frozen: Frozen, name: str, role: str, threat: Threat) -> None:
    """Refuses a policy of the other side, or of another threat.

    Raises:
      ValueError: it may not play; the name is in front.
    """
    if frozen.facts.get("role") != role:
        theirs = str(frozen.facts.get("role"))
        raise ValueError(f"{name!r} is {_AN.get(theirs, theirs)}, not {_AN[role]}")
    ours = _shared(threat.to_plain())
    theirs_ = _shared(frozen.facts.get("threat", threat.to_plain()))
    if threat.knowledge == "white_box":  # who was shown less may play as well
        theirs_["knowledge"] = "white_box"
    other = [f"{key} {theirs_[key]}" for key in ours if theirs_[key] != ours[key]]
    if other:
        raise ValueError(
            f"{name!r} was made under another threat ({', '.join(other)});"
            " set the same --threat flags"
        )


def _shared(threat: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the part of a threat that is the same for all attackers of a table."""
    full = asdict(Threat.from_plain(threat))
    return {key: full[key] for key in _SHARED}
