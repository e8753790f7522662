"""What is checked before anything is downloaded: port, folder, packages of the system, room on the disk."""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import shutil
import socket
import sys
import sysconfig
import tempfile
import time
from contextlib import closing
from pathlib import Path

from launcher.proxies import require_living_proxy
from launcher.steps import SetupError, run

TEMPORARY = "Make room, or name another folder (TMPDIR=...), then start again."
OF_DEBIAN = "http_proxy"  # what apt obeys: its packages come by http
# A new machine's first updates, or another start, may be installing packages just now.
WAIT_FOR_DPKG = ("-o", "DPkg::Lock::Timeout=300")
NO_DEBIAN = r"(?i)(temporary failure resolving|could not resolve|(could not|unable to) connect|cannot initiate)[^\n]*"
PATH_BYTES_MAX = 480  # with the name of a file SQLite takes 512
EARLIEST_YEAR = 2023  # the required Python is not older


def require_free_port(host: str, port: int) -> None:
    """Raise SetupError unless a server could listen on the address."""
    if not 0 < port < 65_536:
        raise SetupError(f"--port {port}: a port is a number from 1 to 65535.")
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        if os.name != "nt":  # there it would take the port from its owner
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refusal:
            raise SetupError(f"{host}:{port} cannot be used ({refusal.strerror}). {_way_out(host, refusal)}") from None


def _way_out(host: str, refusal: OSError) -> str:
    if refusal.errno == errno.EADDRNOTAVAIL and host == "127.0.0.1":
        return "This computer has no IPv4; start with --host ::1."
    if isinstance(refusal, socket.gaierror) or refusal.errno == errno.EADDRNOTAVAIL:
        return "Choose an address of this computer with --host."
    return "Choose another with --port."


def require_usable_path(what: str, folder: Path, *, forbidden: str = "") -> None:
    """Raise SetupError for a path with which the ring could not start.

    forbidden: a character at which Flask and Python would end the path of the program.
    """
    path = os.fsencode(folder)
    if forbidden and forbidden in str(folder):
        reason = f"contains {forbidden!r}"
    elif "\ufffd" in path.decode("utf-8", "replace"):
        reason = "is not in UTF-8"
    elif len(path) > PATH_BYTES_MAX:
        reason = f"has {len(path)} bytes; it may have {PATH_BYTES_MAX}"
    else:
        return
    raise SetupError(f"The path of {what} {reason}. Rename the folder or move it, then start again.")


