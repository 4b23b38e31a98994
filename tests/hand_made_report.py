"""A report as `psro_comm.studies.story` makes it, of numbers that tests can foresee."""

import copy
from typing import Any

VANILLA, LONG, RMACRL = "vanilla-filter", "vanilla-filter-long", "R-MACRL"
EQUILIBRIUM, HELD_OUT = "meta-equilibrium attacker", "held-out attackers"
UNATTACKED, FRESH = "no attack", "each one's own fresh attacker"


def interval(estimate: float, half: float = 0.5) -> dict[str, float]:
    """`estimate` and `half` to both sides of it."""
    return {"estimate": estimate, "low": estimate - half, "high": estimate + half}


def row(label: str, defender: str, attacker: str, mean: float) -> dict[str, Any]:
    """One line of who met whom."""
    return {
        "label": label,
        "defender": defender,
        "attacker": attacker,
        "return": interval(mean),
        "success": interval(mean / 100, 0.01),
        "distortion": 0.0 if attacker == "no-attack" else 1.25,
        "episodes": 1000,
    }


def difference(against: str, theirs: str, mean: float) -> dict[str, Any]:
    """R-MACRL minus `theirs`."""
    return {
        "against": against,
        "ours": RMACRL,
        "theirs": theirs,
        "difference": interval(mean),
        "verdict": "",
    }


def step(iteration: int) -> dict[str, Any]:
    """One iteration of algorithm 1."""
    return {
        "iteration": iteration,
        "value": interval(40.0 + iteration),
        "nash_conv_in_table": 1.5e-15,
        "nash_conv_in_table_openspiel": 2.5e-15,
        "oracle_gains_on_fresh_worlds": {
            "attacker": interval(6.0 - iteration),
            "defender": interval(0.25),
        },
        "defender_mixture": {"filter-001": 1.0},
        "attacker_mixture": {"attack-001": 1.0},
        "converged": False,
        "std_error_max": 0.2,
    }


def kept(defender: str, worst: float, floor: float, single: str, above: float) -> Any:
    """What one defender keeps in the worst case of a suite."""
    return {
        "defender": defender,
        "clean": interval(50.0),
        "worst": interval(worst),
        "attack": f"affine on {defender}",
        "black_box": interval(worst + 1.0),
        "black_box_attack": "flip@3",
        "above_floor": interval(floor),
        "returns": {"flip@3": worst + 1.25, f"affine on {defender}": worst - 0.25},
        "single": single,
        "above_single": interval(above),
        "searched": True,
        "certificate": None,
    }


_SUITE = {
    "name": "suite-1234567890",
    "task": "predator_prey_p05",
    "seed": 3,
    "floor": interval(25.0),
    "mute": "mute",
    "liar_muted": interval(45.0),
    "reach": interval(20.0),
    "kept": [
        kept(VANILLA, 20.0, -5.0, LONG, -8.0),
        kept(LONG, 28.0, 3.0, VANILLA, 8.0),
        kept(RMACRL, 35.0, 10.0, LONG, 7.0),
    ],
    "warnings": [f"{VANILLA}: beware"],
    "curves": [],
    "teams": [],
    "chosen_on": 256,
    "measured_on": 1000,
}

_GATE = {
    "episodes": 1000,
    "return_clean": interval(50.0),
    "return_all_muted": interval(25.0),
    "return_one_muted": interval(45.0),
    "return_one_noise": interval(49.0),
    "fall_percent_all_muted": interval(50.0),
    "fall_percent_one_muted": interval(10.0),
    "fall_percent_one_noise": interval(2.0),
    "success_clean": interval(0.75, 0.01),
    "fall_points_all_muted": interval(30.0),
    "greedy_return_clean": interval(52.0),
    "greedy_return_all_muted": interval(27.0),
}

_REPORT = {
    "task": "predator_prey_p05",
    "seed": 3,
    "malicious": [2],
    "gate": _GATE,
    "rows": [
        row("clean: no attack, no filter", "no-filter", "no-attack", 50.0),
        row("noise as large as the attack's", "no-filter", "noise", 48.0),
        row("attack, full strength", "no-filter", "vanilla-attack", 30.0),
        row("vanilla filter, no attack", VANILLA, "no-attack", 47.0),
        row("vanilla filter, the attack it knows", VANILLA, "vanilla-attack", 45.0),
        row("vanilla filter, fresh attacker", VANILLA, "fresh-on-vanilla", 35.0),
        row("long vanilla filter, fresh attacker", LONG, "fresh-on-long", 38.0),
        row("R-MACRL, no attack", RMACRL, "no-attack", 46.0),
        row("R-MACRL, fresh attacker", RMACRL, "fresh-on-rmacrl", 38.2),
    ],
    "columns": [
        row("", name, attacker, mean - k)
        for k, name in enumerate((VANILLA, LONG, RMACRL))
        for attacker, mean in (
            ("no-attack", 47.0),
            ("meta-equilibrium", 41.0),
            ("held-out set", 44.0),
            (f"fresh-on-{('vanilla', 'long', 'rmacrl')[k]}", 36.0),
        )
    ],
    "exploitability_found": {
        VANILLA: interval(9.0),
        LONG: interval(0.1),
        RMACRL: interval(4.0),
    },
    "comparison": [
        difference(EQUILIBRIUM, VANILLA, 5.0),
        difference(HELD_OUT, VANILLA, -2.0),
        difference(UNATTACKED, VANILLA, -1.0),
        difference(FRESH, VANILLA, 3.2),
        difference(EQUILIBRIUM, LONG, 1.0),
        difference(HELD_OUT, LONG, 0.4),
        difference(UNATTACKED, LONG, 0.1),
        difference(FRESH, LONG, 0.2),
    ],
    "rmacrl": {
        "iterations": 2,
        "converged": False,
        "history": [step(1), step(2)],
        "defender_mixture": {"no-filter": 0.0, "filter-001": 0.3, "filter-002": 0.7},
        "attacker_mixture": {"no-attack": 0.0, "attack-002": 1.0},
    },
    "budgets": {"attack": 500_000, "filter": 200_000, "restarts": 2},
    "suite": _SUITE,
}


def make_report() -> dict[str, Any]:
    """A copy that may be spoilt."""
    return copy.deepcopy(_REPORT)
