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
import os
import re
import socket
import subprocess
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not there under PYTHONSAFEPATH

from launcher import preflight
from launcher.environment import ENVIRONMENT, PROGRAM, PYTHON, ROOT, TOOLS, require_writable_folder, set_up
from launcher.steps import SetupError, run

PORT = 8000
TEST_VARIABLES = ("RINGBUCH_CHROMIUM", "RINGBUCH_PICTURES")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Set for another Python: with them the private environment would not have its own packages.
OF_OTHER_PYTHONS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH")


def main() -> int:
    """Run the command line and return the exit code."""
    normalize_process()
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
        if word != "ring":
            preflight.require_free_port(options.host, options.port)
        require_writable_folder(PROGRAM)
        prepare_instance(options, sets_base_url=word != "ring" or options.port != PORT)
        set_up(PROGRAM)
        print_other_owner()
        arguments = after if word == "ring" else serve_arguments(word, options)
        return exec_([str(PYTHON), "-P", "-m", "flask", "--app", str(ROOT / "wsgi.py"), "ring", *arguments])
    except SetupError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("Interrupted. The next start continues from here.")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python complains of what it could not print
        return fail("What start.py prints is no longer read, so it ends. The next start continues from here.")


def normalize_process() -> None:
    """Undo what the process inherited and the set-up could not live with: umask, variables, closed streams."""
    os.umask(os.umask(0o077) & 0o077)  # an odd one must not shut this user out of the files of the first start
    for name in OF_OTHER_PYTHONS:
        os.environ.pop(name, None)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it takes the lowest free number


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
    preflight.require_usable_path("the instance folder", instance)
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=instance).close()
    except OSError as error:
        raise SetupError(
            f"The instance folder {instance} cannot be written to ({error.strerror}); choose another: --instance DIR."
        ) from error
    os.environ["RINGBUCH_INSTANCE"] = str(instance)
    try:
        settings = (instance / "config.py").read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        settings = ""  # there is none, or the program itself names what is wrong with it
    if sets_base_url and not re.search(r"^BASE_URL\s*=", settings, re.MULTILINE):
        os.environ.setdefault("RINGBUCH_BASE_URL", base_url(options.host, options.port))


def base_url(host: str, port: int) -> str:
    """Return the URL under which a browser reaches this host and port."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - a comparison, nothing is bound
        host = socket.gethostname()
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def print_other_owner() -> None:
    """Print a line where another user made the environment: it works, but only that user can change it."""
    owner = preflight.other_owner(ENVIRONMENT)
    if owner:
        print(f"Note: .venv was made by the user {owner}; updates of it need a start as {owner}.", file=sys.stderr)


def run_tests(arguments: list[str]) -> int:
    """Run the tests in the private environment; the arguments go to pytest."""
    from tests import chromium  # only here: a folder without the tests serves all the same

    has_browser = "--without-browser" not in arguments
    set_up(TOOLS, debian_packages=chromium.missing_packages() if has_browser else ())
    os.chdir(ROOT)
    if has_browser:
        os.environ["RINGBUCH_CHROMIUM"] = chromium_program()
    for name in [name for name in os.environ if name.startswith("RINGBUCH_") and name not in TEST_VARIABLES]:
        del os.environ[name]  # tests must not see the settings of a real ring
    return exec_([str(PYTHON), "-m", "pytest", "-n", "2", "--dist", "loadgroup", *arguments])


def chromium_program() -> str:
    """Return the Chromium for the browser tests, fetched where there is none: see tests/chromium.py."""
    found = run("Looking for Chromium", [str(PYTHON), "-m", "tests.chromium"])
    last_line = (found.stdout.strip().splitlines() or ["Looking for Chromium failed."])[-1]
    if found.returncode != 0:
        raise SetupError(last_line)
    return last_line


def exec_(command: list[str]) -> int:
    """Replace this process by another program; on Windows, run it and wait."""
    print(end="", flush=True)  # where there is no stdout, too
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without cached bytecode each start takes a second longer
    os.environ["FLASK_SKIP_DOTENV"] = "1"  # settings come from the environment and instance/config.py alone
    if os.name != "nt":
        try:
            os.execv(command[0], command)
        except OSError as error:
            raise SetupError(
                f"{command[0]} cannot be run ({error.strerror}). Remove .venv, then start again."
            ) from error
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
