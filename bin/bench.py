"""Measures the speed of the code as ratios of two rates, in one thread: `make bench`.

`make bench-peers` measures it against other people's packages instead, and
`python -m bin.bench --against=truth` how often the intervals of payoff tables cover it.

Each line compares two things that are measured in turns, so that a busy machine slows
both; the ratio of their best rates counts. Nothing else should run beside it.
"""

from absl import flags

from psro_comm.command.request import refuse
from psro_comm.command.shell import run_main

flags.DEFINE_enum("device", "cpu", ("cpu", "cuda"), "Where to compute.")
flags.DEFINE_integer(
    "rounds",
    None,
    "Number of measurements of each, the best counts (default: 5, on a GPU 3); against"
    " truth of tables of each family (default: 300).",
    1,
)
flags.DEFINE_enum(
    "against",
    "plain",
    ("plain", "peers", "truth"),
    "Plain Python and promised times, other packages (requirements-peers.txt), or the"
    " truth that intervals of payoff tables should cover.",
)


def main(_: list[str]) -> None:
    """Measures and prints every ratio, and whether those promised are kept."""
    if flags.FLAGS.against == "truth":
        from psro_comm.reports.tables.coverage import measured

        refuse(["device"], "with --against=truth")
        print(measured(flags.FLAGS.rounds or 300))
        return
    import torch

    from psro_comm.benchmarks import learning, peers, tables, worlds

    torch.set_num_threads(1)
    device, rounds = flags.FLAGS.device, flags.FLAGS.rounds
    # Small kernels wait for their launch: a GPU takes longer, and is less disturbed.
    given = (device, rounds or (5 if device == "cpu" else 3))
    beside = flags.FLAGS.against == "peers"
    print(peers.PEERS if beside else worlds.PLAIN, flush=True)
    parts = [peers.lines] if beside else [worlds.lines, learning.lines, tables.lines]
    lines = (line for part in parts for line in part(*given))
    kept = True
    for line in lines:
        # What is promised is a CPU's: of a card the ratios are shown, and not judged.
        text, reached = line.judged(device == "cpu")
        kept &= reached
        print(text, flush=True)
    if not kept:
        raise ValueError("a promised ratio was not reached on this machine, now")


if __name__ == "__main__":
    run_main(main)
