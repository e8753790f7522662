"""Runs of tests leave nothing in the folder for temporary files but what explains a red test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import temporary_folders

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(("ending", "remains"), [("KeyboardInterrupt", False), ("AssertionError", True)])
def test_a_red_test_leaves_its_folder_and_an_interrupted_run_none(tmp_path, ending, remains):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "test_it.py").write_text(f"def test_it(tmp_path):\n    raise {ending}\n")
    words = ["-x", "-p", "no:cacheprovider", "-p", "tests.temporary_folders", "-c", os.devnull]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "-o", "tmp_path_retention_policy=failed", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert ending in ended.stdout
    assert bool([*temporary.rglob("test_it0")]) == remains
    assert bool([*temporary.iterdir()]) == remains


def test_the_server_of_a_process_that_was_killed_is_ended(monkeypatch, tmp_path):
    """xdist kills after ten seconds; the server and its folder would stay."""
    # SIGINT is ignored by what begins in the background of a shell; a server of PostgreSQL has a handler of its own.
    waiting = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); print(flush=True); signal.pause()"
    server = subprocess.Popen([sys.executable, "-c", waiting], stdout=subprocess.PIPE)
    assert server.stdout
    server.stdout.readline()
    monkeypatch.setattr(temporary_folders.time, "sleep", lambda _seconds: server.wait())  # as init would
    (tmp_path / "server/pgdata").mkdir(parents=True)
    (tmp_path / "server/pgdata/postmaster.pid").write_text(f"{server.pid}\n/somewhere\n")

    temporary_folders.end_postgresql(tmp_path / "server")

    server.stdout.close()
    assert server.returncode == -signal.SIGINT
    assert not (tmp_path / "server").exists()
