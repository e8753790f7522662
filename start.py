"""Set up Ringbuch on first use, then run it.

    python3 start.py             serve the web and run the worker
    python3 start.py demo        the same, with the demo ring in an empty instance
    python3 start.py test        set up the test tools and run all tests; further words go to pytest
    python3 start.py ring ...    the commands of the ring: backup, check, import, ...

Only the standard library is needed, and Python 3.11 or later. This file itself must stay readable for
Python 3.6, so that an older Python can say what is missing.
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

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
# Stands while packages are being changed: an environment that was left half-way is built anew.
UNFINISHED = ENVIRONMENT / "unfinished"
PROGRAM, TOOLS, PORT = "requirements.txt", "requirements-dev.txt", 8000
OF_THE_TESTS = ("RINGBUCH_CHROMIUM", "RINGBUCH_PICTURES")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NO_NETWORK = (
    r"(?i)name resolution|connection refused|newconnection|connect ?timeout|dns error|sending request|failed to fetch|"
    r"unreachable|timed out|proxyerror|could not connect|\(connect\)|no matching distribution"
)
# What a failed step printed -> what to say about it. The first that fits counts.
FAULTS = (
    (r"ensurepip|No module named '?venv", "Python's venv module is missing. On Debian type: apt install python3-venv"),
    (r"No space left", "The disk is full. Make room (about 400 MB), then start again."),
    (r"MATCH THE HASHES|Hash mismatch", "A package differs from the one this version was made with. Try elsewhere."),
    (NO_NETWORK, "The packages cannot be fetched: the package index does not answer. Connect, then start again."),
)


class Trouble(Exception):
    """Something the user can mend; the text is one sentence that says how."""


def main() -> int:
    """Do what the command line asks for; the exit code."""
    before, word, after = split_words(sys.argv[1:])
    passes_on = word in ("ring", "test")
    options = command_line().parse_args(before if passes_on else before + after)
    if word not in ("", "demo", "ring", "test"):
        command_line().error(f"there is no {word!r}; say nothing, demo, test or ring ...")
    try:
        if word == "test":
            return run_tests(after)
        if word == "demo" and options.host not in LOOPBACK:
            raise Trouble("The demo ring has known passwords: it is served on loopback addresses only (no --host).")
        use_instance(options, knows_address=word != "ring" or options.port != PORT)
        set_up(PROGRAM)
        words = after if word == "ring" else words_to_serve(word, options)
        return become([str(python()), "-m", "flask", "--app", str(ROOT / "wsgi.py"), "ring", *words])
    except Trouble as trouble:
        return say(str(trouble))
    except KeyboardInterrupt:
        return say("Interrupted. The next start goes on from here.")


def split_words(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    """Options before the word, the word (or none), and what follows it."""
    place = 0
    while place < len(arguments):
        if not arguments[place].startswith("-"):
            return arguments[:place], arguments[place], arguments[place + 1 :]
        place += 2 if arguments[place] in ("--host", "--port", "--instance") else 1
    return arguments, "", []


def command_line() -> argparse.ArgumentParser:
    """The options; the word itself is cut out before."""
    parser = argparse.ArgumentParser(
        prog="start.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this computer alone)")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen on (default: 8000)")
    parser.add_argument("--instance", metavar="DIR", help="folder of the ring's database and secrets")
    parser.add_argument("--no-worker", action="store_true", help="serve the web alone")
    return parser


def words_to_serve(word: str, options: argparse.Namespace) -> list[str]:
    """`ring serve` with its options."""
    words = ["serve", "--host", options.host, "--port", str(options.port)]
    return words + ["--no-worker"] * options.no_worker + ["--demo"] * (word == "demo")


def use_instance(options: argparse.Namespace, *, knows_address: bool) -> None:
    """Make sure of the instance folder, and tell the program of it and of its own address; else it keeps the last."""
    instance = Path(options.instance or os.environ.get("RINGBUCH_INSTANCE") or ROOT / "instance").absolute()
    try:
        instance.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=instance).close()
    except OSError as error:
        raise Trouble(
            f"The instance folder {instance} cannot be written to ({error.strerror}); choose another: --instance DIR."
        ) from error
    os.environ["RINGBUCH_INSTANCE"] = str(instance)
    settings = "".join(path.read_text(encoding="utf-8") for path in instance.glob("config.py"))
    if knows_address and not re.search(r"^BASE_URL\s*=", settings, re.MULTILINE):
        os.environ.setdefault("RINGBUCH_BASE_URL", own_address(options.host, options.port))


def own_address(host: str, port: int) -> str:
    """How a browser reaches what listens on this host and port."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - a comparison, nothing is bound
        host = socket.gethostname()
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def python() -> Path:
    """The Python of the private environment."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def set_up(lock_name: str) -> None:
    """Bring the private environment to what a lock file names; nothing to do is the quick and usual case."""
    lock = ROOT / lock_name
    if is_usable() and kept_stamp(lock).get("lock") == [digest(lock)]:
        return
    print("Setting up the private environment in .venv (once; a minute or so) ...", flush=True)
    try:
        if not is_usable():
            build_environment()
        install(lock)
        # The tools' lock holds the program's packages too, in the same versions.
        for name in (PROGRAM, lock_name):
            write_stamp(ROOT / name)
        UNFINISHED.unlink()
    except OSError as error:
        raise Trouble(f"Ringbuch cannot write to its folder {ROOT} ({error.strerror or error}).") from error


def is_usable() -> bool:
    """Whether there is an environment that was finished once and has lost nothing since."""
    if UNFINISHED.exists() or not (ENVIRONMENT / "pyvenv.cfg").exists() or not python().exists():
        return False
    stamps = [kept_stamp(ROOT / name) for name in (PROGRAM, TOOLS)]
    return set(packages()).issuperset(name for stamp in stamps for name in stamp.get("packages", []))


def stamp_of(lock: Path) -> Path:
    """Where it is written that a lock was installed."""
    return ENVIRONMENT / (lock.stem + ".stamp")


def kept_stamp(lock: Path) -> dict[str, list[str]]:
    """What was written down when a lock was installed; nothing when it was not, or cannot be read."""
    try:
        kept = json.loads(stamp_of(lock).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def write_stamp(lock: Path) -> None:
    """Write down that a lock was installed, and what lies in site-packages since."""
    stamp = {"lock": [digest(lock)], "packages": sorted(packages())}
    stamp_of(lock).write_text(json.dumps(stamp), encoding="utf-8")


def digest(lock: Path) -> str:
    """What tells one lock from another."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def packages() -> list[str]:
    """The names that lie in site-packages."""
    folders = [*ENVIRONMENT.glob("lib/python*/site-packages"), *ENVIRONMENT.glob("Lib/site-packages")]
    return [entry.name for folder in folders for entry in folder.iterdir() if entry.name != "__pycache__"]


