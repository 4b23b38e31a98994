"""The server's side of a websocket, as far as the game's clients need one (RFC 6455).

pysc2 sends protobuf in text frames, which ordinary libraries refuse as broken UTF-8.
"""

import base64
import hashlib
import socket
import struct

_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # the standard's
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10


class Closed(Exception):
    """The client has gone."""


class WebSocket:
    """One accepted connection."""

    def __init__(self, connection: socket.socket, path: str) -> None:
        """Shakes hands on `path`; any other is answered with 404."""
        self._connection = connection
        self._received = connection.makefile("rb")
        line, *headers = self._request()
        if line.split()[1:2] != [path]:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")
            raise Closed(f"the client asked for {line!r}")
        fields = dict(header.split(": ", 1) for header in headers)
        key = {name.lower(): value for name, value in fields.items()}[
            "sec-websocket-key"
        ]
        digest = hashlib.sha1(key.encode() + _SALT).digest()
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
            + base64.b64encode(digest)
            + b"\r\n\r\n"
        )

    def receive(self) -> bytes:
        """The next message, text or binary alike."""
        message = b""
        while True:
            final, kind, payload = self._frame()
            if kind == _CLOSE:
                raise Closed("the client closed the connection")
            if kind == _PING:
                self._send(_PONG, payload)
            elif kind in (_CONTINUED, _TEXT, _BINARY):
                message += payload
                if final:
                    return message

    def send(self, message: bytes) -> None:
        """Sends `message` as one binary frame."""
        self._send(_BINARY, message)

    def _request(self) -> list[str]:
        lines = []
        while line := self._received.readline().decode("latin-1").strip():
            lines.append(line)
        if not lines:
            raise Closed("the client said nothing")
        return lines

    def _frame(self) -> tuple[bool, int, bytes]:
        head, size = self._read(2)
        masked, size = size & 0x80, size & 0x7F
        if size >= 126:
            wide = "!H" if size == 126 else "!Q"
            (size,) = struct.unpack(wide, self._read(struct.calcsize(wide)))
        mask = self._read(4) if masked else bytes(4)
        payload = self._read(size)
        key = int.from_bytes(mask * (size // 4 + 1), "big") >> 8 * (4 - size % 4)
        plain = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
        return bool(head & 0x80), head & 0x0F, plain

    def _read(self, size: int) -> bytes:
        try:
            data = self._received.read(size)
        except OSError as error:
            raise Closed(str(error)) from error
        if len(data) < size:
            raise Closed("the client has gone")
        return data

    def _send(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | kind, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 127, size)
        try:
            self._connection.sendall(head + payload)
        except OSError as error:
            raise Closed(str(error)) from error
