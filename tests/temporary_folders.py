"""A plugin of pytest: what runs leave in the folder for temporary files. Of a red test its own folder is kept."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import time
from contextlib import suppress
from getpass import getuser
from pathlib import Path
from tempfile import gettempdir

import pytest

IS_INTERRUPTED = pytest.StashKey[bool]()


class Interruptions:
    """Remembers whether Ctrl-C ended the run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self._config.stash[IS_INTERRUPTED] = excinfo.type is KeyboardInterrupt  # not of a kind that -x raises


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        atexit.register(_remove_empty_folder)  # before pytest registers what empties it: the last one runs first
        config.pluginmanager.register(Interruptions(config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """After Ctrl-C remove all folders of the run, and end its servers: xdist kills what does not end in ten seconds."""
    if config.stash.get(IS_INTERRUPTED, False):
        of_this_run: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        for link in [of_this_run / "postgresql", *of_this_run.glob("popen-*/postgresql")]:
            end_postgresql(link.resolve())
        shutil.rmtree(of_this_run, ignore_errors=True)
        current = of_this_run.parent / "pytest-current"  # a link to it
        if not current.exists():
            current.unlink(missing_ok=True)


def end_postgresql(folder: Path) -> None:
    """End a server whose process of tests was killed, and remove its folder."""
    with suppress(OSError, ValueError):  # it has ended, or never began
        server = int((folder / "pgdata/postmaster.pid").read_text(encoding="utf-8").split()[0])
        os.kill(server, signal.SIGINT)
        for _ in range(200):
            os.kill(server, 0)
            time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_empty_folder() -> None:
    """Remove pytest's folder for temporary files unless something of a failed test, or of another run, is in it."""
    with suppress(OSError):
        (Path(gettempdir()) / f"pytest-of-{getuser()}").rmdir()
