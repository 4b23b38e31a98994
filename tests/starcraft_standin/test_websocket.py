"""The stand-in's websocket, frame by frame."""

import socket
import struct

import pytest

from tests.starcraft_standin.websocket import Closed, WebSocket

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
ASK = (
    b"GET /sc2api HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"  # RFC 6455's example
)


@pytest.fixture
def ends():
    """The client's socket, handshake asked for, and the server's."""
    client, server = socket.socketpair()
    client.settimeout(5.0)
    server.settimeout(5.0)
    with client, server:
        client.sendall(ASK)
        yield client, server


def masked(kind: int, payload: bytes, *, final: bool = True) -> bytes:
    """A client's frame."""
    size, mask = len(payload), b"\x01\xf2\x03\xe4"
    head = struct.pack("!B", kind | 0x80 * final)
    if size < 126:
        head += struct.pack("!B", 0x80 | size)
    elif size < 1 << 16:
        head += struct.pack("!BH", 0x80 | 126, size)
    else:
        head += struct.pack("!BQ", 0x80 | 127, size)
    return head + mask + bytes(b ^ mask[k % 4] for k, b in enumerate(payload))


def test_the_handshake_is_the_standards_example(ends):
    client, server = ends
    WebSocket(server, "/sc2api")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in client.recv(1000)


def test_another_path_is_not_found(ends):
    client, server = ends
    with pytest.raises(Closed, match="sc2api"):
        WebSocket(server, "/other")
    assert client.recv(1000).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 125, 126, 127, 65535, 65536, 70001])
def test_messages_of_every_length_arrive(size, ends):
    client, server = ends
    websocket = WebSocket(server, "/sc2api")
    client.recv(1000)
    message = bytes(range(256)) * (size // 256 + 1)
    client.sendall(masked(TEXT, message[:size]))
    assert websocket.receive() == message[:size]
    websocket.send(message[:size])
    wide = 0 if size < 126 else 2 if size < 65536 else 8
    reply = b""
    while len(reply) < 2 + wide + size:
        reply += client.recv(1 << 20)
    assert reply[0] == 0x80 | BINARY
    assert reply[2 + wide :] == message[:size]
    if wide:
        assert int.from_bytes(reply[2 : 2 + wide], "big") == size


def test_pieces_are_joined_and_pings_answered_between_them(ends):
    client, server = ends
    websocket = WebSocket(server, "/sc2api")
    client.recv(1000)
    client.sendall(masked(TEXT, b"to", final=False) + masked(PING, b"?"))
    client.sendall(masked(PONG, b"") + masked(0, b"gether"))
    assert websocket.receive() == b"together"
    assert client.recv(1000) == bytes([0x80 | PONG, 1]) + b"?"


@pytest.mark.parametrize("last", [masked(CLOSE, b""), masked(TEXT, b"half")[:-2], b""])
def test_a_client_that_leaves_closes_it(last, ends):
    client, server = ends
    websocket = WebSocket(server, "/sc2api")
    client.sendall(last)
    client.close()
    with pytest.raises(Closed):
        websocket.receive()
