"""Ports for servers that tests start."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, closing

# Below the range from which systems take the near ends of outgoing connections: between looking for a port and
# serving on it, none of the thousands of clients of these tests can come to sit on it.
_RANGE = range(20_000, 32_000)
START_SECONDS = 60.0  # for a server to be there, on a machine that does many things at once


def free_port() -> int:
    """A port on which nobody serves."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """So many ports on which nobody serves."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = random.SystemRandom().choice(_RANGE)
            probe = held.enter_context(closing(socket.socket()))
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found
