"""Trains a team that talks, and measures what it loses when its messages are zeroed.

python -m bin.train_team --task=predator_prey_p05 --run=team

A team may be made robust: it learns on under lies (--harden), with messages dropped
(--training.message_dropout), hears nobody (--nocommnet.talks), weighs what it hears
(--commnet.reliability), or acts by majority over subsets (--commnet.ensemble).
"""

from absl import flags

from psro_comm.command import request as command_line
from psro_comm.command.again import again
from psro_comm.command.plan import plan_team
from psro_comm.command.shell import run_main
from psro_comm.lab.session import open_lab, read_run
from psro_comm.settings.experiment import ExperimentConfig
from psro_comm.settings.fields import replace

command_line.define(*("evaluation.episodes", "hardening"), but=["hardening.start"])
flags.DEFINE_string(
    "harden", None, "Run whose team learns on under lies, instead of a new one."
)
_OF_IMITATION = [f"training.{name}" for name in ("imitation_fraction", "teacher_prob")]
_OF_HARDENING = [
    f"hardening.{name}" for name in ("share", "rounds", "search_steps", "families")
]
flags.DEFINE_boolean(
    "ceilings", False, "Print what is left with each agent's messages replaced, too."
)


def main(_: list[str]) -> None:
    """Trains (or continues) the team and prints the gate."""
    start = flags.FLAGS.harden
    if start is None:
        command_line.refuse(_OF_HARDENING, "without --harden")
    request = command_line.request(adapt=lambda config: _hardened(config, start))
    if start is not None:
        command_line.refuse(_OF_IMITATION, "with --harden, which imitates nobody")
        read_run(request.runs_dir, start)
        if request.team is not None:
            command_line.refuse(["harden"], f"with the team of {request.team!r}")
    if command_line.FLAGS.dry_run:
        print(plan_team(request))
        return
    from psro_comm.reports.pages.studies import team_page
    from psro_comm.reports.teams.words import certificate_section
    from psro_comm.reports.terminal import render_ceilings, render_gate
    from psro_comm.studies.ceilings import ceilings
    from psro_comm.studies.certificate import certify, is_ensemble
    from psro_comm.studies.story import Story

    with open_lab(request) as lab:
        gate = Story(lab).gate()
        asked, episodes = flags.FLAGS.ceilings, request.config.evaluation.episodes
        replaced = ceilings(lab, episodes) if asked else []
        certain = {}
        if is_ensemble(lab.team()):
            certain = {request.run: certify(lab, "gate")}
        root, config = lab.store.root, request.config
        page = team_page(gate, config.task, config.seed, replaced, certain)
        files = page.save(root, again("train_team", request))
    print(render_gate(gate))
    if replaced:
        print(f"\n{render_ceilings(replaced)}")
    if sure := certificate_section(certain, {}):
        print(f"\n{sure.as_text()}")
    saved = [root / "team.safetensors", root / "gate.json", *files]
    print("\nSaved:", ", ".join(map(str, saved)))


def _hardened(config: ExperimentConfig, start: str | None) -> ExperimentConfig:
    """Returns the experiment of a team that learns on: gently, without a teacher."""
    if start is None:
        return config
    changes = {"hardening.start": start, "training.imitation_fraction": 0.0}
    rate = "q" if config.learner == "ndq" else "ppo"
    usual = getattr(config.training, rate).learning_rate
    return replace(config, changes | {f"training.{rate}.learning_rate": usual / 2})


if __name__ == "__main__":
    run_main(main)
