"""The budget of the long filter, which only the paper's own story trains."""

import numpy as np

from psro_comm.lab.session import Request, open_lab
from psro_comm.metagame.payoffs import PayoffTable
from psro_comm.names import ATTACK
from psro_comm.psro.rmacrl import Solution
from psro_comm.settings.fields import replace
from psro_comm.settings.tasks import preset
from psro_comm.studies.story import Story


def test_the_long_filter_has_r_macrls_whole_budget(tmp_path, monkeypatch):
    changed = {"psro.paper": True, "psro.restarts": 3}
    config = replace(preset("echo", "smoke"), changed)
    asked = []
    with open_lab(Request(config, tmp_path, "s", 0)) as lab:
        story = Story(lab)
        story.attacks[ATTACK] = story.none_attacks["no-attack"]
        answer = story.none_filters["no-filter"]
        monkeypatch.setattr(lab, "respond", lambda all_: asked.extend(all_) or [answer])
        one = np.ones(1)
        two = Solution(PayoffTable.empty(), one, one, False, (None, None))
        assert story._long(two).policies == {"vanilla-filter-long": answer}
    (long,) = asked
    # (attack + filter) steps x restarts x iterations
    assert long.recipe.budget.env_steps == (20_000 + 20_000) * 3 * 2
