"""The figures of the whole ring as one SQLite file, for Datasette and for questions of one's own.

The tables are those of the other files, with all rows: sums in cents, days and instants as ISO 8601, codes in English
as the API has them, so that a query works in both languages. The tables "about_tables" and "about_columns" say in the
language of the page what each one holds. Nothing else of the database is in it: no log-in, no secret, no bank detail.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import IO, Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth import security_log
from app.exports.texts import headers
from billing.exports.allocations import allocation_lines, allocation_list
from billing.exports.balances import balance_table
from billing.exports.books import cost_table, share_table, tariff_table
from billing.exports.charges import charge_table
from billing.exports.documents import document_line_table, document_table, statement_document_table
from billing.exports.equity import equity_table
from billing.exports.ledger import account_table, whole_journal
from billing.exports.members import BILLING_COLUMNS, MEMBER_COLUMNS, member_table
from billing.exports.slips import slip_table
from billing.exports.tables import DECIMAL, MONEY, WHOLE, YES_NO, Cell, Column, Table
from billing.limits import FIRST_DAY, LAST_DAY, PERIOD_DAYS_MAX
from billing.models import Charge
from billing.queries import years_of_ring
from billing.queries.ledger import chart_view
from billing.queries.pools import pool_names
from booking.kernel import progress
from booking.kernel.progress import tracked

SQLITE = "application/vnd.sqlite3"
FILE_NAME = "ringbuch.db"
BATCH = 1_000
ROWS_AT_ONCE = 10_000  # about two seconds of one processor
# What a spreadsheet column and a SQLite column are called apart: sums are whole cents here.
CENTS = "_cents"


Tables = Callable[[Session, date], Iterable[Table]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A table of the file. about: what it holds, translated when it is written. tables: what it is read from."""

    name: str
    about: Any
    tables: Tables


def _whole(table: Callable[[Session], Table]) -> Tables:
    return lambda session, _today: [table(session)]


def _decades(table: Callable[[Session, date, date], Table]) -> Tables:
    """Return the tables of all years, as many years in each as one may have."""
    step = PERIOD_DAYS_MAX // 366

    def tables(session: Session, today: date) -> Iterator[Table]:
        years = [one.year for one in years_of_ring(session, today)]
        for year in range(max(min(years), FIRST_DAY.year), max(years) + 1, step):
            yield table(session, date(year, 1, 1), min(date(year + step - 1, 12, 31), LAST_DAY))

    return tables


def _of_pools(table: Callable[[Session, int], Table]) -> Tables:
    return lambda session, _today: [table(session, pool_id) for pool_id in pool_names(session)]


def _lines_of_allocations(session: Session, today: date) -> Iterator[Table]:
    years = [one.year for one in years_of_ring(session, today)]
    yield allocation_lines(session, date(min(years), 1, 1), date(max(years), 12, 31))


FIGURES = (
    Figure("slips", _l("Usage slips, each with its effective charge"), _decades(slip_table)),
    Figure("charges", _l("Usage charges and their reversals"), _decades(charge_table)),
    Figure("tariffs", _l("What a use of each machine costs today"), lambda *of: [tariff_table(*of)]),
    Figure("costs", _l("Bills of the cost pools"), _of_pools(cost_table)),
    Figure("shares", _l("Who holds how many shares of a cost pool, since when"), _of_pools(share_table)),
    Figure("equity", _l("What members have paid in, and what became of it"), _whole(equity_table)),
    Figure("allocations", _l("Allocations and their reversals"), _whole(allocation_list)),
    Figure(
        "allocation_lines", _l("What each member bears of each allocation, with the weights"), _lines_of_allocations
    ),
    Figure("accounts", _l("Accounts with their sums"), _whole(account_table)),
    Figure("journal", _l("Every line of the ledger: debits above zero, credits below"), _whole(whole_journal)),
    Figure("balances", _l("What each member owes"), _whole(balance_table)),
    Figure("documents", _l("Invoices and their corrections"), _whole(document_table)),
    Figure(
        "statements",
        _l("Numbered statements: what was owed before and after some days"),
        _whole(statement_document_table),
    ),
    Figure("document_lines", _l("Lines of invoices and their corrections"), _whole(document_line_table)),
)
MEMBERS = _l("Members, former ones included")