def build_environment() -> None:
    """Make an empty environment, in place of whatever was there."""
    if ENVIRONMENT.is_symlink() or ENVIRONMENT.is_file():
        ENVIRONMENT.unlink()
    elif ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    ENVIRONMENT.mkdir()
    UNFINISHED.touch()
    if not shutil.which("uv") and not importlib.util.find_spec("ensurepip"):
        fetch_venv_of_debian()
    # Started from inside an environment, that one's own base is meant: ours may be the one being replaced.
    base = getattr(sys, "_base_executable", None) or sys.executable
    with_uv = ["venv", "--quiet", "--allow-existing", "--python", base, str(ENVIRONMENT)]
    do(with_uv, [base, "-m", "venv", str(ENVIRONMENT)])


def fetch_venv_of_debian() -> None:
    """A bare Debian keeps a part of Python in a package of its own: fetch it where we may."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Fetching python3-venv from Debian ...", flush=True)
        run(["apt-get", "update"])
        run(["apt-get", "install", "--yes", "--no-install-recommends", "python3-venv"])


def install(lock: Path) -> None:
    """Install what the lock names, each file checked by its hash."""
    UNFINISHED.touch()
    stamp_of(lock).unlink(missing_ok=True)
    hashed = ["--require-hashes", "-r", str(lock)]
    do(
        ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(python()), *hashed],
        [str(python()), "-m", "pip", "install", "--quiet", "--no-input", "--retries", "2", *hashed],
    )


def do(with_uv: list[str], without_uv: list[str]) -> None:
    """Run a step with uv where it is installed, else (or when it fails for its own reasons) without."""
    uv = shutil.which("uv")
    if uv:
        result = run([uv, *with_uv])
        if result.returncode == 0:
            return
        refuse_known_fault(result.stdout)
    result = run(without_uv)
    if result.returncode != 0:
        refuse_known_fault(result.stdout)
        raise Trouble("Setting up failed: " + (result.stdout.strip().splitlines() or ["no reason was given"])[-1])


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a step quietly and keep what it says."""
    return subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def refuse_known_fault(output: str) -> None:
    """Raise Trouble with a sentence where the output shows a fault that has one."""
    for pattern, sentence in FAULTS:
        if re.search(pattern, output):
            raise Trouble(sentence)


def run_tests(words: list[str]) -> int:
    """The whole suite in the private environment; words go to pytest."""
    set_up(TOOLS)
    os.chdir(ROOT)
    if "--without-browser" not in words:
        os.environ["RINGBUCH_CHROMIUM"] = chromium()
    for name in [name for name in os.environ if name.startswith("RINGBUCH_") and name not in OF_THE_TESTS]:
        del os.environ[name]  # the settings of a real ring are no affair of the tests
    return become([str(python()), "-m", "pytest", "-n", "2", "--dist", "loadgroup", *words])


def chromium() -> str:
    """The Chromium for the browser tests, fetched where that is possible: see tests/chromium.py."""
    found = run([str(python()), "-m", "tests.chromium"])
    last_line = (found.stdout.strip().splitlines() or ["Looking for Chromium failed."])[-1]
    if found.returncode != 0:
        raise Trouble(last_line)
    return last_line


def become(command: list[str]) -> int:
    """Let another program take our place; on Windows, wait for it instead."""
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
            continue  # Ctrl-C has reached the other program too; it decides when to end


def say(sentence: str) -> int:
    """Print a sentence where errors go; the exit code of a failure."""
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
