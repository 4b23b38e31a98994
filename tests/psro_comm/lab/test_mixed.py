"""A mixture has a name, policies and weights, and plays what it holds."""

import numpy as np

from games.engine.population import Mixture
from games.engine.strategy import NoAttack
from games.engine.threat import Threat
from oracles.strategies.attacks.mute import MuteAttack
from oracles.strategies.freezing import freeze
from psro_comm.lab.mixed import Mixed

PEACE, MUTE = freeze(NoAttack()), freeze(MuteAttack(Threat(), 3))


def test_a_single_policy_has_the_whole_weight_and_its_own_name():
    assert Mixed.pure("mute", MUTE) == ("mute", {"mute": MUTE}, [1.0], None)


def test_only_what_has_weight_is_kept_in_the_order_of_the_weights():
    policies = {"peace": PEACE, "mute": MUTE, "other": PEACE}
    mixed = Mixed.supported(
        "both", policies, {"mute": 0.75, "other": 0.0, "peace": 0.25}
    )
    assert mixed.name == "both"
    assert list(mixed.policies) == ["mute", "peace"]
    np.testing.assert_array_equal(mixed.weights, [0.75, 0.25])


def test_thawed_it_is_the_mixture_that_plays():
    mixed = Mixed("both", {"mute": MUTE, "peace": PEACE}, np.array([0.75, 0.25]))
    thawed = mixed.thaw()
    assert isinstance(thawed, Mixture)
    assert [type(member) for member in thawed.members] == [MuteAttack, NoAttack]
    assert thawed.weights.tolist() == [0.75, 0.25]
