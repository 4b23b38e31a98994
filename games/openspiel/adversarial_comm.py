"""The adversarial communication game between filter and attack, for OpenSpiel.

`AdversarialCommGame` is what OpenSpiel's algorithms play while populations grow;
`as_matrix_game` is what its tools of analysis take once payoffs are known. Importing
this module registers the game.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyspiel

DEFENDER = 0  # picks the row, maximises the team return
ATTACKER = 1  # picks the column, minimises it
_ROLES = ("defender", "attacker")

Rollout = Callable[[int, int], float]  # slots of defender, attacker -> team return

_GAME_TYPE = pyspiel.GameType(
    short_name="python_adversarial_comm",
    long_name="Adversarial communication over frozen populations",
    dynamics=pyspiel.GameType.Dynamics.SIMULTANEOUS,
    # A rollout is noisy, but SAMPLED_STOCHASTIC would ask for the state of its RNG.
    chance_mode=pyspiel.GameType.ChanceMode.DETERMINISTIC,
    information=pyspiel.GameType.Information.ONE_SHOT,
    utility=pyspiel.GameType.Utility.ZERO_SUM,
    reward_model=pyspiel.GameType.RewardModel.TERMINAL,
    max_num_players=2,
    min_num_players=2,
    provides_information_state_string=True,
    provides_information_state_tensor=False,
    provides_observation_string=False,
    provides_observation_tensor=False,
    parameter_specification={"slots": 16},
)


def as_matrix_game(
    matrix: np.ndarray,
    defenders: Sequence[str],
    attackers: Sequence[str],
    name: str = "adversarial_comm",
) -> pyspiel.MatrixGame:
    """Returns the meta-game as an OpenSpiel matrix game, for all tools of OpenSpiel.

    Args:
      matrix: `[m, n]` mean team return; the attacker's payoff is its negative.
      defenders: names of the m rows.
      attackers: names of the n columns.
      name: what OpenSpiel calls the game, in one line without double quotes.

    Raises:
      ValueError: the matrix is empty, does not fit the names or is not finite.
        OpenSpiel would take a NaN, and call the game general-sum.

    Source: paper section 4, the meta-game U.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    shape = (len(defenders), len(attackers))
    if matrix.shape != shape or matrix.size == 0:
        raise ValueError(f"{shape} names need such a matrix, got {matrix.shape}")
    for i, j in np.argwhere(~np.isfinite(matrix)):
        cell = (defenders[i], attackers[j])
        raise ValueError(f"the payoff of {cell} must be finite, got {matrix[i, j]}")
    if not name.isprintable() or '"' in name:
        raise ValueError(f"a game's name is one line without quotes, got {name!r}")
    return pyspiel.create_matrix_game(
        name, name, list(defenders), list(attackers), matrix, -matrix
    )


class AdversarialCommGame(pyspiel.Game):
    """A game of one simultaneous move: each player picks a slot of its population.

    Parameters of a registered game cannot carry networks, so it is loaded with `slots`
    empty slots for each player, and `fill` and `attach` add policies and rollout. A
    filled slot never changes. A copy, pickled or deep, has the names but no rollout;
    what OpenSpiel serialises to text has only the parameters.

    Source: paper section 4, the meta-game.
    """

    def __init__(self, params: dict[str, Any] | None = None) -> None:
        """Makes the game; `pyspiel.load_game` calls this.

        Args:
          params: `slots`, how many policies each player may have, 16 by default.

        Raises:
          ValueError: there is not one slot.
        """
        params = {**_GAME_TYPE.parameter_specification, **(params or {})}
        slots = int(params["slots"])
        if slots < 1:
            raise ValueError(f"slots must be at least 1, got {slots}")
        info = pyspiel.GameInfo(
            num_distinct_actions=slots,
            max_chance_outcomes=0,
            num_players=2,
            min_utility=-math.inf,  # the return of a team has no known bound
            max_utility=math.inf,
            utility_sum=0.0,
            max_game_length=1,
        )
        super().__init__(_GAME_TYPE, info, params)
        self._names: tuple[list[str], list[str]] = ([], [])
        self._rollout: Rollout | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.num_distinct_actions(), self._names)

    def fill(self, player: int, name: str) -> int:
        """Puts a policy into the player's next slot.

        Args:
          player: `DEFENDER` or `ATTACKER`.
          name: the policy's name in the payoff table.

        Returns:
          The slot, which is now a legal action; slots count from 0.

        Raises:
          ValueError: all slots are full, the name is taken, or no such player.
        """
        names, slots = self._population(player), self.num_distinct_actions()
        if name in names:
            raise ValueError(f"{name!r} is slot {names.index(name)} of {names} already")
        if len(names) == slots:
            raise ValueError(f"no slot for {_ROLES[player]} {name!r}: {slots} are full")
        names.append(name)
        return len(names) - 1

    def names(self, player: int) -> tuple[str, ...]:
        """Returns the names of the player's policies, in the order of their slots."""
        return tuple(self._population(player))

    def attach(self, rollout: Rollout) -> None:
        """Sets the rollout that gives the payoff of a joint action.

        Args:
          rollout: `(defender's slot, attacker's slot) -> team return`. It may be
            noisy; each joint action that is applied calls it once.
        """
        self._rollout = rollout

    def team_return(self, defender: int, attacker: int) -> float:
        """Plays two slots against each other once, and returns the team's return.

        Raises:
          ValueError: nothing is attached, a slot is empty, or the return is not
            finite.
        """
        cell = tuple(
            self.policy_name(player, slot)
            for player, slot in enumerate((defender, attacker))
        )
        if self._rollout is None:
            raise ValueError(f"cannot play {cell}: call attach(rollout) first")
        paid = float(self._rollout(defender, attacker))
        if not math.isfinite(paid):
            raise ValueError(f"the return of {cell} must be finite, got {paid}")
        return paid

    def policy_name(self, player: int, slot: int) -> str:
        """Returns the policy's name in one slot; `ValueError` where that is empty."""
        names = self._population(player)
        if not 0 <= slot < len(names):
            raise ValueError(f"{_ROLES[player]}'s slot {slot} is empty, it has {names}")
        return names[slot]

    def new_initial_state(self) -> "AdversarialCommState":
        """Returns the state before both players have picked."""
        return AdversarialCommState(self)

    def make_py_observer(
        self, iig_obs_type: Any = None, params: Any = None
    ) -> "AdversarialCommObserver":
        """Returns an observer: players see who they are, then also the joint action."""
        if params:
            raise ValueError(f"the observer has no parameters, got {params}")
        return AdversarialCommObserver()

    def _population(self, player: int) -> list[str]:
        if player not in (DEFENDER, ATTACKER):
            raise ValueError(f"player must be {DEFENDER} or {ATTACKER}, got {player}")
        return self._names[player]


