"""ring import: members, machines and reservations from a CSV file, all or nothing."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.clock import now
from app.commands.prepare import create_database
from app.commands.terminal import TERMINAL
from app.extensions import db
from app.imports import KINDS, Report, TableError, import_table, preview_table, read
from app.wording.errors import sentence_of
from booking.kernel.errors import DomainError


def add_to(ring: AppGroup) -> None:
    """Register the command of this module."""
    ring.add_command(import_file)


@click.command("import")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only print what would happen.")
def import_file(kind: str, file: Path, dry_run: bool) -> None:
    """Import the rows of FILE (CSV): all of them, or none when one is refused.

    Existing rows are not entered twice: members and machines are updated, reservations are left unchanged.
    """
    create_database()
    with force_locale("en"):  # commands print English
        report = _report(kind, file, dry_run)
    for row in report.rows:
        for reason in row.reasons:
            click.echo(f"line {row.line}, {row.key}: {reason}")
    counts = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in ("entered", "changed", "same", "refused"))
    click.echo(counts + (" (nothing was stored)" if dry_run or not report.is_clean() else ""))
    if not report.is_clean():
        raise SystemExit(1)


def _report(kind: str, file: Path, dry_run: bool) -> Report:
    run = preview_table if dry_run else import_table
    try:
        return run(db.session(), kind, read(kind, file.read_bytes()), by=TERMINAL, now=now())
    except TableError as error:
        raise click.ClickException(str(error)) from error
    except DomainError as refusal:
        raise click.ClickException(sentence_of(refusal)) from refusal
