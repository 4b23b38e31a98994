"""Adversarial signalling: an OpenSpiel game small enough to be solved exactly.

Nature draws a state. An honest sender signals it. The attacker sees the signal and may
put another in its place, at a price. The filter sees what arrives and accepts it, or
has it repaired: read again, at a price, over a noisy line. The receiver then names the
state. Filter and receiver are the defender, who is paid 1 for the right state:

    u = 1[act = state] + forge_cost 1[forged != state] - repair_cost 1[repaired]

Importing this module registers the game. The exact formulas need no OpenSpiel.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pyspiel

from games.engine.settings import check, integer, number

DEFENDER, ATTACKER = 0, 1


@dataclass(frozen=True)
class SignallingConfig:
    """The parameters of the game.

    Attributes:
      states: K, all equally likely; as many signals and acts.
      forge_cost: what a forged signal costs the attacker.
      repair_cost: what a repair costs the defender.
      repair_accuracy: probability that the second reading is the state; every other
        state is equally likely else.
    """

    states: int = integer(3, least=2, most=10)
    forge_cost: float = number(0.1)
    repair_cost: float = number(0.1)
    repair_accuracy: float = number(0.7, least=0, most=1)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)

    def readings(self) -> np.ndarray:
        """Returns `[K, K]`, the probability of a second reading g in state s."""
        others = (1 - self.repair_accuracy) / (self.states - 1)
        hit = np.eye(self.states)
        return self.repair_accuracy * hit + others * (1 - hit)


class Defence(NamedTuple):
    """A defender as realisation weights: a mixture of defenders is their average."""

    accept: np.ndarray  # [K, K] P(accept, act a | signal f)
    repair: np.ndarray  # [K, K, K] P(repair, act a at reading g | signal f), any g


def expected_return(
    config: SignallingConfig, defence: Defence, forging: np.ndarray
) -> float:
    """Returns the defender's exact expected payoff against an attack.

    Args:
      config: the game's parameters.
      defence: the defender's realisation weights.
      forging: `[K, K]` P(signal f | state s).
    """
    return float((forging * _by_signal(config, defence)).sum())


def best_attack(config: SignallingConfig, defence: Defence) -> float:
    """Returns the exact payoff of a defence against its best attack."""
    return float(_by_signal(config, defence).min(axis=1).sum())


def best_defence(config: SignallingConfig, forging: np.ndarray) -> float:
    """Returns the exact payoff of the best defence against an attack.

    For each signal it takes the best act, or a repair and the best act on each reading.
    """
    k = config.states
    reach = forging / k  # [s, f]
    price = config.forge_cost * (reach * (1 - np.eye(k))).sum()
    accept = reach.max(axis=0)
    seen = np.einsum("sf,sg->fgs", reach, config.readings())
    repair = seen.max(axis=2).sum(axis=1) - config.repair_cost * reach.sum(axis=0)
    return float(np.maximum(accept, repair).sum() + price)


def game_value(config: SignallingConfig) -> float:
    """Returns the exact value of the game, to 1e-9.

        min_q  best_defence(forging with probability q, to all other signals alike)

    States can be renamed at will, so that the attacker has an optimal strategy that
    treats them alike (von Neumann and Morgenstern: averages of optimal strategies are
    optimal); what is left is one probability, in which the minimum is convex.
    """
    k = config.states

    def conceded(q: float) -> float:
        return best_defence(config, (1 - q) * np.eye(k) + q * (1 - np.eye(k)) / (k - 1))

    low, high = 0.0, 1.0
    for _ in range(60):  # ternary search of a convex function
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if conceded(left) <= conceded(right):
            high = right
        else:
            low = left
    return conceded((low + high) / 2)


def _by_signal(config: SignallingConfig, defence: Defence) -> np.ndarray:
    """Returns `[K, K]`, the payoff of signal f in state s times the chance of s."""
    k = config.states
    repaired = np.einsum("sg,fgs->sf", config.readings(), defence.repair)
    refused = defence.repair[:, 0].sum(axis=1)  # the same for every reading
    forged = config.forge_cost * (1 - np.eye(k))
    return (defence.accept.T + repaired - config.repair_cost * refused + forged) / k


_GAME_TYPE = pyspiel.GameType(
    short_name="python_adversarial_signalling",
    long_name="Adversarial signalling with a filter",
    dynamics=pyspiel.GameType.Dynamics.SEQUENTIAL,
    chance_mode=pyspiel.GameType.ChanceMode.EXPLICIT_STOCHASTIC,
    information=pyspiel.GameType.Information.IMPERFECT_INFORMATION,
    utility=pyspiel.GameType.Utility.ZERO_SUM,
    reward_model=pyspiel.GameType.RewardModel.TERMINAL,
    max_num_players=2,
    min_num_players=2,
    provides_information_state_string=True,
    provides_information_state_tensor=False,
    provides_observation_string=False,
    provides_observation_tensor=False,
    parameter_specification=asdict(SignallingConfig()),
)


class SignallingGame(pyspiel.Game):
    """The game that `pyspiel.load_game("python_adversarial_signalling")` loads."""

    def __init__(self, params: dict[str, Any] | None = None) -> None:
        """Makes the game; `params` are the fields of `SignallingConfig`."""
        given = {**_GAME_TYPE.parameter_specification, **(params or {})}
        self.config = SignallingConfig(**given)
        costs = abs(self.config.forge_cost) + abs(self.config.repair_cost)
        info = pyspiel.GameInfo(
            num_distinct_actions=self.config.states,
            max_chance_outcomes=self.config.states,
            num_players=2,
            min_utility=-1.0 - costs,
            max_utility=1.0 + costs,
            utility_sum=0.0,
            max_game_length=3,
        )
        super().__init__(_GAME_TYPE, info, given)

    def new_initial_state(self) -> "SignallingState":
        """Returns the state before nature has drawn."""
        return SignallingState(self)

    def make_py_observer(
        self, iig_obs_type: Any = None, params: Any = None
    ) -> "SignallingObserver":
        """Returns an observer, which gives what each player knows as text."""
        return SignallingObserver()


class SignallingState(pyspiel.State):
    """A state. Moves, in this order: nature, attacker, filter, [reading], receiver."""

    def __init__(self, game: SignallingGame) -> None:
        """Makes the first state; call `game.new_initial_state()` instead."""
        super().__init__(game)
        self.config = game.config
        self.moves: list[int] = []  # state, forged, repaired, [reading], act

    def _stage(self) -> str:
        stages = ["nature", "attacker", "filter", "receiver", "end"]
        if self.moves[2:3] == [1]:
            stages.insert(3, "reading")
        return stages[len(self.moves)]

    def current_player(self) -> int:
        """Returns whose move it is."""
        players = pyspiel.PlayerId
        return {
            "nature": players.CHANCE,
            "reading": players.CHANCE,
            "attacker": ATTACKER,
            "filter": DEFENDER,
            "receiver": DEFENDER,
            "end": players.TERMINAL,
        }[self._stage()]

    def is_terminal(self) -> bool:
        """Returns whether the receiver has acted."""
        return self._stage() == "end"

    def chance_outcomes(self) -> list[tuple[int, float]]:
        """Returns nature's draws: states alike, readings by the configuration."""
        k = self.config.states
        if self._stage() == "nature":
            return [(state, 1 / k) for state in range(k)]
        row = self.config.readings()[self.moves[0]]
        return [(reading, float(p)) for reading, p in enumerate(row)]

    def returns(self) -> list[float]:
        """Returns `[u, -u]`; zeros before the end."""
        if not self.is_terminal():
            return [0.0, 0.0]
        state, forged, repaired, *_, act = self.moves
        paid = float(act == state)
        paid += self.config.forge_cost * (forged != state)
        paid -= self.config.repair_cost * repaired
        return [paid, -paid]

    def knowledge(self, player: int) -> str:
        """Returns the information state: all that `player` has seen."""
        if player == ATTACKER:
            return f"attacker {self.moves[:1]}"
        return f"defender {self.moves[1:]}"

    def _legal_actions(self, player: int) -> list[int]:
        return [0, 1] if self._stage() == "filter" else list(range(self.config.states))

    def _apply_action(self, action: int) -> None:
        self.moves.append(int(action))

    def _action_to_string(self, player: int, action: int) -> str:
        return f"{self._stage()} {action}"

    def __str__(self) -> str:
        return " ".join(map(str, self.moves))


class SignallingObserver:
    """Gives information states as text; there are no tensors."""

    def __init__(self) -> None:
        self.tensor = None
        self.dict: dict[str, np.ndarray] = {}

    def set_from(self, state: SignallingState, player: int) -> None:
        """Does nothing, as there is no tensor to write."""

    def string_from(self, state: SignallingState, player: int) -> str:
        """Returns the information state of one player."""
        return state.knowledge(player)


pyspiel.register_game(_GAME_TYPE, SignallingGame)
