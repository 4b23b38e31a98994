"""The budgets of an attacker at which curves are measured. Needs nothing heavy."""

AXES = ("cap", "rate", "liars")  # what bounds an attacker, each drawn as a curve
_CAPS = (0.25, 0.5, 1.0, 2.0, 4.0, None)
_RATES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)


def budgets(axis: str, num_agents: int) -> tuple[float | None, ...]:
    """Returns the budgets at which a curve is measured, the smallest first.

    Args:
      axis: `cap`, in mean norms of a clean message, where None is no limit; `rate`,
        the share of messages that are bent; or `liars`, how many agents are malicious.
      num_agents: N.
    """
    if axis == "liars":
        return tuple(float(count) for count in range(num_agents + 1))
    return _CAPS if axis == "cap" else _RATES
