"""Runs the paper's whole experiment in one run: the story, in five chapters.

    team -> attack -> filter -> a fresh attack breaks the filter -> R-MACRL
         -> a suite of attacks on every defender -> verdict

Source: paper sections 4.2 to 4.5; experiments E1, E4 and E5.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from absl import logging

from games.engine.side import Side
from oracles.strategies.attacks.noise import NoiseAttack
from oracles.strategies.freezing import freeze, thaw
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting
from psro_comm.lab.lab import Lab, Response
from psro_comm.lab.mixed import Mixed
from psro_comm.metagame.report import Gate, Report
from psro_comm.metagame.suite import Suite
from psro_comm.names import (
    AGAINST,
    ALL_MUTED,
    ATTACK,
    EQUILIBRIUM,
    FRESH,
    HELD_OUT,
    HELD_OUT_SET,
    LABELS,
    NO_ATTACK,
    NO_FILTER,
    NOISE,
    OWN,
    RMACRL,
    STOPPED,
    TALKING,
    UNTRAINED,
    VANILLA,
    VANILLA_LONG,
)
from psro_comm.psro.rmacrl import RMacrl, Solution, benign
from psro_comm.settings.portfolio import longer, steps_of_an_iteration, stopping_at
from psro_comm.settings.tasks import stop_return
from psro_comm.studies.detector import filter_report, roc_of
from psro_comm.studies.findings import compared, exploited
from psro_comm.studies.gate import measured_gate
from psro_comm.studies.inspection.tracks import replay
from psro_comm.studies.opening import begin_psro, open_psro
from psro_comm.studies.players import find_player
from psro_comm.studies.suite.search import search_players
from psro_comm.studies.worst_case import audit, breaker, row

_ITERATIONS = 3  # at least; one would show nothing of the populations


class Story:
    """A runner of the story in a lab; every chapter is resumable.

    Attributes:
      replays: episodes of the story that was told, of `studies.inspection.tracks`.
    """

    def __init__(self, lab: Lab) -> None:
        """Prepares the story; chapters that the run has stored are not made again."""
        self.lab, self.config = lab, lab.config
        self.none_filters, self.none_attacks = benign()
        self.nobody = Mixed.pure(NO_FILTER, self.none_filters[NO_FILTER])
        self.attacks: dict[str, Frozen] = {}
        self.replays: list[dict[str, Any]] = []

    def tell(self) -> Report:
        """Runs all chapters; returns the report (also saved as `report.json`)."""
        gate = self.gate()
        asked = self._attack_and_defend()
        solution, rmacrl = self._solve()
        (policy,) = self.lab.respond([asked])
        vanilla = Mixed.pure(VANILLA, policy)
        self.lab.store.save_json("psro", solution.summary().to_dict())
        defenders = self._break(vanilla, solution, rmacrl)
        self.replays = self._replay(defenders)
        report = self._report(gate, defenders, solution, rmacrl)
        self.lab.store.save_json("report", report.to_dict())
        return report

    def gate(self) -> Gate:
        """Trains the team and measures how much it talks."""
        lab = self.lab
        _chapter("1. A team learns to play and to talk")
        team = lab.team()
        episodes = self.config.evaluation.episodes
        if not lab.inputs.has("gate", episodes):
            found = measured_gate(lab, episodes)
            lab.store.save_json("gate", found)
        gate = Gate.from_dict(lab.store.load_json("gate"))
        clean, muted = (gate.get("return", each) for each in (TALKING, ALL_MUTED))
        name = team.digest()[:8]
        logging.info("team %s earns %s, and %s when muted", name, clean, muted)
        return gate

    def _attack_and_defend(self) -> Response:
        """Trains attacks; begins the vanilla filter, and returns its task."""
        lab, config = self.lab, self.config
        _chapter("2. An attacker bends the messages of one agent")
        recipe = config.recipe(Side.ATTACKER)
        stop = getattr(recipe.config, "stop_return", None)
        if stop is None:
            stop = stop_return(config.task)
        full, stopped = stopping_at(recipe, None), stopping_at(recipe, stop)
        alone = (self.none_filters, [1.0])
        begin_psro(lab)  # beside these
        wide, early, held_out = lab.respond(
            [
                Response(ATTACK, *alone, full),
                Response(STOPPED, *alone, stopped),
                Response(HELD_OUT, *alone, full),
            ]
        )
        self.attacks |= {ATTACK: wide, STOPPED: early, HELD_OUT: held_out}
        _chapter(
            "3. A filter learns to flag and to repair; then a fresh attacker comes"
        )
        vanilla = Response(VANILLA, {ATTACK: wide}, [1.0], config.recipe(Side.DEFENDER))
        lab.ahead([vanilla])  # chapter 4 needs it not
        return vanilla

    def _solve(self) -> tuple[Solution, RMacrl]:
        _chapter("4. R-MACRL: populations of attackers and filters")
        rmacrl = open_psro(self.lab)
        return rmacrl.solve(at_least=_ITERATIONS), rmacrl

    def _break(
        self, vanilla: Mixed, solution: Solution, rmacrl: RMacrl
    ) -> dict[str, Mixed]:
        """Trains a fresh attacker on every defender; returns the defenders."""
        lab = self.lab
        _chapter("5. The worst case: a suite of attacks on each frozen defender")
        weights = dict(zip(solution.table.defenders, solution.x, strict=True))
        mixture = Mixed.supported(RMACRL, rmacrl.filters, weights)
        defenders = {VANILLA: vanilla, RMACRL: mixture}
        if self.config.psro.paper:
            defenders[VANILLA_LONG] = self._long(solution)
        broken = lab.respond(
            [breaker(lab, FRESH[name], each) for name, each in defenders.items()]
        )
        fresh = (FRESH[name] for name in defenders)
        self.attacks |= dict(zip(fresh, broken, strict=True))
        return {name: defenders[name] for name in FRESH if name in defenders}

    def _long(self, solution: Solution) -> Mixed:
        """Returns the vanilla filter, trained as long as all of the paper's R-MACRL."""
        config = self.config
        steps = config.attack_oracle.env_steps + config.filter_oracle.env_steps
        recipe = longer(
            config.recipe(Side.DEFENDER),
            steps * config.psro.restarts * solution.iterations,
        )
        against = ({ATTACK: self.attacks[ATTACK]}, [1.0])
        (policy,) = self.lab.respond([Response(VANILLA_LONG, *against, recipe)])
        return Mixed.pure(VANILLA_LONG, policy)

    def _noise(self, attack: str) -> Frozen:
        """Returns random noise of the same distortion as a trained attack's."""
        table = self.lab.table(
            f"{attack}.size",
            self.none_filters,
            {attack: self.attacks[attack]},
            self.config.psro.episodes,
        )
        size = float(table.mean_distortion()[0, 0])
        trained = thaw(self.attacks[attack])
        noise = NoiseAttack(trained.threat, trained.message_rms.shape[0], size=size)
        noise.load_state_dict(
            {k: v for k, v in trained.state_dict().items() if k.startswith("message")}
        )
        return freeze(noise)

    def _detector(self, vanilla: Mixed) -> dict[str, float]:
        """Measures how well the vanilla filter detects and repairs the known attack."""
        setting = build_setting(self.lab.setting())
        device = setting.env.device
        return filter_report(
            setting,
            thaw(vanilla.policies[VANILLA], device),
            thaw(self.attacks[ATTACK], device),
            torch.Generator(device).manual_seed(self.lab.seed("detector")),
        )

    def _roc(self, defenders: Mapping[str, Mixed]) -> dict[str, list[float]]:
        """Returns ROC curves against the known attack, and against the fresh one."""
        setting, lab = build_setting(self.lab.setting()), self.lab
        device = setting.env.device
        found = {}
        for name, defender in defenders.items():
            for attack in (ATTACK, FRESH[name]):
                label = f"{name} against {attack}"
                luck = torch.Generator(device).manual_seed(lab.seed(f"roc/{label}"))
                players = defender.thaw(device), thaw(self.attacks[attack], device)
                if curve := roc_of(setting, *players, luck):
                    found[label] = curve
        return found

    def _replay(self, defenders: Mapping[str, Mixed]) -> list[dict[str, Any]]:
        """Plays an episode behind the vanilla filter, and one behind R-MACRL.

        None where a world cannot be played twice: its tracks would be of two worlds.
        """
        if not self.lab.env.spec.batched:
            return []
        return [
            replay(self.lab, Mixed.pure(attack, self.attacks[attack]), defenders[name])
            for name, attack in ((VANILLA, ATTACK), (RMACRL, FRESH[RMACRL]))
        ]

    def _opponents(self, solution: Solution, rmacrl: RMacrl) -> dict[str, Mixed]:
        recipe = self.config.recipe(Side.ATTACKER)
        (untrained,) = self.lab.respond(
            [Response(UNTRAINED, self.none_filters, [1.0], recipe, untrained=True)]
        )
        self.attacks |= {
            NOISE: self._noise(ATTACK),
            UNTRAINED: untrained,
            NO_ATTACK: self.none_attacks[NO_ATTACK],
        }
        singles = {n: Mixed.pure(n, a) for n, a in self.attacks.items()}
        weights = dict(zip(solution.table.attackers, solution.y, strict=True))
        equilibrium = Mixed.supported(EQUILIBRIUM, rmacrl.attacks, weights)
        held_out = {name: self.attacks[name] for name in (HELD_OUT, STOPPED, NOISE)}
        together = Mixed(HELD_OUT_SET, held_out, np.ones(3) / 3)
        return {**singles, equilibrium.name: equilibrium, together.name: together}

    def _report(
        self,
        gate: Gate,
        defenders: Mapping[str, Mixed],
        solution: Solution,
        rmacrl: RMacrl,
    ) -> Report:
        opponents = self._opponents(solution, rmacrl)
        everyone = [self.nobody, *defenders.values()]
        shown = self.lab.knowing()  # some of R-MACRL's attackers know all there is
        table = audit(shown, "audit", everyone, list(opponents.values()))
        fresh = {name: opponents[FRESH[name]] for name in defenders}
        named = {NO_FILTER: self.nobody, **defenders}
        common = [opponents[name] for name in (NO_ATTACK, EQUILIBRIUM, HELD_OUT_SET)]
        config = self.config
        return Report(
            task=config.task,
            seed=config.seed,
            malicious=list(self.lab.malicious() or ()) or "drawn per episode",
            gate=gate,
            rows=[
                row(table, label, named[defender], opponents[attacker])
                for (defender, attacker), label in LABELS.items()
                if defender in named and attacker in opponents
            ],
            fresh=[
                row(table, AGAINST[OWN], defenders[name], fresh[name])
                for name in defenders
            ],
            columns=[
                row(table, f"{name} against {rival.name}", defenders[name], rival)
                for name in defenders
                for rival in (*common, fresh[name])
            ],
            exploitability_found=exploited(table, defenders, opponents, fresh),
            comparison=compared(table, defenders, opponents, fresh),
            detector=self._detector(defenders[VANILLA]),
            roc=self._roc(defenders),
            rmacrl=solution.summary(),
            budgets={
                "attack": config.attack_oracle.env_steps,
                "filter": config.filter_oracle.env_steps,
                "restarts": config.psro.restarts,
                "R-MACRL": solution.iterations * steps_of_an_iteration(config),
            },
            suite=self._suite(defenders),
        )

    def _suite(self, defenders: Mapping[str, Mixed]) -> Suite:
        """Returns what the defenders keep, and the yardsticks that learn nothing."""
        lab = self.lab
        runs_dir, run = lab.store.root.parent, lab.store.root.name
        none, mute, gate = (
            find_player(lab, name, "filter", runs_dir)
            for name in ("none", "mute", "norm")
        )
        everyone = [none, *defenders.values(), gate, mute]
        return search_players(
            *(lab, everyone, [f"{run}/{VANILLA}"], runs_dir),
            met=defenders,
            beside=[none.name, gate.name],
        )


def _chapter(title: str) -> None:
    logging.info("%s", title)
