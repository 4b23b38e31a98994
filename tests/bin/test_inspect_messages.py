"""`bin.inspect_messages`: what many worlds amount to, and one of them in full."""

import json
import re
from pathlib import Path

from tests.bin.programs import run

PLAYERS = ("--attack=noise@9", "--filter=untrained", "--run=lens")


def test_many_worlds_are_counted_and_one_is_shown(tmp_path):
    done = run("inspect_messages", tmp_path, *PLAYERS)
    assert done.returncode == 0, done.stderr
    saved = [Path(name) for name in done.stdout.split("Saved: ")[1].strip().split(", ")]
    assert [path.suffix for path in saved] == [
        *(".json", ".svg", ".png", ".html", ".html")
    ]
    episode = json.loads(saved[0].read_text())
    assert (episode["attack"], episode["follow"]) == ("noise@9", "attacked")
    statistic = episode["statistic"]
    assert statistic["worlds"] == 8  # as many as --evaluation.episodes
    listener = statistic["agents"]["1"]
    assert f"{100 * listener['turned']['estimate']:.1f} [" in done.stdout
    page = saved[3].read_text()
    assert "Messages before, bent and repaired: noise@9 against untrained" in page
    assert f"The episode, from step {episode['shown']['step']}: " in page
    assert saved[4] == tmp_path / "lens" / "report.html"
    told = json.loads(re.search(r'json">(.*?)</script>', page)[1])
    assert list(told["tracks"]) == ["clean", "attacked", "defended"]
    assert saved[1].stem.endswith(f"-{episode['shown']['step']}")
    other = run("inspect_messages", tmp_path, *PLAYERS, "--follow=clean", "--step=40")
    assert other.returncode == 2
    assert other.stderr.splitlines()[-1] == "error: step is 40, must be 0 to 8"
