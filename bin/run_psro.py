"""R-MACRL (algorithm 1) on one task, through OpenSpiel's PSRO solver.

python -m bin.run_psro --task=echo --budget=smoke --run=a
"""

from psro_comm import command_line
from psro_comm.plan import plan
from psro_comm.rmacrl import RMacrl
from psro_comm.session import open_lab
from psro_comm.shell import run_main
from psro_comm.tables import render_solution

command_line.define()


def main(_: list[str]) -> None:
    """Runs algorithm 1 and prints value, NashConv and both mixtures."""
    request = command_line.request()
    if command_line.FLAGS.dry_run:
        print(plan(request, "psro"))
        return
    with open_lab(request) as lab:
        rmacrl = RMacrl(lab)
        solution = rmacrl.solve()
        summary = rmacrl.summary(solution)
        lab.store.save_json("psro", summary)
        lab.store.set_status("done", 1.0)
        root = lab.store.root
    print(render_solution(summary))
    print(f"\nSaved: {root / 'psro.json'}, {root / 'meta_game.nfg'}")


if __name__ == "__main__":
    run_main(main)
