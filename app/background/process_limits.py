"""Limits of the process in which this runs: bytes of memory and seconds of a processor. Standard library only.

As a program (arguments: bytes, seconds, another Python file and its words) it sets them and becomes that one.
"""

from __future__ import annotations

import runpy
import sys
from contextlib import suppress


def limit_process(memory_bytes_max: int, processor_seconds_max: int | None = None) -> None:
    """Have the system end this process where it takes more.

    What the system does not allow is left out: Windows has no such limits, macOS refuses those of memory. A lower limit
    of an operator stays.
    """
    if sys.platform == "win32":
        return
    import resource

    for kind, most in ((resource.RLIMIT_AS, memory_bytes_max), (resource.RLIMIT_CPU, processor_seconds_max)):
        if most is None:
            continue
        with suppress(ValueError, OSError):
            hard = resource.getrlimit(kind)[1]
            lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (lowest, lowest))


def main() -> None:
    """Run a Python file within limits."""
    memory_bytes_max, processor_seconds_max = map(int, sys.argv[1:3])
    del sys.argv[:3]
    limit_process(memory_bytes_max, processor_seconds_max)
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