def are_long(session: Session) -> bool:
    """Return whether the file has so many rows that a request would wait too long for it."""
    charges = session.scalar(select(func.count()).select_from(Charge)) or 0
    return charges + chart_view(session).lines > ROWS_AT_ONCE


def figures_file(session: Session, today: date, *, has_all_of_members: bool) -> IO[bytes]:
    """Write the file to a temporary one, which the caller reads and closes; an export is noted in the security log.

    has_all_of_members: also their telephone numbers, as in the file of members.
    """
    columns = MEMBER_COLUMNS if has_all_of_members else BILLING_COLUMNS
    figures = (Figure("members", MEMBERS, _whole(lambda reader: member_table(reader, columns))), *FIGURES)
    note = security_log.export_noter(FILE_NAME)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE_NAME
        note(_write(session, path, figures, today))
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
        with path.open("rb") as written:
            shutil.copyfileobj(written, file)
    file.seek(0)
    return file


def _write(session: Session, path: Path, figures: tuple[Figure, ...], today: date) -> int:
    """Write all tables; return how many rows they have."""
    from sqlite_utils import Database  # it takes 0.1 s to import

    database, texts, rows = Database(path), headers(), 0
    try:
        # Nobody reads the file before it is whole, and what fails half-way is thrown away: waiting for the disk at each
        # batch took six times as long.
        for pragma in ("journal_mode = OFF", "synchronous = OFF"):
            database.execute(f"PRAGMA {pragma}")
        for number, figure in enumerate(figures):
            with progress.part(100 * number // len(figures), 100 * (number + 1) // len(figures)):
                rows += _write_table(database, figure, list(figure.tables(session, today)), texts)
        database.table("about_tables").insert_all(
            ({"table_name": figure.name, "about": str(figure.about)} for figure in figures), pk="table_name"
        )
        for name in ("slips", "charges", "shares", "allocation_lines", "balances", "journal", "documents"):
            if "member_number" in database.table(name).columns_dict:
                database.table(name).create_index(["member_number"])
        database.analyze()
    finally:
        database.close()
    return rows


def _write_table(database: Any, figure: Figure, tables: list[Table], texts: dict[str, str]) -> int:
    """Create one table, describe its columns, and insert its rows in batches."""
    columns = tables[0].columns if tables else ()
    if not columns:
        return 0
    names = [_name(column) for column in columns]
    database.table(figure.name).create({name: _type(column) for name, column in zip(names, columns, strict=True)})
    database.table("about_columns").insert_all(
        {"table_name": figure.name, "column_name": name, "about": _about(column, texts)}
        for name, column in zip(names, columns, strict=True)
    )
    length = sum(table.length for table in tables)
    cells = tracked(chain.from_iterable(table.rows for table in tables), length)
    database.table(figure.name).insert_all(
        (dict(zip(names, map(_plain, row), strict=True)) for row in cells), batch_size=BATCH
    )
    return int(database.table(figure.name).count)


def _name(column: Column) -> str:
    return f"{column.code}{CENTS}" if column.kind == MONEY else column.code


def _type(column: Column) -> type:
    """Return the type of a column: exact numbers stay exact, but decimals, which SQLite has only as REAL."""
    if column.kind in (WHOLE, MONEY, YES_NO):
        return int
    return float if column.kind == DECIMAL else str


def _about(column: Column, texts: dict[str, str]) -> str:
    text = texts[column.code]
    return _("%(what)s in cents", what=text.replace(" in EUR", "")) if column.kind == MONEY else text


def _plain(cell: Cell) -> Any:
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return int(cell)
    return float(cell) if isinstance(cell, Decimal) else cell
