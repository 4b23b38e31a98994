"""What a filter believes by step: told by hand, of a liar who begins late."""

from typing import Any

import pytest
import torch

from games.engine.strategy import Decision, Verdict
from games.engine.threat import Threat
from games.environments.echo.env import Echo
from oracles.strategies.setting import Setting
from psro_comm.metagame.defence import FALSE_ALARMS
from psro_comm.studies.defence.beliefs import Belief
from psro_comm.studies.detector import listen
from tests.hand_made import Attacker, Parrots

ENV = Echo()
STEPS = ENV.spec.episode_limit
SETTING = Setting(ENV, Parrots(), Threat(malicious=(1,)), (1,))


class Late(Attacker):
    """Lies from its third step on."""

    memory_size = 1

    def decide(self, view: Any, memory: torch.Tensor, generator: Any) -> Any:
        forgery = super().decide(view, memory, generator)
        delta = forgery.decision.choice * (memory[..., None, 0] >= 2)
        decision = forgery.decision._replace(choice=delta)
        return forgery._replace(decision=decision, memory=memory + 1.0)


class Suspect:
    """Suspects agent 1 by a tenth more at each step, agent 0 by .05; flags above .4."""

    kind = "hand_made"
    memory_size = 1
    observes = False

    def reset(self, done: Any, generator: Any) -> None:
        """Draws nothing."""

    def decide(self, view: Any, memory: torch.Tensor, generator: Any) -> Verdict:
        belief = torch.where(torch.tensor([False, True]), 0.1 * memory[..., 0], 0.05)
        flag = (belief > 0.4).float()
        drawn = torch.where(flag > 0, belief, 1.0 - belief).log()
        decision = Decision(flag, drawn, 0.0 * flag, view.alive)
        return Verdict(decision, view.messages, memory + 1.0)


def told(attack: Attacker) -> dict[str, Any]:
    luck = torch.Generator().manual_seed(0)
    steps = listen(SETTING, Suspect(), attack, luck, 8)
    return Belief.of(steps, SETTING.team.message_norm).told()


def test_belief_by_step_is_that_of_the_liar_and_that_of_the_others():
    found = told(Late(3.0))
    assert found["liar"] == pytest.approx([0.1 * k for k in range(STEPS)])
    assert found["honest"] == pytest.approx([0.05] * STEPS)


def test_who_has_not_lied_yet_is_honest():
    """Guilty are the steps from the third on, and found those that exceed .4."""
    found = told(Late(3.0))
    assert found["found"] == pytest.approx((STEPS - 5) / (STEPS - 2))
    assert found["alarms"] == 0.0
    assert found["auroc"] == 1.0
    assert found["roc"] == [1.0] * len(FALSE_ALARMS)


def test_where_nobody_lies_there_are_alarms_alone():
    found = told(Late(0.0))
    assert (found["auroc"], found["found"], found["roc"]) == (None, None, [])
    assert found["alarms"] == pytest.approx((STEPS - 5) / (2 * STEPS))
