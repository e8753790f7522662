"""ring backup FILE and ring restore FILE."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.auth import security_log, stored_secrets
from app.commands.prepare import encrypt_secrets, store_key
from app.extensions import db
from app.storage.backup import LAST_BACKUP, BackupRefused, make_backup
from app.storage.restore import restore_backup

BACKUP = "backup"  # in the security log
FILE = click.Path(dir_okay=False, path_type=Path, resolve_path=True)


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(backup)
    ring.add_command(restore)


@click.command("backup")
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write a consistent backup of the ring into FILE while the ring is in use."""
    try:
        report = make_backup(current_app.config["SQLALCHEMY_DATABASE_URI"], file)
    except BackupRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    with suppress(OSError):  # an instance folder that is read-only: `ring doctor` knows of no backup then
        (Path(current_app.instance_path) / LAST_BACKUP).write_text(f"{file}\n", encoding="utf-8")
    security_log.export_noter(BACKUP)(report.rows)
    security_log.write_now()
    click.echo(f"Backup complete and checked: {file} ({report.rows} rows, {report.bytes // 1024} kB).")


@click.command("restore")
@click.argument("file", type=FILE)
def restore(file: Path) -> None:
    """Fill an empty instance from a backup FILE: all or nothing."""
    try:
        report = restore_backup(current_app.config["SQLALCHEMY_DATABASE_URI"], file)
    except BackupRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    if report.repaired:
        click.echo(f"In {report.repaired} texts a NUL character, which no database should hold, became U+FFFD.")
    store_key()
    encrypt_secrets()
    unreadable = sum(each.plain is None for each in stored_secrets.outdated(db.session()))
    if unreadable:
        click.echo(
            f"{unreadable} secrets (second factors, links in mails that wait) were encrypted with the SECRET_KEY of "
            "the ring that made the backup. Copy its key (instance/secret_key) here, or name it in "
            "RINGBUCH_SECRET_KEY_FALLBACKS and type: ring prepare. Else these logins use recovery codes, or "
            "type: ring user reset-second-factor EMAIL"
        )
    click.echo(f"Restored {report.rows} rows from {file}. Audit them with: ring check")
