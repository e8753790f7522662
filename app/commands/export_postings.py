"""ring export postings, ring export figures: what is recorded when it is exported, and the whole ring as one file."""

from __future__ import annotations

import shutil
from importlib import import_module
from typing import BinaryIO

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.auth import security_log
from app.clock import now
from app.commands.export import export, in_language, to_file
from app.exports.figures import figures_file
from app.exports.postings import made_file
from app.extensions import db
from app.wording.errors import sentence_of
from app.wording.formats import as_zone
from app.wording.posting_exports import CHOICES, problem_sentence, unknown_vat_sentence
from billing.period_names import named_period
from billing.posting_exports.batch_rows import rows_of_unknown_vat
from billing.posting_exports.recording import record_export, require_exportable
from billing.posting_exports.selection import ExportPreview, preview_export
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.times.wall_clock import local_day

TERMINAL = Actor(job="terminal")


def add_to(ring: AppGroup) -> None:
    """Register the group `ring export`: the commands of this module, of export.py and of export_accounts.py."""
    import_module("app.commands.export_accounts")
    ring.add_command(export)


@export.command("postings")
@click.argument("period")
@click.option("--what", type=click.Choice(sorted(CHOICES)), default="datev", help="Default: datev.")
@click.option("--again", is_flag=True, help="Also entries that are in a file of this kind already.")
@in_language
@to_file
def export_postings(period: str, what: str, again: bool, language: str, output: BinaryIO) -> None:
    """Write and record the entries of PERIOD, a year (2026) or a month (2026-03)."""
    session, instant = db.session(), now()
    kind, file_format = CHOICES[what]
    try:
        with force_locale(language):
            preview = preview_export(session, kind, named_period(period), is_again=again)
            _require_complete(preview)
            require_exportable(preview, preview.digest)
            _warn_of_unknown_vat(preview)
            name, content = made_file(session, preview, file_format, now=instant)
        in_write_transaction(session, lambda: record_export(session, preview, content, name, by=TERMINAL, now=instant))
    except DomainError as refusal:
        with force_locale("en"):  # as every command speaks
            raise click.ClickException(sentence_of(refusal)) from refusal
    output.write(content)
    output.flush()
    security_log.write_now()


def _require_complete(preview: ExportPreview) -> None:
    """Refuse a file that lacks something, by naming all that it lacks: no page shows it here."""
    if preview.problems:
        with force_locale("en"):
            raise click.ClickException("\n".join(map(problem_sentence, preview.problems)))


def _warn_of_unknown_vat(preview: ExportPreview) -> None:
    """Write to the terminal, not into the file, how many rows have no tax key because their VAT is not entered yet."""
    if count := rows_of_unknown_vat(db.session(), preview):
        with force_locale("en"):
            click.echo(unknown_vat_sentence(count), err=True)


@export.command("figures")
@in_language
@click.option("--output", "-o", type=click.File("wb"), required=True, help="The SQLite file to write.")
def export_figures(language: str, output: BinaryIO) -> None:
    """Write the figures of the whole ring as one SQLite file, for Datasette; its tables describe themselves."""
    today = local_day(now(), as_zone(None))
    with force_locale(language), figures_file(db.session(), today, has_all_of_members=True) as file:
        shutil.copyfileobj(file, output)
    security_log.write_now()
