"""One object for each file, and others in a forked child."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from booking.kernel.per_file import PerFile

# In a program of its own, because a process with threads, as this one, is not to be forked.
FORKS = """
import os, signal
from pathlib import Path
from booking.kernel.per_file import PerFile

closed = []
objects = PerFile(lambda file: [file], close=closed.append)
inherited = objects.of(Path("a"))
with objects._guard:  # as by a thread of the parent that the child does not have
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if objects.of(Path("a")) is not inherited and closed == [inherited] else 1)
    _pid, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0
assert objects.of(Path("a")) is inherited and closed == []
"""


def test_a_file_has_one_object_and_another_file_another():
    objects = PerFile(lambda _file: object())

    assert objects.of(Path("a")) is objects.of(Path("a"))
    assert objects.of(Path("a")) is not objects.of(Path("b"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process is forked there")
def test_a_forked_child_closes_what_it_inherits_and_has_its_own():
    root = Path(__file__).resolve().parents[3]

    subprocess.run([sys.executable, "-c", FORKS], check=True, timeout=60, cwd=root)
