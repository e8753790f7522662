"""The private environment in .venv: built once, mended when it is damaged, by one start at a time."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from launcher import pip_settings, preflight, proxies
from launcher.steps import NOTHING_FETCHED, NOTHING_OFFERED, SetupError, held_by_steps, run, run_step

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
# Exists while packages are being changed: an environment whose set-up was interrupted is built again.
UNFINISHED = ENVIRONMENT / "unfinished"
LOCK = ROOT / ".setup.lock"
PROGRAM, TOOLS = "requirements.txt", "requirements-dev.txt"
NEEDED_MB = {PROGRAM: 530, TOOLS: 1_450}  # README.md names them too
TEMPORARY_MB = 300  # for the tests, while they run


def set_up(lock_name: str, *, debian_packages: tuple[str, ...] = ()) -> None:
    """Install what a lock file names, unless it is installed, and compile the translations.

    debian_packages: missing ones that are needed beside the environment. Raises SetupError.
    """
    lock = ROOT / lock_name
    preflight.require_usable_path("this folder", ROOT, forbidden=os.pathsep)
    if is_complete(lock) and not stale_catalogues() and not debian_packages:
        return
    with only_start_in_folder():
        if not is_complete(lock):  # also where another start has completed it meanwhile
            preflight.require_owner(ENVIRONMENT)
            preflight.require_64_bits()
            preflight.require_programs_may_run(ROOT)
            preflight.require_clock()
            preflight.require_room(ROOT, NEEDED_MB[lock_name])
            if lock_name == TOOLS:
                preflight.require_temporary_room(TEMPORARY_MB)
            pip_settings.require_own_environment()
            proxies.require_proxy_of_index()
        missing = [] if is_usable() else preflight.missing_venv()
        preflight.provide([*missing, *debian_packages])
        if not is_complete(lock):
            install_environment(lock)
        compile_translations()


def require_writable_folder(lock_name: str) -> None:
    """Raise SetupError where packages have to be installed into a folder that cannot be written to."""
    if not is_complete(ROOT / lock_name):
        preflight.require_writable(ROOT)


@contextmanager
def only_start_in_folder() -> Iterator[None]:
    """Hold the lock of the set-up, which the system releases when this process and its steps end in any way."""
    try:
        with LOCK.open("a") as file:
            if not _is_locked(file, wait=False):
                print("Another start is setting up this folder; waiting for it ...", flush=True)
                _is_locked(file, wait=True)
            with held_by_steps(file.fileno()):
                yield
    except BrokenPipeError:  # nobody reads what is printed: no matter of the folder
        raise
    except OSError as error:
        if isinstance(error, PermissionError):
            preflight.require_owner(LOCK)
        raise preflight.unwritable(ROOT, error) from error


if sys.platform == "win32":
    import msvcrt

    def _is_locked(file: IO[str], *, wait: bool) -> bool:
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # waits ten seconds
            except OSError:
                if not wait:
                    return False
            else:
                return True

else:
    import fcntl

    def _is_locked(file: IO[str], *, wait: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def install_environment(lock: Path) -> None:
    """Build the private environment where it is missing or broken, and install a lock file into it."""
    print("Setting up the private environment in .venv (once; a minute or so) ...", flush=True)
    if not is_usable():
        build_environment()
    UNFINISHED.touch()
    stamp_of(lock).unlink(missing_ok=True)
    install_packages(lock)
    remove_setuptools()
    # The lock of the tools holds the program's packages too, in the same versions.
    for each in (ROOT / PROGRAM, lock):
        write_stamp(each)
    UNFINISHED.unlink()


def install_packages(lock: Path) -> None:
    """Install a lock file with pip, which leaves nothing outside of this folder, or with uv.

    What the program needs is compiled at once: a service may run as a user who must not write here. The tools are run
    by who installs them, and many of their modules never: those are compiled when they are imported.
    """
    hashed = ["--require-hashes", "-r", str(lock)]
    here = ["--no-user"]  # whatever a file of pip's says about the user's own folder
    is_compiled = lock.name == PROGRAM
    cache = [] if "PIP_CACHE_DIR" in os.environ else ["--no-cache-dir"]
    temporary = ENVIRONMENT / "temporary"  # what pip leaves when it is killed goes with the unfinished environment
    temporary.mkdir(exist_ok=True)
    try:
        run_step(
            "Fetching and installing packages",
            [
                str(PYTHON),
                "-P",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-input",
                "--retries",
                "2",
                *here,
                *cache,
                *hashed,
            ]
            + ["--no-compile"] * (not is_compiled),
            ["pip", "install", "--quiet", "--python", str(PYTHON), *hashed] + ["--compile-bytecode"] * is_compiled,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
    except SetupError as error:
        if str(error) in (NOTHING_FETCHED, NOTHING_OFFERED):
            raise proxies.nothing_fetched(str(error)) from error
        raise
    shutil.rmtree(temporary, ignore_errors=True)


def remove_setuptools() -> None:
    """Remove what ensurepip puts into an environment before Python 3.12: no package needs it, nothing updates it."""
    if any(ENVIRONMENT.glob("[Ll]ib/**/site-packages/setuptools")):
        # With it the ring runs as well, so a failure is none.
        run("Removing setuptools", [str(PYTHON), "-P", "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"])


def stale_catalogues() -> list[Path]:
    """Return the message catalogues that are newer than their compiled form, or have none."""
    return [
        source
        for source in (ROOT / "app" / "translations").glob("*/LC_MESSAGES/*.po")
        if not source.with_suffix(".mo").exists() or source.with_suffix(".mo").stat().st_mtime < source.stat().st_mtime
    ]


def compile_translations() -> None:
    """Compile the message catalogues (.po -> .mo) that need it."""
    for source in stale_catalogues():
        compiled = source.with_suffix(".mo")
        fresh = compiled.with_suffix(".new")
        program = [str(PYTHON), "-P", "-m", "babel.messages.frontend"]
        run_step("Compiling the translations", [*program, "compile", "-i", str(source), "-o", str(fresh)])
        fresh.replace(compiled)


def is_complete(lock: Path) -> bool:
    """Return whether the environment holds what a lock file names."""
    return is_usable() and read_stamp(lock).get("lock") == [digest(lock)]


def is_usable() -> bool:
    """Return whether the environment was completed once and still has all its packages.

    Raises SetupError where another user made it, and this one may not look into it or not run its Python.
    """
    try:
        if UNFINISHED.exists() or not (ENVIRONMENT / "pyvenv.cfg").exists() or not PYTHON.exists():
            return False
        found = set(packages())
    except PermissionError:
        preflight.require_owner(ENVIRONMENT)
        return False
    stamps = [read_stamp(ROOT / name) for name in (PROGRAM, TOOLS)]
    return bool(found) and found.issuperset(name for stamp in stamps for name in stamp.get("packages", []))


def stamp_of(lock: Path) -> Path:
    """Return the file that records that a lock was installed."""
    return ENVIRONMENT / (lock.stem + ".stamp")


def read_stamp(lock: Path) -> dict[str, list[str]]:
    """Return the record of an installed lock; empty when there is none or it cannot be read."""
    try:
        stamp = json.loads(stamp_of(lock).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(lock: Path) -> None:
    """Record that a lock was installed, and the content of site-packages."""
    stamp = {"lock": [digest(lock)], "packages": sorted(packages())}
    stamp_of(lock).write_text(json.dumps(stamp), encoding="utf-8")


def digest(lock: Path) -> str:
    """Return the hash of a lock file."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def packages() -> list[str]:
    """Return the names in the folder from which the environment's Python takes its packages.

    That Python is a link to the system's: an upgrade of the system can make it another version, with another folder.
    """
    version = re.fullmatch(r"python3\.\d+t?", PYTHON.resolve().name)
    library = version.group() if version else "python*"
    folders = [*ENVIRONMENT.glob(f"lib/{library}/site-packages"), *ENVIRONMENT.glob("Lib/site-packages")]
    return [entry.name for folder in folders for entry in folder.iterdir() if entry.name != "__pycache__"]


def build_environment() -> None:
    """Create an empty environment, replacing the old one."""
    if ENVIRONMENT.is_symlink() or ENVIRONMENT.is_file():
        ENVIRONMENT.unlink()
    elif ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    ENVIRONMENT.mkdir()
    UNFINISHED.touch()
    # Inside an environment, use its base Python: the environment may be the one that is being replaced.
    base = getattr(sys, "_base_executable", None) or sys.executable
    wheel = preflight.bundled_pip()
    with_uv = ["venv", "--quiet", "--allow-existing", "--python", base, str(ENVIRONMENT)]
    without_pip = ["--without-pip"] if wheel else []
    run_step("Building the environment", [base, "-P", "-m", "venv", *without_pip, str(ENVIRONMENT)], with_uv)
    if wheel:
        unpack_pip(wheel)


def unpack_pip(wheel: Path) -> None:
    """Put pip into the environment. ensurepip takes five seconds for it, and adds setuptools before Python 3.12."""
    folder = sysconfig.get_path("purelib", "venv", {"base": str(ENVIRONMENT)})
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
