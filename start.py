"""Set up Ringbuch on first use, then run it.

    python3 start.py             serve the web and run the worker
    python3 start.py demo        the same, with the demo ring in an empty instance
    python3 start.py test        set up the test tools and run all tests; further words go to pytest
    python3 start.py ring ...    the commands of the ring: backup, check, import, ...

Only the standard library and Python 3.11 or later are needed. This file must stay readable for Python 3.6, so that
an older Python can print what is missing.
"""

import sys

if sys.version_info < (3, 11):
    here = ".".join(str(number) for number in sys.version_info[:2])
    sys.exit(f"This is Python {here}; Ringbuch needs Python 3.11 or later, see https://www.python.org/downloads/.")

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
# Exists while packages are being changed: an environment whose set-up was interrupted is built again.
UNFINISHED = ENVIRONMENT / "unfinished"
PROGRAM, TOOLS, PORT = "requirements.txt", "requirements-dev.txt", 8000
TEST_VARIABLES = ("RINGBUCH_CHROMIUM", "RINGBUCH_PICTURES")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NO_NETWORK = (
    r"(?i)name resolution|connection refused|newconnection|connect ?timeout|dns error|sending request|failed to fetch|"
    r"unreachable|timed out|proxyerror|could not connect|\(connect\)|no matching distribution"
)
# Output of a failed step -> the message for the user. The first match counts.
KNOWN_ERRORS = (
    (r"ensurepip|No module named '?venv", "Python's venv module is missing. On Debian type: apt install python3-venv"),
    (r"No space left", "The disk is full. Make room (about 400 MB), then start again."),
    (r"MATCH THE HASHES|Hash mismatch", "A package differs from the one this version was made with. Try elsewhere."),
    (NO_NETWORK, "The packages cannot be fetched: the package index does not answer. Connect, then start again."),
)


class SetupError(Exception):
    """An error that the user can correct; its message is one sentence that says how."""


def main() -> int:
    """Run the command line and return the exit code."""
    before, word, after = split_arguments(sys.argv[1:])
    passes_on = word in ("ring", "test")
    options = argument_parser().parse_args(before if passes_on else before + after)
    if word not in ("", "demo", "ring", "test"):
        argument_parser().error(f"unknown command {word!r}; choose demo, test or ring, or none")
    try:
        if word == "test":
            return run_tests(after)
        if word == "demo" and options.host not in LOOPBACK:
            raise SetupError("The demo ring has known passwords: it is served on loopback addresses only (no --host).")
        prepare_instance(options, sets_base_url=word != "ring" or options.port != PORT)
        set_up(PROGRAM)
        arguments = after if word == "ring" else serve_arguments(word, options)
        return exec_([str(PYTHON), "-m", "flask", "--app", str(ROOT / "wsgi.py"), "ring", *arguments])
    except SetupError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("Interrupted. The next start continues from here.")


def split_arguments(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    """Return the options before the command, the command (or ""), and what follows it."""
    place = 0
    while place < len(arguments):
        if not arguments[place].startswith("-"):
            return arguments[:place], arguments[place], arguments[place + 1 :]
        place += 2 if arguments[place] in ("--host", "--port", "--instance") else 1
    return arguments, "", []


def argument_parser() -> argparse.ArgumentParser:
    """Return the parser of the options; the command is split off before."""
    parser = argparse.ArgumentParser(
        prog="start.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this computer alone)")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen on (default: 8000)")
    parser.add_argument("--instance", metavar="DIR", help="folder of the ring's database and secrets")
    parser.add_argument("--no-worker", action="store_true", help="serve the web alone")
    return parser


def serve_arguments(word: str, options: argparse.Namespace) -> list[str]:
    """Return the arguments of `flask ring` that serve the web."""
    arguments = ["serve", "--host", options.host, "--port", str(options.port)]
    return arguments + ["--no-worker"] * options.no_worker + ["--demo"] * (word == "demo")


def prepare_instance(options: argparse.Namespace, *, sets_base_url: bool) -> None:
    """Create the instance folder; pass it and, where asked for, the default BASE_URL to the program."""
    instance = Path(options.instance or os.environ.get("RINGBUCH_INSTANCE") or ROOT / "instance").absolute()
    try:
        instance.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=instance).close()
    except OSError as error:
        raise SetupError(
            f"The instance folder {instance} cannot be written to ({error.strerror}); choose another: --instance DIR."
        ) from error
    os.environ["RINGBUCH_INSTANCE"] = str(instance)
    settings = "".join(path.read_text(encoding="utf-8") for path in instance.glob("config.py"))
    if sets_base_url and not re.search(r"^BASE_URL\s*=", settings, re.MULTILINE):
        os.environ.setdefault("RINGBUCH_BASE_URL", base_url(options.host, options.port))


