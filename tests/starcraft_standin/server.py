"""The program that pysc2 launches in the game's place, with the game's arguments.

It serves one client, and ends when that leaves. A client that never comes is waited for
no longer than pysc2 would try.
"""

import argparse
import contextlib
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TextIO

from tests.starcraft_standin.installation import Settings, open_log, read_settings
from tests.starcraft_standin.websocket import Closed, WebSocket

_PATIENCE = 120.0  # seconds


def main() -> None:
    """Listens, plays, and leaves."""
    parser = argparse.ArgumentParser(prefix_chars="-", allow_abbrev=False)
    parser.add_argument("-listen", required=True)
    parser.add_argument("-port", type=int, required=True)
    parser.add_argument("-dataDir", type=Path, required=True)
    # -tempDir and what is about the screen change nothing.
    given, _ = parser.parse_known_args()
    launch, log_path = open_log(given.dataDir)
    settings = read_settings(given.dataDir, launch)
    if settings.quit_is_ignored:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.create_server((given.listen, given.port)) as server:
        server.settimeout(_PATIENCE)
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(None)
    with log_path.open("a", buffering=1) as log, contextlib.suppress(Closed):
        _serve(WebSocket(connection, "/sc2api"), settings, log)
    if settings.quit_is_ignored:
        time.sleep(_PATIENCE)  # long enough to have to be killed, and then over


def _serve(client: WebSocket, settings: Settings, log: TextIO) -> None:
    """Answers until the client leaves or says quit."""
    # Only now: importing torch takes longer than pysc2 waits between two attempts.
    from s2clientprotocol import sc2api_pb2

    from tests.starcraft_standin.game import Game

    game, steps = Game(settings), 0
    while True:
        request = sc2api_pb2.Request.FromString(client.receive())
        kind = request.WhichOneof("request")
        print(kind, file=log)
        if kind == "quit":
            return
        if kind == "step":
            steps += 1
            if steps == settings.die_at_step:
                sys.exit(1)
            if steps == settings.hang_at_step:
                _hang(client)
        client.send(game.answer(request).SerializeToString())


def _hang(client: WebSocket) -> None:
    """Answers nothing any more; raises `Closed` when the client gives up."""
    while True:
        client.receive()


if __name__ == "__main__":
    main()
