"""Hosts in network namespaces of this machine, joined by a switch: frozen, killed, cut off and cut from each other.

Needs root and Debian's iproute2. Each host has the address and the ports that its files name, a folder of its own where
programs write, and no way to anything outside.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

SWITCH = "ringbuch-switch"
CLONE_NEWNET = 0x40000000


@dataclass
class Host:
    """One host: `name` is its network namespace, `mounts` the folders that it sees in place of the machine's."""

    name: str
    address: str
    folder: Path
    mounts: tuple[str, ...] = ()
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def create(self) -> None:
        """Make the namespace and plug it into the switch."""
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("-n", SWITCH, "link", "add", self.plug, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("-n", SWITCH, "link", "set", self.plug, "master", "bridge", "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        _ip("-n", self.name, "link", "set", "eth0", "up")
        for mount in self.mounts:
            (self.folder / mount.strip("/")).mkdir(parents=True)

    @property
    def plug(self) -> str:
        """The end of its cable at the switch."""
        return f"to-{self.address.rpartition('.')[2]}"

    def start(self, command: list[str], *, user: str = "", log: str) -> None:
        """Start a program on the host; it ends with kill() or with the host."""
        with (self.folder / log).open("ab") as file:
            self.programs.append(
                subprocess.Popen(self._inside(command, user), stdout=file, stderr=file, start_new_session=True)
            )

    def run(self, command: list[str], *, user: str = "") -> str:
        """Run a program on the host and return what it prints."""
        done = subprocess.run(self._inside(command, user), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def _inside(self, command: list[str], user: str) -> list[str]:
        mounts = " && ".join(f'mount --bind "{self.folder}{mount}" {mount}' for mount in self.mounts) or "true"
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env"] if user else []
        return ["ip", "netns", "exec", self.name, "sh", "-c", f'{mounts} && exec "$@"', "sh", *as_user, *command]

    def signal(self, number: int, *, name: str = "") -> None:
        """Send a signal to all its processes, or to those whose program has this name."""
        for pid in map(int, subprocess.check_output(["ip", "netns", "pids", self.name], text=True).split()):
            with suppress(OSError):
                if pid != os.getpid() and name in ("", Path(f"/proc/{pid}/comm").read_text().strip()):
                    os.kill(pid, number)

    def freeze(self) -> None:
        """Stop every process, as on a machine that hangs; its kernel goes on to accept connections."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let every process go on."""
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End every process at once, as when the power fails."""
        self.signal(signal.SIGKILL)
        for program in self.programs:
            program.wait()
        self.programs.clear()

    def unplug(self) -> None:
        """Pull the cable at the switch: nothing comes through, and nobody is told."""
        _ip("-n", SWITCH, "link", "set", self.plug, "down")

    def plug_in(self) -> None:
        """Put the cable back."""
        _ip("-n", SWITCH, "link", "set", self.plug, "up")

    def cut_from(self, others: list[Host]) -> None:
        """Let nothing pass between this host and some others; all the rest still passes."""
        for other in others:
            _ip("-n", self.name, "route", "add", "blackhole", f"{other.address}/32")

    def join(self, others: list[Host]) -> None:
        """Let everything pass again."""
        for other in others:
            _ip("-n", self.name, "route", "del", "blackhole", f"{other.address}/32")


@contextmanager
def network(hosts: list[Host]) -> Iterator[None]:
    """Create the switch and the hosts; end all their programs and remove them afterwards."""
    _ip("netns", "add", SWITCH)
    try:
        _ip("-n", SWITCH, "link", "add", "bridge", "type", "bridge")
        _ip("-n", SWITCH, "link", "set", "bridge", "up")
        for host in hosts:
            host.create()
        yield
    finally:
        for host in hosts:
            with suppress(subprocess.CalledProcessError):
                host.thaw()
                host.kill()
        for name in (*(host.name for host in hosts), SWITCH):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)


def enter(host: Host) -> None:
    """Let this process, and what it starts from now on, use the host's network. Call it before threads start."""
    descriptor = os.open(f"/run/netns/{host.name}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"cannot enter {host.name}")
    os.close(descriptor)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