def base_url(host: str, port: int) -> str:
    """Return the URL under which a browser reaches this host and port."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - a comparison, nothing is bound
        host = socket.gethostname()
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def set_up(lock_name: str) -> None:
    """Install what a lock file names, unless it is installed, and compile the translations."""
    lock = ROOT / lock_name
    if not is_usable() or read_stamp(lock).get("lock") != [digest(lock)]:
        install_environment(lock)
    compile_translations()


def install_environment(lock: Path) -> None:
    """Build the private environment where it is missing or broken, and install a lock file into it."""
    print("Setting up the private environment in .venv (once; a minute or so) ...", flush=True)
    try:
        if not is_usable():
            build_environment()
        UNFINISHED.touch()
        stamp_of(lock).unlink(missing_ok=True)
        hashed = ["--require-hashes", "-r", str(lock)]
        run_step(
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--retries", "2", *hashed],
            ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON), *hashed],
        )
        # The lock of the tools holds the program's packages too, in the same versions.
        for each in (ROOT / PROGRAM, lock):
            write_stamp(each)
        UNFINISHED.unlink()
    except OSError as error:
        raise SetupError(f"Ringbuch cannot write to its folder {ROOT} ({error.strerror or error}).") from error


def compile_translations() -> None:
    """Compile the message catalogues (.po -> .mo) unless they are newer than their sources."""
    for source in (ROOT / "app" / "translations").glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            fresh = compiled.with_suffix(".new")
            run_step([str(PYTHON), "-m", "babel.messages.frontend", "compile", "-i", str(source), "-o", str(fresh)])
            fresh.replace(compiled)


def is_usable() -> bool:
    """Return whether the environment was completed once and still has all its packages."""
    if UNFINISHED.exists() or not (ENVIRONMENT / "pyvenv.cfg").exists() or not PYTHON.exists():
        return False
    stamps = [read_stamp(ROOT / name) for name in (PROGRAM, TOOLS)]
    return set(packages()).issuperset(name for stamp in stamps for name in stamp.get("packages", []))


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
    """Return the names in site-packages."""
    folders = [*ENVIRONMENT.glob("lib/python*/site-packages"), *ENVIRONMENT.glob("Lib/site-packages")]
    return [entry.name for folder in folders for entry in folder.iterdir() if entry.name != "__pycache__"]


def build_environment() -> None:
    """Create an empty environment, replacing the old one."""
    if ENVIRONMENT.is_symlink() or ENVIRONMENT.is_file():
        ENVIRONMENT.unlink()
    elif ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    ENVIRONMENT.mkdir()
    UNFINISHED.touch()
    if not shutil.which("uv") and not importlib.util.find_spec("ensurepip"):
        install_debian_venv()
    # Inside an environment, use its base Python: the environment may be the one that is being replaced.
    base = getattr(sys, "_base_executable", None) or sys.executable
    with_uv = ["venv", "--quiet", "--allow-existing", "--python", base, str(ENVIRONMENT)]
    run_step([base, "-m", "venv", str(ENVIRONMENT)], with_uv)


def install_debian_venv() -> None:
    """Install python3-venv, which Debian splits from Python, where permitted."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Fetching python3-venv from Debian ...", flush=True)
        run(["apt-get", "update"])
        run(["apt-get", "install", "--yes", "--no-install-recommends", "python3-venv"])


def run_step(command: list[str], with_uv: list[str] | None = None) -> None:
    """Run a step of the set-up: with uv where it is installed, else (or when uv itself fails) the command."""
    uv = shutil.which("uv")
    if uv and with_uv:
        result = run([uv, *with_uv])
        if result.returncode == 0:
            return
        raise_known_error(result.stdout)
    result = run(command)
    if result.returncode != 0:
        raise_known_error(result.stdout)
        raise SetupError("Setting up failed: " + (result.stdout.strip().splitlines() or ["no reason was given"])[-1])


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and capture its output."""
    return subprocess.run(command, check=False, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, text=True, errors="replace")


def raise_known_error(output: str) -> None:
    """Raise SetupError with a clear message where the output shows a known error."""
    for pattern, message in KNOWN_ERRORS:
        if re.search(pattern, output):
            raise SetupError(message)


def run_tests(arguments: list[str]) -> int:
    """Run the tests in the private environment; the arguments go to pytest."""
    set_up(TOOLS)
    os.chdir(ROOT)
    if "--without-browser" not in arguments:
        os.environ["RINGBUCH_CHROMIUM"] = chromium()
    for name in [name for name in os.environ if name.startswith("RINGBUCH_") and name not in TEST_VARIABLES]:
        del os.environ[name]  # tests must not see the settings of a real ring
    return exec_([str(PYTHON), "-m", "pytest", "-n", "2", "--dist", "loadgroup", *arguments])


def chromium() -> str:
    """Return the Chromium for the browser tests, installed where possible: see tests/chromium.py."""
    found = run([str(PYTHON), "-m", "tests.chromium"])
    last_line = (found.stdout.strip().splitlines() or ["Looking for Chromium failed."])[-1]
    if found.returncode != 0:
        raise SetupError(last_line)
    return last_line


def exec_(command: list[str]) -> int:
    """Replace this process by another program; on Windows, run it and wait."""
    sys.stdout.flush()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without cached bytecode each start takes a second longer
    os.environ["FLASK_SKIP_DOTENV"] = "1"  # settings come from the environment and instance/config.py alone
    if os.name != "nt":
        os.execv(command[0], command)
    other = subprocess.Popen(command)
    while True:
        try:
            return other.wait()
        except KeyboardInterrupt:
            continue  # Ctrl-C reached the other program too; wait until it ends


def fail(message: str) -> int:
    """Print an error message and return the exit code of a failure."""
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
