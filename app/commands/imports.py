"""ring import: members, machines and reservations from a CSV file or a workbook, all or nothing; and undoing it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import force_locale
from sqlalchemy.orm import Session

from app.clock import now
from app.commands.prepare import create_database
from app.commands.terminal import TERMINAL
from app.commands.undo_import import undo
from app.extensions import db
from app.imports import KINDS, Report, TableError, import_table, preview_table
from app.imports.columns import Columns
from app.imports.days import ORDERS, day_in_order
from app.imports.encodings import ENCODINGS
from app.imports.errors import ColumnsUnclear, DayOrderUnclear, EncodingUnclear, SheetUnclear
from app.imports.leavers import ImportedLeaver
from app.imports.lost_zeros import AS_WRITTEN, RESTORE
from app.imports.mapping import GENERATED, Choice
from app.imports.memory import remember, remembered_choices
from app.imports.reading import Answers, Reading, read_file
from app.imports.report import CHANGED
from app.imports.values import CellChange
from app.imports.workbooks import is_workbook
from app.wording.errors import sentence_of
from app.wording.formats import format_money
from booking.kernel.errors import DomainError
from booking.kernel.transaction import write_transaction


def add_to(ring: AppGroup) -> None:
    """Register the command of this module."""
    for kind in sorted(KINDS):
        import_group.add_command(_command_of(kind))
    import_group.add_command(undo)
    ring.add_command(import_group)


@dataclass(frozen=True, slots=True)
class Options:
    """What was typed about the columns of a file: pairs "their name=field" and "field=text", and flags."""

    columns: tuple[str, ...]
    values: tuple[str, ...]
    leaves_out_unknown: bool
    makes_up: bool

    def choice(self, kind: str) -> Choice:
        """Return what was typed as a choice. Raises ClickException."""
        known = KINDS[kind].columns
        columns = {header: _field(known, field) for header, field in map(_pair, self.columns)}
        constants = {_field(known, field): text for field, text in map(_pair, self.values)}
        generates = frozenset(GENERATED[kind]) if self.makes_up else frozenset()
        return Choice(columns, self.leaves_out_unknown, constants, generates)


@click.group("import")
def import_group() -> None:
    """Import a file, or undo the last import of a kind."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only print what would happen.")
@click.option("--column", "columns", multiple=True, metavar="NAME=FIELD", help="A column of the file and its field; "
              "nothing after the = leaves it out. Can be repeated; remembered.")  # fmt: skip
@click.option("--leave-out-unknown", is_flag=True, help="Leave out the columns that are not known; remembered.")
@click.option("--value", "values", multiple=True, metavar="FIELD=TEXT", help="A field that has the same text in every "
              "row, such as workshop=hall. Can be repeated; remembered.")  # fmt: skip
@click.option("--make-up", "makes_up", is_flag=True, help="Make what is needed and missing: numbers of new members, "
              "short names of machines.")  # fmt: skip
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Of a text file, where it is not certain.")
@click.option("--sheet", default="", help="Of a workbook with several sheets.")
@click.option("--clear-empty", is_flag=True, help="An empty cell empties the field of a stored record; else what is "
              "stored stays.")  # fmt: skip
@click.option(
    "--lost-zeros", type=click.Choice([RESTORE, AS_WRITTEN]), help="Whether 42 in the file is the stored 0042."
)
@click.option("--day-order", type=click.Choice(ORDERS), help="Of days such as 03/04/2026: dmy or mdy.")
def import_file(
    kind: str,
    file: Path,
    dry_run: bool,
    columns: tuple[str, ...],
    leave_out_unknown: bool,
    values: tuple[str, ...],
    makes_up: bool,
    encoding: str | None,
    sheet: str,
    clear_empty: bool,
    lost_zeros: str | None,
    day_order: str | None,
) -> None:
    """Import the rows of FILE (CSV or XLSX): all of them, or none when one is refused.

    Existing rows are not entered twice: members and machines are updated, reservations are left unchanged.
    """
    create_database()
    with force_locale("en"):  # commands print English
        choice = Options(columns, values, leave_out_unknown, makes_up).choice(kind)
        answers = Answers(encoding or "", sheet, choice, lost_zeros or "", clear_empty, day_order or "")
        report = _report(kind, file, answers, dry_run)
    for row in report.rows:
        for text in (*row.reasons, *(_change_text(change) for change in row.changes if row.outcome == CHANGED)):
            click.echo(f"line {row.line}, {row.key}: {text}")
    for one in report.leavers:
        click.echo(f"line {one.line}, {one.key}: leaves on {one.last_day} with {_open_text(one)}")
    counts = ", ".join(f"{report.count(outcome)} {outcome}" for outcome in ("entered", "changed", "same", "refused"))
    click.echo(counts + (" (nothing was stored)" if dry_run or not report.is_clean() else ""))
    if report.emptied:
        click.echo(f"{report.emptied} values are emptied.")
    if report.kept:
        click.echo(f"{report.kept} cells are empty where something is stored, which stays; --clear-empty empties it.")
    if report.lost_zeros:
        click.echo(f"Repeat it with --lost-zeros {RESTORE} or --lost-zeros {AS_WRITTEN}.")
    if not report.is_clean():
        raise SystemExit(1)


