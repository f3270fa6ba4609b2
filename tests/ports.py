"""Ports on loopback that nobody listens on yet and nobody else gets: each stays bound until the tests end."""

import socket

HOST = "127.0.0.1"
_HELD: list[socket.socket] = []


def held_port() -> int:
    """A port for a server that may share an address: on Linux it listens beside a socket that is only bound."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind((HOST, 0))
    _HELD.append(place)
    return int(place.getsockname()[1])
