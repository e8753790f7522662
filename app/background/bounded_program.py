"""Programs of ours that read what a stranger sent: each in a process of its own, bounded in memory and time.

Such a program holds Python and one library. What it takes is free again when it ends, a library that is tricked into
more ends alone, and it knows nothing of the ring: no database, no settings, no secrets.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # no secrets of the ring
LIMITS = Path(__file__).with_name("process_limits.py")


class ProgramFailed(Exception):
    """The program ended with an error, wrote nothing, or reached a bound."""


class ProgramStuck(Exception):
    """The program got no processor for so long that it was killed; of the file nothing is known."""


@dataclass(frozen=True, slots=True)
class BoundedProgram:
    """A Python file, run by its path. seconds_max: until it is killed, processor_seconds_max: of its own work."""

    path: Path
    memory_bytes_max: int
    processor_seconds_max: int
    seconds_max: float

    def output(self, content: bytes, *words: str) -> bytes:
        """Return what the program writes when it reads some bytes. Raises ProgramFailed, ProgramStuck."""
        bounds = str(self.memory_bytes_max), str(self.processor_seconds_max)
        command = [sys.executable, "-I", str(LIMITS), *bounds, str(self.path), *words]
        variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                command, input=content, capture_output=True, timeout=self.seconds_max, env=variables, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ProgramStuck from error
        if done.returncode != 0 or not done.stdout:
            raise ProgramFailed
        return done.stdout