class AdversarialCommState(pyspiel.State):
    """The state before or after the one joint action; see OpenSpiel's `State`."""

    def __init__(self, game: AdversarialCommGame) -> None:
        """Makes the first state; call `game.new_initial_state()` instead."""
        # No reference to the game is kept: `clone` makes deep copies of attributes.
        super().__init__(game)
        self._returns: list[float] | None = None

    def current_player(self) -> int:
        """Returns that both players move at once, or that the game is over."""
        players = pyspiel.PlayerId
        return players.SIMULTANEOUS if self._returns is None else players.TERMINAL

    def is_terminal(self) -> bool:
        """Returns whether the joint action was played."""
        return self._returns is not None

    def returns(self) -> list[float]:
        """Returns `[u, -u]`, u the team's return; zeros before the joint action."""
        return [0.0, 0.0] if self._returns is None else list(self._returns)

    def _legal_actions(self, player: int) -> list[int]:
        return list(range(len(self.get_game().names(player))))

    def _apply_actions(self, actions: Sequence[int]) -> None:
        paid = self.get_game().team_return(actions[DEFENDER], actions[ATTACKER])
        self._returns = [paid, -paid]

    def _action_to_string(self, player: int, action: int) -> str:
        return self.get_game().policy_name(player, action)

    def __str__(self) -> str:
        picks = zip((DEFENDER, ATTACKER), self.history(), strict=False)
        return " against ".join(self._action_to_string(*pick) for pick in picks)


class AdversarialCommObserver:
    """Gives information states as text, the keys of OpenSpiel's tabular policies.

    The text names the player: otherwise both, who know nothing yet, would share a row.

    Attributes:
      tensor, dict: empty; OpenSpiel asks for both.
    """

    def __init__(self) -> None:
        self.tensor = None
        self.dict: dict[str, np.ndarray] = {}

    def set_from(self, state: AdversarialCommState, player: int) -> None:
        """Does nothing, as there is no tensor to write."""

    def string_from(self, state: AdversarialCommState, player: int) -> str:
        """Returns the information state of one player."""
        return f"{_ROLES[player]}: {state}"


class SlotPolicy(NamedTuple):
    """A policy that always plays one slot, for OpenSpiel's stock sampler.

    It holds no network and no game, so that OpenSpiel may copy it as it likes.
    """

    slot: int  # in the population of the player whose policy it is
    name: str

    def __call__(self, state: Any, player: int | None = None) -> dict[int, float]:
        """Returns the probabilities of actions: `{slot: 1}`."""
        return {self.slot: 1.0}


def _rebuilt(slots: int, names: tuple[list[str], list[str]]) -> AdversarialCommGame:
    game = AdversarialCommGame({"slots": slots})
    for player, population in enumerate(names):
        for name in population:
            game.fill(player, name)
    return game


pyspiel.register_game(_GAME_TYPE, AdversarialCommGame)
