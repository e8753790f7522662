"""/admin/backups: a backup made by the worker, and those that are there."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.permissions import ALL, Access
from app.background.deferral import deferred
from app.clock import now
from app.pages.admin import bp
from app.pages.declaration import POST, page
from app.storage.backup import LAST_BACKUP, BackupRefused, make_backup
from app.wording.formats import as_zone, format_number
from booking.times.wall_clock import to_wall

FOLDER, NAME = "backups", "ring-%Y-%m-%d-%H%M%S.sqlite"
KEPT = 3  # a disk that is full stops the ring
PRIVATE_FOLDER = 0o700
UNFINISHED_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A backup in the folder of this ring."""

    name: str
    made_at: datetime
    kilobytes: int


@page(bp, "/backups", access=Access(admin=ALL))
def list_backups() -> ResponseReturnValue:
    """List the backups made from here, the newest first, and name the last one of the command."""
    return render_template(
        "admin/backups.html", files=_files(), folder=_folder(), host=socket.gethostname(), last=_last(), kept=KEPT
    )


@page(bp, "/backups/new", methods=POST, access=Access(admin=ALL), is_expensive=True)
def make_backup_now() -> ResponseReturnValue:
    """Make a backup, checked entry by entry, and delete the oldest of those made from here."""
    if task := deferred(is_long=True):
        return task
    folder = _folder()
    file = folder / to_wall(now(), as_zone(None)).strftime(NAME)
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        _delete_unfinished(folder)
        report = make_backup(current_app.config["SQLALCHEMY_DATABASE_URI"], file)
    except (BackupRefused, OSError) as refusal:
        flash(_("The backup could not be made: %(reason)s", reason=refusal), "danger")
        return redirect(url_for(".list_backups"), code=303)
    for old in _files()[KEPT:]:
        (folder / old.name).unlink(missing_ok=True)
    with suppress(OSError):
        (folder.parent / LAST_BACKUP).write_text(f"{file}\n", encoding="utf-8")
    size = format_number(-(-report.bytes // 1000))
    flash(_("The backup is complete and checked: %(name)s, %(size)s kB.", name=file.name, size=size))
    return redirect(url_for(".list_backups"), code=303)


def _folder() -> Path:
    return Path(current_app.instance_path) / FOLDER


def _files() -> list[BackupFile]:
    """Return the complete backups of the folder, the newest first; an unfinished one begins with a dot.

    By when they were made: the names repeat themselves in the doubled hour of autumn.
    """
    found = []
    for file in _folder().glob("ring-*.sqlite"):
        with suppress(FileNotFoundError):  # the worker has just deleted it
            found.append((file, file.stat()))
    return [
        BackupFile(file.name, datetime.fromtimestamp(state.st_mtime, UTC), -(-state.st_size // 1000))
        for file, state in sorted(found, key=lambda one: one[1].st_mtime_ns, reverse=True)
    ]


def _delete_unfinished(folder: Path) -> None:
    """Delete what a killed process left of a backup a day ago or before."""
    for left in folder.glob(".ring-*"):
        if left.stat().st_mtime < now().timestamp() - UNFINISHED_SECONDS:
            left.unlink(missing_ok=True)


def _last() -> str:
    """Return the path of the last backup that was completed, from here or by the command."""
    with suppress(OSError):
        return (_folder().parent / LAST_BACKUP).read_text(encoding="utf-8").strip()
    return ""
