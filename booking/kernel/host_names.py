"""Addresses of database servers: looked up in time, and remembered for when no name server answers.

The system's own look-up has no deadline that a program could set: a silent name server takes ten seconds and more, and
every request that opens a connection would wait for it. A server does not move because its name cannot be asked.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address

LOOK_UP_SECONDS = 1.5


class LookUp:
    """One question to the system, in a thread of its own, which may outlive its deadline."""

    def __init__(self, ask: Callable[[], list[str]]) -> None:
        self._ask = ask
        self.done = threading.Event()
        self.addresses: list[str] = []
        self.error: OSError | None = None
        self.began = time.monotonic()
        threading.Thread(target=self._run, name="look-up", daemon=True).start()

    def _run(self) -> None:
        try:
            self.addresses = self._ask()
        except (OSError, UnicodeError) as error:
            self.error = error if isinstance(error, OSError) else OSError(str(error))
        self.done.set()

    def wait(self) -> list[str]:
        """Return the addresses in time; none where there are none yet."""
        self.done.wait(max(0.0, self.began + LOOK_UP_SECONDS - time.monotonic()))
        return self.addresses


class HostNames:
    """The addresses of each name that were found last."""

    def __init__(self, ask: Callable[[str], list[str]]) -> None:
        self._ask = ask
        self._known: dict[str, list[str]] = {}
        self._running: dict[str, LookUp] = {}
        self._guard = threading.Lock()

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of a name, else those that it had. Raises OSError where it never had any.

        All who ask at the same time wait for one look-up, and once it is overdue for nothing.
        """
        with self._guard:
            look_up = self._running.get(name)
            if look_up is None:
                look_up = self._running[name] = LookUp(lambda: self._ask(name))
        found = look_up.wait()
        with self._guard:
            if look_up.done.is_set() and self._running.get(name) is look_up:
                del self._running[name]
            if found:
                self._known[name] = found
            known = self._known.get(name)
        if known is None:
            raise look_up.error or OSError(f"no name server answered within {LOOK_UP_SECONDS:g} s")
        return known

    def forget_running(self) -> None:
        """Ask anew in a process that was just forked: the threads that ask are its parent's, and never end here."""
        self._running, self._guard = {}, threading.Lock()


def _ask_system(name: str) -> list[str]:
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _family, _type, _protocol, _name, address in found))


_of_this_process = HostNames(_ask_system)
addresses = _of_this_process.addresses
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_of_this_process.forget_running)


Server = tuple[str, str]  # host and port


def with_addresses(servers: list[Server]) -> tuple[dict[str, str], list[OSError]]:
    """Return host, port and hostaddr as libpq reads them, and the errors of names without an address.

    A name with several addresses stands there once for each: they are tried in turn, as for several hosts. The name
    stays, because the certificate of the server is compared with it.
    """
    tried: list[tuple[str, str, str]] = []
    errors: list[OSError] = []
    for host, port in servers:
        try:
            tried += [(host, port, address) for address in (addresses(host) if is_name(host) else [""])]
        except OSError as error:
            errors.append(OSError(f"the address of {host} cannot be found: {error.strerror or error}"))
    named = zip(*tried, strict=True) if tried else ()
    found = dict(zip(("host", "port", "hostaddr"), (",".join(each) for each in named), strict=False))
    if not any(port for _host, port, _address in tried):
        found.pop("port", None)  # an empty one is 5432, whatever PGPORT or the file of services say
    return found, errors


def is_name(host: str) -> bool:
    """Return whether a host of DATABASE_URL has to be looked up: it is no address, and no folder of a socket."""
    if not host or host.startswith(("/", "@")) or host[1:2] == ":":
        return False
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return False
