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
PRIVATE_FILES = (*SECRET_FILES, "ring.sqlite", "ring.sqlite-wal", "ring.sqlite-shm")


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
    found = [path for name in PRIVATE_FILES if (path := instance / name).exists()]
    bad = [path for path in found if path.stat().st_mode & OTHERS]
    for path in bad:
        level = error if path.name in SECRET_FILES else warn
        mode = stat.S_IMODE(path.stat().st_mode)
        yield level("files", f"{path} can be read by others ({mode:04o})", f"chmod 600 {path}")
    foreign = [path for path in (instance, *found) if path.stat().st_uid != os.getuid()]
    for path in foreign:
        yield warn("files", f"{path} belongs to another user than you", "type this as the user who runs the ring")
    if not bad and not foreign:
        yield ok("files", f"those of {instance} are yours alone")


def _backup(instance: Path, now: datetime) -> Finding:
    note = instance / LAST_BACKUP
    if not note.exists():
        return warn("backup", "none was made with `ring backup`", "make one each night, elsewhere than on this disk")
    made = datetime.fromtimestamp(note.stat().st_mtime, UTC)
    text = f"{note.read_text(encoding='utf-8').strip()}, {utc_minute(made)}"
    if now - made > BACKUP_AGE:
        return warn("backup", f"the last one is old: {text}", "look at its timer: systemctl list-timers")
    return ok("backup", text)