def unwritable(folder: Path, error: OSError) -> SetupError:
    """Return the error for a folder of the program that cannot be written to."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SetupError(f"The disk of {folder} is full. Make room, then start again.")
    return SetupError(
        f"Ringbuch cannot write to its folder {folder} ({error.strerror or error}). Copy it to where you may write."
    )


def require_owner(environment: Path) -> None:
    """Raise SetupError where another user made the environment: this one could change it only in part."""
    owner = other_owner(environment)
    if owner:
        raise SetupError(
            f"{environment} was made by the user {owner}, and it has to be changed or cannot be read. "
            f"Start as {owner}, or use a copy of this folder without .venv."
        )


def other_owner(environment: Path) -> str:
    """Return the name of the user who made the environment; "" for the one who asks, or where there is none."""
    if os.name == "nt" or not environment.exists() or environment.stat().st_uid == os.geteuid():
        return ""
    try:
        return environment.owner()
    except KeyError:  # a user who was removed
        return str(environment.stat().st_uid)


def require_programs_may_run(folder: Path) -> None:
    """Raise SetupError where the disk is mounted so that the libraries of packages could not be loaded from it."""
    if os.name != "nt" and hasattr(os, "ST_NOEXEC") and os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise SetupError(
            f"No program may run from the disk of {folder} (it is mounted noexec). Copy the folder to another disk."
        )


def require_64_bits() -> None:
    """Raise SetupError for a Python of 32 bits: some packages would have to be compiled, others could not be."""
    if sys.maxsize < 2**32:
        raise SetupError(
            "This Python has 32 bits, and Ringbuch's packages are made for 64. Install a Python of 64 bits; "
            "where the system itself has 32 (older ones of the Raspberry Pi), one of 64."
        )


def require_clock() -> None:
    """Raise SetupError where the clock was never set: the certificate of the index would not be valid yet."""
    if time.gmtime().tm_year < EARLIEST_YEAR:
        raise SetupError(f"This computer's clock shows {time.strftime('%Y-%m-%d')}. Set it, then start again.")


def require_room(folder: Path, needed_mb: int) -> None:
    """Raise SetupError unless the disk of a folder has room."""
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < needed_mb:
        raise SetupError(
            f"The disk of {folder} has {free_mb} MB left, and setting up needs {needed_mb} MB. "
            "Make room, then start again."
        )


def require_temporary_room(needed_mb: int) -> None:
    """Raise SetupError unless there is room for the temporary files of the set-up."""
    try:
        folder = Path(tempfile.gettempdir())
        free_mb = shutil.disk_usage(folder).free // 1_000_000
    except OSError as error:  # it writes a file to find out
        raise SetupError(f"There is no folder for temporary files. {TEMPORARY}") from error
    if free_mb < needed_mb:
        raise SetupError(
            f"The disk of {folder} has {free_mb} MB left, and setting up needs {needed_mb} MB there "
            f"for temporary files. {TEMPORARY}"
        )


def require_writable(folder: Path) -> None:
    """Raise SetupError unless files can be made in a folder."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise unwritable(folder, error) from error


def missing_venv() -> list[str]:
    """Return Debian's package with Python's venv module where the module is missing, in a list."""
    has_venv = importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")
    return [] if has_venv or shutil.which("uv") else ["python3-venv"]


def bundled_pip() -> Path | None:
    """Return the wheel of pip that Python comes with; None where none is found."""
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is None or ensurepip.origin is None:
        return None
    folders = [Path(ensurepip.origin).parent / "_bundled", *map(Path, _system_wheels())]
    return next((wheel for folder in folders for wheel in sorted(folder.glob("pip-*-py3-none-any.whl"))), None)


def _system_wheels() -> list[str]:
    """Return where distributions such as Fedora and Debian have the wheels that they take out of Python."""
    return [folder for folder in (sysconfig.get_config_var("WHEEL_PKG_DIR"), "/usr/share/python-wheels") if folder]


def may_install() -> bool:
    """Return whether packages of Debian can be installed."""
    return bool(shutil.which("apt-get")) and hasattr(os, "geteuid") and os.geteuid() == 0


def provide(packages: list[str]) -> None:
    """Install packages of Debian where permitted; else raise SetupError with the command."""
    if not packages:
        return
    if not may_install():
        what = "Python's venv module is missing." if packages == ["python3-venv"] else "Packages are missing."
        raise SetupError(f"{what} Type: sudo apt update && sudo apt install {' '.join(packages)}, then start again.")
    names = ", ".join(packages)
    print(f"Fetching {names} from Debian ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = run(f"Fetching {names}", ["apt-get", "update"], env=environment)
    words = ["install", "--yes", "--no-install-recommends", *WAIT_FOR_DPKG, *packages]
    install = run(f"Fetching {names}", ["apt-get", *words], env=environment)
    if install.returncode != 0:
        require_living_proxy(OF_DEBIAN)
        unreached = re.search(NO_DEBIAN, update.stdout + install.stdout)
        if unreached:
            way_out = "Connect, or correct the proxy of apt, then start again."
            raise SetupError(f"Debian's packages {names} cannot be fetched ({unreached[0].strip()}). {way_out}")
        reason = (install.stdout.strip().splitlines() or ["no reason was given"])[-1]
        raise SetupError(f"Debian's packages {names} cannot be installed: {reason}")