def _command_of(kind: str) -> click.Command:
    """Return the import of one kind of file."""
    callback = partial(import_file.callback or import_file, kind)
    return click.Command(kind, callback=callback, params=import_file.params, help=import_file.help)


def _open_text(leaver: ImportedLeaver) -> str:
    """Return what a member who leaves still holds and owes."""
    sums, use = leaver.sums, leaver.use
    cents = sum(part.cents for part in sums.parts) + sum(cents for _year, cents in sums.charged)
    shares = sum(one.shares for one in sums.shares)
    with force_locale("en"):
        money = format_money(cents)
    uses = f"{use.reservations} reservations to come, {use.out} machines out"
    return f"{uses}, {shares} shares, {money} of charges and open parts of bills"


def _change_text(change: CellChange) -> str:
    return f"{change.column}: {change.old or 'nothing'} -> {change.new or 'EMPTIED'}"


def _report(kind: str, file: Path, answers: Answers, dry_run: bool) -> Report:
    session = db.session()
    try:
        content = file.read_bytes()
        if answers.sheet and not is_workbook(content):
            raise click.ClickException("--sheet is for workbooks; this is a text file.")
        reading = read_file(kind, KINDS[kind].columns, content, answers, remembered_choices(session, kind))
        report = (preview_table if dry_run else import_table)(session, kind, reading.table, by=TERMINAL, now=now())
    except TableError as error:
        raise click.ClickException(f"{error} {_way_out(error)}".strip()) from error
    except DomainError as refusal:
        raise click.ClickException(sentence_of(refusal)) from refusal
    if not dry_run and report.is_clean():
        _remember(session, kind, reading)
    return report


def _remember(session: Session, kind: str, reading: Reading) -> None:
    if reading.to_remember is not None:
        with write_transaction(session):
            remember(session, kind, reading.shape, reading.to_remember, now=now())


def _way_out(error: TableError) -> str:
    """Return the option that answers a question about a file; "" for an error."""
    if isinstance(error, EncodingUnclear):
        readings = "; ".join(f"--encoding {code} ({', '.join(words)})" for code, words in error.samples.items())
        return f"Repeat it with one of: {readings}."
    if isinstance(error, SheetUnclear):
        return "Repeat it with one of: " + "; ".join(f'--sheet "{name}"' for name in error.sheets) + "."
    if isinstance(error, DayOrderUnclear):
        days = "; ".join(f"--day-order {order} ({day_in_order(error.sample, order)})" for order in ORDERS)
        return f"Repeat it with one of: {days}."
    if isinstance(error, ColumnsUnclear):
        return 'Repeat it with --column "NAME=FIELD" for each, --leave-out-unknown, --value FIELD=TEXT or --make-up.'
    return ""


def _pair(text: str) -> tuple[str, str]:
    name, sign, rest = text.rpartition("=") if text.count("=") else ("", "", "")
    if not sign or not name.strip():
        raise click.ClickException(f"“{text}” needs a name, an equals sign and a text, such as Telefon=phone.")
    return name.strip(), rest.strip()


def _field(known: Columns, text: str) -> str:
    """Return the field that a text names, by its code or any of its headers; "" for an empty text."""
    field = text if text in known.fields else known.column_of(text)
    if text and not field:
        raise click.ClickException(f"There is no field “{text}”. Fields: {', '.join(known.fields)}.")
    return field
