"""What is checked before anything is downloaded: port, folder, packages of the system, room on the disk, proxy."""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import socket
import sysconfig
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from launcher.steps import NOTHING_FETCHED, SetupError, run

# The variables that pip obeys, in its order.
PROXY_VARIABLES = ("PIP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
PROXY_SECONDS = 5.0
INDEX = "pypi.org"
# What may name another place for packages than the index; the variables say nothing of places.
PIP_SETTINGS = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")
OF_NO_INDEX = ("PIP_PROXY", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_CACHE_DIR")
TEMPORARY = "Make room, or name another folder (TMPDIR=...), then start again."
OF_DEBIAN = "http_proxy"  # what apt obeys: its packages come by http
EARLIEST_YEAR = 2023  # the required Python is not older
DEFAULT_PORTS = {"https": 443, "socks5": 1080, "socks5h": 1080}


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


def unwritable(folder: Path, error: OSError) -> SetupError:
    """Return the error for a folder of the program that cannot be written to."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SetupError(f"The disk of {folder} is full. Make room, then start again.")
    return SetupError(
        f"Ringbuch cannot write to its folder {folder} ({error.strerror or error}). Copy it to where you may write."
    )


def require_readable(environment: Path) -> None:
    """Raise SetupError where another user made the environment and this one may not look into it."""
    if environment.exists() and not os.access(environment, os.R_OK | os.X_OK):
        require_owner(environment)


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
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        result = run(f"Fetching {names}", ["apt-get", *words], env=environment)
    if result.returncode != 0:
        require_living_proxy(OF_DEBIAN)
        reason = (result.stdout.strip().splitlines() or ["no reason was given"])[-1]
        raise SetupError(f"Debian's packages {names} cannot be installed: {reason}")


def require_proxy_of_index() -> None:
    """Raise SetupError where packages would be fetched through a proxy that does not answer.

    Only where it is certain that they would: other places for packages may need no proxy.
    """
    from urllib.request import proxy_bypass  # here, because every later start would wait for it

    others = [name for name, value in os.environ.items() if value and name not in OF_NO_INDEX]
    has_own_index = any(name.startswith(("PIP_", "UV_")) for name in others)
    has_settings = any(map(_exists, PIP_SETTINGS))
    if not (has_own_index or has_settings or proxy_bypass(INDEX)):
        require_living_proxy()


def _exists(name: str) -> bool:
    try:
        return Path(name).expanduser().exists()
    except RuntimeError:  # a number alone, as in a container, has no home folder
        return False


def require_living_proxy(*variables: str) -> None:
    """Raise SetupError where a variable, by default one of pip's, names a proxy that does not answer."""
    name = _proxy_variable(variables or PROXY_VARIABLES)
    if not name:
        return
    parts = _parts(os.environ[name])
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
        socket.create_connection((parts.hostname or "", port), timeout=PROXY_SECONDS).close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SetupError(
            f"{NOTHING_FETCHED.partition(':')[0]}: the proxy {parts.hostname} of the variable {name} does not answer "
            f"({reason}). Correct the variable or remove it (unset {name}), then start again."
        ) from error


def nothing_fetched(reason: str = NOTHING_FETCHED) -> SetupError:
    """Return the error for packages that were not reached. Raises SetupError where a proxy is to blame."""
    require_living_proxy()
    name = _proxy_variable(PROXY_VARIABLES)
    if not name:
        return SetupError(reason)
    proxy = _parts(os.environ[name]).hostname
    return SetupError(
        f"{reason.partition('.')[0]} through the proxy {proxy} of the variable {name}. "
        f"Correct the variable, or remove it (unset {name}) and connect; then start again."
    )


def _proxy_variable(names: Iterable[str]) -> str:
    return next((name for name in names if os.environ.get(name)), "")


def _parts(proxy: str) -> SplitResult:
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}")
