"""ring export: every export of the pages, for scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import BinaryIO

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from app.auth import security_log
from app.commands.terminal import DAY
from app.exports.event_table import event_table
from app.exports.files import csv_file, noted, workbook
from app.extensions import db
from billing.allocations.periods import Period
from billing.errors.money_errors import AllocationNotFound, PeriodTooLong, PoolNotFound, TooManyRows, WrongPeriod
from billing.exports.allocations import allocation_lines, allocation_list, allocation_table
from billing.exports.books import cost_table, share_table, tariff_table
from billing.exports.charges import charge_table
from billing.exports.csv import STYLES
from billing.exports.members import member_table
from billing.exports.slips import slip_table
from billing.exports.tables import Table
from billing.exports.use_days import use_day_table
from booking.errors.schedule_errors import MachineNotFound
from booking.queries import machine_card

Command = Callable[..., None]
export = AppGroup("export", help="Write tables for other programs, as CSV or XLSX.")

in_format = click.option(
    "--format", "file_format", type=click.Choice(["csv", "xlsx"]), default="csv", help="Default: csv."
)
in_language = click.option(
    "--language",
    type=click.Choice(sorted(STYLES)),
    default="de",
    help="Of headers, numbers, dates. Default: de.",
)
first_day = click.option("--from", "since", type=DAY, help="First day, as 2026-01-31; default: all.")
last_day = click.option("--until", type=DAY, help="Last day, as 2026-01-31; default: all.")
to_file = click.option(
    "--output", "-o", type=click.File("wb"), default="-", help="The file to write; default: standard output."
)


of_machine = click.option("--machine", "slug", help="Only one machine, by its short name in addresses.")
of_members = click.option(
    "--member", "member_text", default="", help="Only members with this text in their number or name."
)


def as_file(command: Command) -> Command:
    """Add the options of every table: format, language, and where it is written."""
    return in_format(in_language(to_file(command)))


def in_days(command: Command) -> Command:
    """Add the options of a first and a last day, which may be left out together."""
    return first_day(last_day(command))


def between_days(day: str = "day") -> Callable[[Command], Command]:
    """Add the options of a first and a last day, which are both required. day: what kind of day, for the help."""

    def add(command: Command) -> Command:
        first, last = (f"{which} {day}, as 2026-01-31." for which in ("First", "Last"))
        until = click.option("--until", type=DAY, required=True, help=last)
        return click.option("--from", "since", type=DAY, required=True, help=first)(until(command))

    return add


def machine_of(slug: str | None) -> int | None:
    """Return the id of the machine of the option; None where it is left out. Raises ClickException."""
    try:
        return machine_card(db.session(), slug).id if slug else None
    except MachineNotFound as refusal:
        raise click.ClickException(f"There is no machine {slug!r}.") from refusal


NO_PERIOD = "The span ends before it starts, is too long or too far away."


@export.command("allocation")
@click.argument("number", type=int)
@as_file
def export_allocation(number: int, file_format: str, language: str, output: BinaryIO) -> None:
    """Write every line of the posted allocation NUMBER."""
    try:
        table = allocation_table(db.session(), number)
    except AllocationNotFound as refusal:
        raise click.ClickException(f"There is no allocation number {number}.") from refusal
    write(table, file_format, language, output)


@export.command("allocations")
@in_days
@as_file
def export_allocations(
    since: date | None, until: date | None, file_format: str, language: str, output: BinaryIO
) -> None:
    """Write the list of allocations and reversals: all, or those whose period has one of some days."""
    write(allocation_list(db.session(), _days(since, until)), file_format, language, output)


@export.command("allocation-lines")
@between_days("day of the periods")
@as_file
def export_allocation_lines(since: date, until: date, file_format: str, language: str, output: BinaryIO) -> None:
    """Write every line of all allocations whose period lies between two days."""
    try:
        table = allocation_lines(db.session(), since, until)
    except WrongPeriod as refusal:
        raise click.ClickException(NO_PERIOD) from refusal
    write(table, file_format, language, output)


@export.command("slips")
@between_days("service date")
@of_machine
@of_members
@as_file
def export_slips(
    since: date,
    until: date,
    slug: str | None,
    member_text: str,
    file_format: str,
    language: str,
    output: BinaryIO,
) -> None:
    """Write the usage slips of a period, with their prices."""
    try:
        table = slip_table(db.session(), since, until, machine_id=machine_of(slug), member_text=member_text)
    except WrongPeriod as refusal:
        raise click.ClickException(NO_PERIOD) from refusal
    write(table, file_format, language, output)


@export.command("charges")
@between_days("day of posting")
@of_machine
@of_members
@as_file
def export_charges(
    since: date,
    until: date,
    slug: str | None,
    member_text: str,
    file_format: str,
    language: str,
    output: BinaryIO,
) -> None:
    """Write all usage charges and their reversals by day of posting."""
    try:
        table = charge_table(db.session(), since, until, machine_id=machine_of(slug), member_text=member_text)
    except WrongPeriod as refusal:
        raise click.ClickException(NO_PERIOD) from refusal
    write(table, file_format, language, output)


@export.command("costs")
@click.argument("pool", type=int)
@in_days
@as_file
def export_costs(
    pool: int, since: date | None, until: date | None, file_format: str, language: str, output: BinaryIO
) -> None:
    """Write the bills of the cost pool POOL, each with its allocation; all, or those of some days of service."""
    try:
        table = cost_table(db.session(), pool, _days(since, until))
    except PoolNotFound as refusal:
        raise click.ClickException(f"There is no cost pool number {pool}.") from refusal
    write(table, file_format, language, output)


@export.command("shares")
@click.argument("pool", type=int)
@as_file
def export_shares(pool: int, file_format: str, language: str, output: BinaryIO) -> None:
    """Write who holds how many shares of the cost pool POOL, since when."""
    try:
        table = share_table(db.session(), pool)
    except PoolNotFound as refusal:
        raise click.ClickException(f"There is no cost pool number {pool}.") from refusal
    write(table, file_format, language, output)


@export.command("members")
@as_file
def export_members(file_format: str, language: str, output: BinaryIO) -> None:
    """Write all members, with column headers that `ring import members` reads."""
    write(member_table(db.session()), file_format, language, output)


@export.command("events")
@between_days()
@as_file
def export_events(since: date, until: date, file_format: str, language: str, output: BinaryIO) -> None:
    """Write the event log of a period, as text and with the recorded data."""
    try:
        table = event_table(db.session(), since, until)
    except WrongPeriod as refusal:
        raise click.ClickException(NO_PERIOD) from refusal
    write(table, file_format, language, output)


@export.command("use-days")
@between_days()
@of_machine
@as_file
def export_use_days(
    since: date, until: date, slug: str | None, file_format: str, language: str, output: BinaryIO
) -> None:
    """Write how long each machine was in use on each day of a year at most, by the clock of its workshop."""
    try:
        table = use_day_table(db.session(), since, until, machine_id=machine_of(slug))
    except (PeriodTooLong, WrongPeriod) as refusal:
        raise click.ClickException(NO_PERIOD) from refusal
    write(table, file_format, language, output)


@export.command("tariffs")
@click.option("--on", "day", type=DAY, required=True, help="The day, as 2026-01-31.")
@as_file
def export_tariffs(day: date, file_format: str, language: str, output: BinaryIO) -> None:
    """Write what a use of each machine costs on a day."""
    write(tariff_table(db.session(), day), file_format, language, output)


def _days(since: date | None, until: date | None) -> Period | None:
    """Return the days of the options; None where both are left out. Raises ClickException."""
    if since is None and until is None:
        return None
    if since is None or until is None:
        raise click.ClickException("Give both --from and --until, or none of them.")
    if until < since:
        raise click.ClickException(NO_PERIOD)
    return since, until


def write(table: Table, file_format: str, language: str, output: BinaryIO) -> None:
    """Write a table, noted in the security log."""
    table = noted(table, file_format)
    with force_locale(language):
        if file_format == "xlsx":
            _write_workbook(table, output)
        else:
            output.writelines(csv_file(table))
            output.flush()
    security_log.write_now()


def _write_workbook(table: Table, output: BinaryIO) -> None:
    """Write to a temporary file first: a workbook is a zip archive and needs a seekable file."""
    import shutil

    try:
        file = workbook(table)
    except TooManyRows as refusal:
        raise click.ClickException("The table has too many rows for a workbook. Use CSV, or fewer days.") from refusal
    with file:
        shutil.copyfileobj(file, output)
