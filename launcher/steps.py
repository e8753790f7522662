"""Steps of the set-up that run other programs: their progress, and their failures as one sentence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import DEVNULL, PIPE, STDOUT

PROGRESS_SECONDS = 5.0
INSTALL_VENV = "Type: sudo apt update && sudo apt install python3-venv, then start again."
NO_NETWORK = (
    r"(?i)name resolution|connection refused|newconnection|connect ?timeout|dns error|sending request|failed to fetch|"
    r"unreachable|timed out|proxyerror|could not connect|\(connect\)"
)
NOTHING_FETCHED = "The packages cannot be fetched: the package index does not answer. Connect, then start again."
# A network that first asks for a log-in, an index of a firm, an error of the index.
NOTHING_OFFERED = (
    "The packages cannot be fetched: what answers as the package index does not offer them. "
    "Does this network first ask for a log-in, or is pip set to an index that asks for one or lacks them? "
    "Correct that, then start again."
)
NOT_TRUSTED = (
    "The packages cannot be fetched: the certificate of the package index is not accepted. Look at this computer's "
    "clock; where a proxy reads along, name the file with its certificate (PIP_CERT, for uv SSL_CERT_FILE). "
    "Then start again."
)
FORBIDDEN = (
    "The packages cannot be installed: a file of pip on this computer forbids their versions (constraint). Start with "
    f"PIP_CONFIG_FILE={os.devnull} in the environment, so that pip reads no such file."
)
# Output of a failed step -> the message for the user. The first match counts.
KNOWN_ERRORS = (
    (r"ensurepip|No module named '?venv", "Python's venv module is missing. " + INSTALL_VENV),
    (r"No space left|Disk quota exceeded", "The disk is full. Make room, then start again."),
    (r"MATCH THE HASHES|Hash mismatch", "A package differs from the one this version was made with. Try elsewhere."),
    (r"ResolutionImpossible", FORBIDDEN),
    (r"(?i)certificate_?verify|certificate verify failed|invalid peer certificate", NOT_TRUSTED),
    (NO_NETWORK, NOTHING_FETCHED),
    (r"(?i)no matching distribution|was not found in the package registry|no solution found", NOTHING_OFFERED),
)


class SetupError(Exception):
    """An error that the user can correct; its message is one sentence that says how."""


_held: set[int] = set()  # descriptors of the files whose locks a step holds too


@contextmanager
def held_by_steps(descriptor: int) -> Iterator[None]:
    """Let each step hold the lock of a file until it ends: where this process is killed, the step runs on."""
    if os.name == "nt":  # programs inherit no descriptors
        yield
        return
    _held.add(descriptor)
    try:
        yield
    finally:
        _held.discard(descriptor)


def run_step(
    doing: str, command: list[str], with_uv: list[str] | None = None, *, env: dict[str, str] | None = None
) -> None:
    """Run a step of the set-up: with uv where it is installed, else (or when uv itself fails) the command."""
    uv = shutil.which("uv")
    if uv and with_uv:
        result = run(doing, [uv, *with_uv], env=env)
        if result.returncode == 0:
            return
        raise_known_error(result.stdout)
    result = run(doing, command, env=env)
    if result.returncode != 0:
        raise_known_error(result.stdout)
        raise SetupError("Setting up failed: " + (result.stdout.strip().splitlines() or ["no reason was given"])[-1])


def run(doing: str, command: list[str], *, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command, capture its output, and print every few seconds what it is doing."""
    began = time.monotonic()
    with _started(doing, command, env) as process:
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    output, _ = process.communicate(timeout=PROGRESS_SECONDS)
                    return subprocess.CompletedProcess(command, process.returncode, output)
                print(f"  {doing}: {time.monotonic() - began:.0f} s so far ...", flush=True)
        except BaseException:  # also where nobody reads what is printed any more
            process.kill()
            raise


def _started(doing: str, command: list[str], env: dict[str, str] | None) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            text=True,
            errors="replace",
            env=env,
            pass_fds=tuple(_held),
        )
    except OSError as error:
        raise SetupError(f"{doing} failed: {command[0]} cannot be run ({error.strerror}).") from error


def raise_known_error(output: str) -> None:
    """Raise SetupError with a clear message where the output shows a known error."""
    for pattern, message in KNOWN_ERRORS:
        if re.search(pattern, output):
            raise SetupError(message)
