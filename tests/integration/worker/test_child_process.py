"""A child whose parent is gone before it has begun."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os, time
from app.server import child_process

parent, ask = os.getpid(), child_process._end_with_parent

def ask_too_late():
    while os.getppid() == parent:
        time.sleep(0.01)
    ask()

child_process._end_with_parent = ask_too_late
child_process.ChildProcess(os.write, 1, b"at work").start()
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_it_does_not_begin_its_work():
    """The pipe of its words is closed when the last who holds it has ended."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, check=True, timeout=60)

    assert done.stdout == b""


STUBBORN = """
import os, signal, sys, time
from app.server import child_process

def ignore():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"at work")
    time.sleep(60)

child_process._ORPHAN_SECONDS = 0.2
child_process.ChildProcess(ignore).start()
time.sleep(1)
os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_one_that_does_not_end_with_its_parent_is_killed():
    done = subprocess.run([sys.executable, "-c", STUBBORN], cwd=ROOT, capture_output=True, check=True, timeout=30)

    assert done.stdout == b"at work"


FORKSERVER = """
import multiprocessing, os, sys, time
multiprocessing.set_start_method("forkserver")  # the default of Python 3.14
from app.server.child_process import ChildProcess

def work():
    os.write(1, b"parent" if os.getppid() == multiprocessing.parent_process().pid else b"stranger")

child = ChildProcess(work)
child.start()
child._process.join(30)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems start children in another way")
def test_it_is_a_child_of_its_parent_whatever_the_default_of_python():
    done = subprocess.run([sys.executable, "-c", FORKSERVER], cwd=ROOT, capture_output=True, check=True, timeout=60)

    assert done.stdout == b"parent"
