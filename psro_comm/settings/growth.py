"""What of a finished run may be made larger: the same command then goes on.

What cannot grow says why; everything else must stay as it was begun.
"""

from psro_comm.disk.differences import Growth

_FALLS = "its learning rate falls over the whole budget"

GROWTH = Growth(
    settings=("psro.iterations", "psro.patience", "psro.slots", "evaluation.episodes"),
    # Names of what rests neither on the last iteration nor on the evaluation, whether
    # or not it is noted of what it was made: the runs before notes have none.
    kept=(
        r"team(-.*)?|start|trained"
        r"|(first-filter|vanilla-attack|vanilla-filter|untrained-attack)(\..*)?"
        r"|(stopped|held-out)-attack(\..*)?"
        r"|(attack|filter|payoffs|check|iteration)-\d{3}.*"
    ),
    why_not={
        "training.env_steps": _FALLS,
        "attack_oracle.env_steps": _FALLS,
        "filter_oracle.env_steps": _FALLS,
        "psro.episodes": "in these worlds it was decided which policies join",
        "psro.check_episodes": "in these worlds it was decided when to rest",
        "psro.restarts": "the best of so many trainings was kept",
    },
)
VALIDATION = Growth(settings=("iterations", "worlds"))  # everything is made again
OPTIONS = Growth(settings=("seeds",), kept=r".+-\d{3}")
