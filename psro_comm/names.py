"""Names of defenders, of attackers and of the rows of a report."""

NOBODY = "none"  # an attack and a filter that do nothing

# Defenders.
NO_FILTER, VANILLA, VANILLA_LONG = "no-filter", "vanilla-filter", "vanilla-filter-long"
RMACRL, MUTE = "R-MACRL", "mute"  # the latter is an attack as well
MUTES = MUTE, f"{MUTE}@replace=team_mean"  # all that a team hears: nothing, or its mean

# Attackers of a story.
NO_ATTACK, NOISE, UNTRAINED = "no-attack", "noise", "untrained-attack"
ATTACK, STOPPED, HELD_OUT = "vanilla-attack", "stopped-attack", "held-out-attack"
FRESH = {  # the attacker trained from scratch on each defender
    VANILLA: "fresh-on-vanilla",
    VANILLA_LONG: "fresh-on-long",
    RMACRL: "fresh-on-rmacrl",
}
EQUILIBRIUM, HELD_OUT_SET = "meta-equilibrium", "held-out set"  # mixtures of attackers

# Pairs of a defender and an attacker that met.
CLEAN = (NO_FILTER, NO_ATTACK)
ATTACKED = (NO_FILTER, ATTACK)
NOISY = (NO_FILTER, NOISE)
FROZEN = (NO_FILTER, STOPPED)
HARMLESS = (NO_FILTER, UNTRAINED)
FILTERED = (VANILLA, NO_ATTACK)
REPAIRED = (VANILLA, ATTACK)
BROKEN = (VANILLA, FRESH[VANILLA])
LONG_BROKEN = (VANILLA_LONG, FRESH[VANILLA_LONG])
RMACRL_FILTERED = (RMACRL, NO_ATTACK)
RMACRL_REPAIRED = (RMACRL, ATTACK)
RMACRL_BROKEN = (RMACRL, FRESH[RMACRL])

# Rows of a story's report, in order, and their labels.
LABELS = {
    CLEAN: "clean: no attack, no filter",
    HARMLESS: "untrained attacker",
    NOISY: "noise as large as the attack's",
    FROZEN: "attack, frozen at a threshold",
    ATTACKED: "attack, full strength",
    FILTERED: "vanilla filter, no attack",
    REPAIRED: "vanilla filter, the attack it knows",
    BROKEN: "vanilla filter, fresh attacker",
    LONG_BROKEN: "long vanilla filter, fresh attacker",
    RMACRL_FILTERED: "R-MACRL, no attack",
    RMACRL_REPAIRED: "R-MACRL, the attack",
    RMACRL_BROKEN: "R-MACRL, fresh attacker",
}

# Attackers that every defender meets, in words. OWN: the defender's own fresh attacker.
OWN = "fresh"
AGAINST = {
    NO_ATTACK: "no attack",
    EQUILIBRIUM: "meta-equilibrium attacker",
    HELD_OUT_SET: "held-out attackers",
    OWN: "its own fresh attacker",
}
# The same where two defenders are compared.
COMPARED = {**AGAINST, OWN: "each one's own fresh attacker"}

# Conditions in which a team is measured alone.
TALKING, ALL_MUTED, ONE_MUTED = "clean", "all_muted", "one_muted"
ONE_NOISE, MOST_CUT = "one_noise", "most_cut"
CONDITIONS = {
    TALKING: "messages as they are",
    ALL_MUTED: "all messages zeroed",
    ONE_MUTED: "one sender's messages zeroed",
    ONE_NOISE: "noise on one sender, message-sized",
    MOST_CUT: "80 % of all numbers cut, the smallest",
}

# Conditions in which an inspected episode shows each step.
UNDISTURBED, UNDEFENDED, DEFENDED = "clean", "attacked", "defended"
BRANCHES = (UNDISTURBED, UNDEFENDED, DEFENDED)

# What becomes of benign agents' best actions, over many steps; for whom it is counted.
TURNS, REPAIRS, SPOILS, WRONG = "turned", "repaired", "spoiled", "wrong"
EVERYBODY = "all"
