"""A promise is kept, missed, or not spoken of."""

import pytest

from psro_comm.benchmarks.timing import Line


@pytest.mark.parametrize(
    ("ours", "here", "kept", "words"),
    [
        (30.0, True, True, "3.0 times (promised 3)"),
        (29.96, True, True, "(promised 3)"),  # as it is shown, to two places
        (29.0, True, False, "2.9 times (promised 3)"),
        (29.0, False, True, "2.9 times"),
    ],
)
def test_a_promise_is_judged_where_it_holds(ours, here, kept, words):
    text, reached = Line("a table", ours, 10.0, "cells/s", 3.0).judged(here)
    assert reached is kept
    assert text.endswith(words)
