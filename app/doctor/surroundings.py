"""The machine: Python, clock, room on the disk, who can read the files of the instance, and the age of the backup."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.clock import utc_minute
from app.doctor.finding import Finding, error, ok, warn
from app.storage.backup import LAST_BACKUP

MEGABYTE = 1_000_000
ROOM_MIN, ROOM_WANTED = 50 * MEGABYTE, 500 * MEGABYTE
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
BACKUP_AGE = timedelta(days=2)
OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECRET_FILES = ("secret_key", "config.py")
PRIVATE_FILES = (*SECRET_FILES, "ring.sqlite*", "security.log*")  # patterns of names
PRIVATE = 0o600


def check(instance: Path, now: datetime) -> Iterator[Finding]:
    """Look at the machine and the instance folder."""
    yield ok("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _clock(now)
    if not instance.is_dir():
        yield error(
            "instance", f"there is no folder {instance}", "type: ring prepare, or name another: RINGBUCH_INSTANCE"
        )
        return
    yield _room(instance)
    if hasattr(os, "getuid"):
        yield from _permissions(instance)
    yield _backup(instance, now)


def _clock(now: datetime) -> Finding:
    if now < RELEASED:
        return error("clock", f"shows {utc_minute(now)}, before this program was made", "set it: timedatectl")
    return ok("clock", f"{utc_minute(now)}; the machine's zone is {time.tzname[0]}, which does not matter")


def _room(instance: Path) -> Finding:
    free = shutil.disk_usage(instance).free
    size = sum(path.stat().st_size for path in instance.glob("ring.sqlite*"))
    text = f"{free // MEGABYTE} MB free at {instance}"
    if free < ROOM_MIN:
        return error("disk", text, "free some space: soon nothing can be stored")
    if free < max(ROOM_WANTED, 2 * size):
        return warn("disk", text, "free some space: an update or a backup needs twice the size of the database")
    return ok("disk", text)


def _permissions(instance: Path) -> Iterator[Finding]:
    """Yield the files that others can read or that belong to somebody else."""
    bad = _wide_files(instance)
    for path in bad:
        level = error if path.name in SECRET_FILES else warn
        way_out = f"type: ring doctor --mend, or: chmod 600 {path}"
        yield level("files", f"{path} can be read by others ({_mode(path)})", way_out)
    foreign = [path for path in (instance, *_private_files(instance)) if path.stat().st_uid != os.getuid()]
    for path in foreign:
        yield warn("files", f"{path} belongs to another user than you", "type this as the user who runs the ring")
    if not bad and not foreign:
        yield ok("files", f"those of {instance} are yours alone")


def mend(instance: Path) -> Iterator[Finding]:
    """Take the rights of others from the files of the instance that only the ring may read; yield what was done.

    Not at every start: who let a group read them, for a backup of the whole machine, would lose that unasked.
    """
    for path in _wide_files(instance):
        former = _mode(path)
        try:
            path.chmod(PRIVATE)
        except OSError as failure:
            yield error("files", f"{path} stays as it is: {failure.strerror}", "type this as its owner, or as root")
        else:
            yield ok("files", f"{path} is its owner's alone now ({former} before)")


def _wide_files(instance: Path) -> list[Path]:
    """Return the private files that others can read; none on Windows, which has other rights."""
    return [path for path in _private_files(instance) if hasattr(os, "getuid") and path.stat().st_mode & OTHERS]


def _private_files(instance: Path) -> list[Path]:
    return sorted(path for name in PRIVATE_FILES for path in instance.glob(name) if path.is_file())


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"


def _backup(instance: Path, now: datetime) -> Finding:
    note = instance / LAST_BACKUP
    if not note.exists():
        return warn("backup", "none was made with `ring backup`", "make one each night, elsewhere than on this disk")
    made = datetime.fromtimestamp(note.stat().st_mtime, UTC)
    text = f"{note.read_text(encoding='utf-8').strip()}, {utc_minute(made)}"
    if now - made > BACKUP_AGE:
        return warn("backup", f"the last one is old: {text}", "look at its timer: systemctl list-timers")
    return ok("backup", text)
