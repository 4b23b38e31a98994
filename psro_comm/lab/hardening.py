"""Adversarial training: a trained team learns on while agents lie, in rounds.

In a share of the episodes liars, drawn anew each time, tell made-up lies or random
fakes; from the first round on also what attacks have found that were searched on the
team of the moment. So the team meets what the suite will bring, and what was learnt
against one attack is not forgotten for the next.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from games.engine.channel import Channel
from games.engine.population import Mixture
from games.engine.side import Side
from games.engine.strategy import NoAttack, NoFilter
from oracles.strategies.attacks.config import MadeUpConfig
from oracles.strategies.best_response import new_policy
from oracles.strategies.freezing import freeze, thaw, to_tensors
from oracles.strategies.frozen import Frozen
from oracles.strategies.jobs import build_setting, freeze_team
from oracles.strategies.setting import Setting
from oracles.teams.backbones import make_team
from oracles.teams.lies import Lies
from oracles.teams.trainings import TRAININGS
from psro_comm.disk.store import RunStore, run_path
from psro_comm.lab.lab import Lab, Response
from psro_comm.lab.pretraining import facts_of_team
from psro_comm.lab.progress import Progress, tee
from psro_comm.names import NO_FILTER
from psro_comm.settings.experiment import describe
from psro_comm.settings.portfolio import SEARCHED, searches


def harden(lab: Lab) -> None:
    """Trains the team of a run on from that of another, under lies, and stores it.

    Each round's team and attacks are kept as the run's policies, so that a killed
    training goes on from the round that it was in.

    Raises:
      ValueError: the other team is of another task, or of another backbone or size.
      StoreError: there is no such run.
    """
    config = lab.config
    start = RunStore.read(
        run_path(lab.store.root.parent, str(config.hardening.start))
    ).load_team()
    parts = config.hardening.rounds + 1
    found: list[Frozen] = []
    for number in range(parts):
        name = f"hardened-{number}"
        if not lab.store.has(name):
            home = lab.borrowing(start)
            hardened = _learn_on(home, start, found, f"{name}-training", parts)
            if number + 1 == parts:
                lab.store.save_team(hardened)
                return
            lab.store.save_policy(name, hardened)
        start = lab.store.load_policy(name)
        found += _searched(lab.borrowing(start), number)


def _searched(lab: Lab, number: int) -> list[Frozen]:
    """Returns the attacks that are found on the team of the moment."""
    recipes = searches(lab.config.hardening.search_steps)
    opponent = {NO_FILTER: freeze(NoFilter())}
    names = {kind: f"against-hardened-{number}-{kind}" for kind in SEARCHED}
    made: list[Frozen] = []
    for knowing in (False, True):
        maker = lab.knowing() if knowing else lab
        some = [kind for kind in SEARCHED if (kind == "fake") is knowing]
        made += maker.respond(
            [Response(names[k], opponent, [1.0], recipes[k].fresh) for k in some]
        )
    return made


def _learn_on(
    lab: Lab, start: Frozen, found: Sequence[Frozen], name: str, parts: int
) -> Frozen:
    """Trains a part of the budget on from a team, under lies."""
    config, env = lab.config, lab.env
    setting = build_setting(lab.setting())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(lab.seed(name))
        team = make_team(config.backbone, config.backbone_config, env.spec)
    own = team.state_dict()
    try:
        # What the other team lacks, such as how to weigh messages, is learnt anew.
        team.load_state_dict(own | to_tensors(start.tensors))
    except RuntimeError as error:
        raise ValueError(
            f"hardening.start is {config.hardening.start!r}, must be a team of the"
            f" backbone {config.backbone} and of the sizes of this run"
        ) from error
    training = replace(config.training, env_steps=config.training.env_steps // parts)
    lab.metrics.forget(name)
    show = Progress(name, training.updates, show=("team/return_mean",))
    TRAININGS[config.learner].load()(
        env,
        team.to(env.device).train(),
        training,
        seed=lab.seed(name),
        log=tee(lab.metrics.logger(name), show),
        lies=lies(setting, config.hardening, found, lab.seed(f"{name}-lies")),
    )
    hardened = {**describe(config)["hardening"], "from": start.digest()}
    facts = {**facts_of_team(config), "hardened": hardened}
    return freeze_team(team, config.backbone, facts)


def lies(setting: Setting, how: Any, found: Sequence[Frozen], seed: int) -> Lies:
    """Returns who lies while a team learns: nobody, the made-up, fakes, and the found.

    Args:
      setting: the game with the team of the moment, in whose units lies are made up.
      how: the settings of the hardening.
      found: attacks that were found before.
      seed: the seed of the lies.
    """
    generator = torch.Generator(setting.env.device).manual_seed(seed)
    threat = replace(
        setting.threat, malicious=None, redraw_malicious=True, knowledge="white_box"
    )
    game = setting._replace(threat=threat, malicious=None)
    settings = MadeUpConfig(how.families)
    made_up = new_policy(game, Side.ATTACKER, "made_up", settings, generator)
    fakes = new_policy(game, Side.ATTACKER, "random_fake", None, generator)
    liars = [made_up, fakes, *(thaw(each, setting.env.device) for each in found)]
    weights = [0.5, 0.5] if not found else [1 / 3, 1 / 3, *_even(len(found))]
    shares = [1.0 - how.share, *(how.share * weight for weight in weights)]
    for each in liars:
        if hasattr(each, "requires_grad_"):
            each.eval().requires_grad_(False)
    attack = Mixture([NoAttack(), *liars], shares)
    return Lies(Channel(attack, NoFilter(), threat), threat.num_malicious)


def _even(count: int) -> list[float]:
    return [1 / 3 / count] * count
