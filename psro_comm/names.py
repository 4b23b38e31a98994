"""What defenders, attackers and the rows of a report are called."""

NO_FILTER, NO_ATTACK = "no-filter", "no-attack"


VANILLA, VANILLA_LONG, RMACRL = "vanilla-filter", "vanilla-filter-long", "R-MACRL"


LINES = (
    ("clean: no attack, no filter", NO_FILTER, NO_ATTACK),
    ("untrained attacker", NO_FILTER, "untrained-attack"),
    ("noise as large as the attack's", NO_FILTER, "noise"),
    ("attack, frozen at a threshold", NO_FILTER, "stopped-attack"),
    ("attack, full strength", NO_FILTER, "vanilla-attack"),
    ("filter on, no attack", VANILLA, NO_ATTACK),
    ("filter against the attack it knows", VANILLA, "vanilla-attack"),
    ("filter against a fresh attacker", VANILLA, "fresh-on-vanilla"),
    ("long filter against a fresh attacker", VANILLA_LONG, "fresh-on-long"),
    ("R-MACRL on, no attack", RMACRL, NO_ATTACK),
    ("R-MACRL against the attack", RMACRL, "vanilla-attack"),
    ("R-MACRL against a fresh attacker", RMACRL, "fresh-on-rmacrl"),
)


CONDITIONS = {
    "clean": "messages as they are",
    "all_muted": "all messages zeroed",
    "one_muted": "one sender's messages zeroed",
    "one_noise": "noise on one sender, message-sized",
    "most_cut": "80 % of all numbers cut, the smallest",
}


CLEAN = (NO_FILTER, NO_ATTACK)


ATTACKED = (NO_FILTER, "vanilla-attack")


NOISE = (NO_FILTER, "noise")


FILTERED = (VANILLA, NO_ATTACK)


REPAIRED = (VANILLA, "vanilla-attack")


BROKEN = (VANILLA, "fresh-on-vanilla")


EQUILIBRIUM, HELD_OUT, UNATTACKED, FRESH = (
    "meta-equilibrium attacker",
    "held-out attackers",
    "no attack",
    "each one's own fresh attacker",
)
