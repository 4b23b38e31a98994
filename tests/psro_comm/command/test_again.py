"""The command that makes a run again is the same wherever and however it ran."""

from pathlib import Path

from psro_comm.command.again import again
from psro_comm.lab.session import Request
from psro_comm.settings.tasks import preset


def command(flags: str) -> str:
    request = Request(preset("echo", "smoke"), Path("runs"), "a", 0, flags=flags)
    return again("quickstart", request)


def test_it_has_what_decides_the_result_and_not_how_it_is_run():
    how = "--runs_dir=/tmp/x\n--workers=2\n--executor=ray\n--ray.address=auto\n"
    how += "--wandb=p\n"
    asked = "--task=echo\n--attack.hidden=8\n--nodry_run\n--nocommnet.talks\n"
    assert command(how + asked) == (
        "python -m bin.quickstart --task=echo --attack.hidden=8 --nocommnet.talks"
    )


def test_a_list_with_nothing_in_it_is_left_out():
    asked = "--initial_attacks=\n--initial_filters=a,b\n"
    assert command(asked) == "python -m bin.quickstart --initial_filters=a,b"


def test_a_shell_reads_it_as_it_was_given():
    assert command("--plugin=my file.py\n").endswith(" '--plugin=my file.py'")
    assert command("") == "python -m bin.quickstart"
