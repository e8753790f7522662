"""Calls: the treasurer's files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from itertools import chain
from typing import Literal

from flask import Response, stream_with_context
from flask_babel import get_locale
from sqlalchemy.orm import Session

from app.api.calls import Call
from app.api.fields import Given
from app.api.periods import Period, days_of
from app.extensions import db
from app.pages.costs.words import heads
from billing import queries
from billing.exports.allocations import ALLOCATION_COLUMNS, allocation_table
from billing.exports.csv import STYLES, csv_chunks
from billing.exports.slips import slip_table
from billing.exports.tables import Table
from billing.exports.xlsx import write_xlsx

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BATCH = 100


class ExportWish(Given):
    """Of which period, as what. period: "2026", "2026-11" or "2026-11-01/2026-11-15"."""

    period: Period
    format: Literal["csv", "xlsx"] = "csv"


def allocations_table(session: Session, first: date, last: date) -> Table:
    """The lines of all allocations whose period lies within some days, the oldest allocation first."""
    found: list[int] = []
    seen, has_more = 0, True
    while has_more:
        page, has_more = queries.allocations(session, limit=BATCH, offset=seen)
        seen += len(page)
        found += [view.id for view in page if first <= view.period_from and view.period_until <= last]
    tables = (allocation_table(session, allocation_id) for allocation_id in reversed(found))
    rows = chain.from_iterable(table.rows for table in tables)
    return Table(f"allocations-{first:%Y%m%d}-{last:%Y%m%d}", ALLOCATION_COLUMNS, rows, last)


TABLES: dict[str, Callable[[Session, date, date], Table]] = {"slips": slip_table, "allocations": allocations_table}


@Call("GET", "/exports/<name>", names=tuple(TABLES), asks=ExportWish, files=(CSV, XLSX), refuses=(404,))
def export_table(name: str, query: ExportWish) -> Response:
    """Fetch a file: `slips` with their prices, or `allocations` with the working of each line.

    Heads and figures are written in the language of the login. The same facts give the same bytes.
    """
    table = TABLES[name](db.session(), *days_of(query.period))
    answer = _workbook(table) if query.format == "xlsx" else _csv(table)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{table.name}.{query.format}")
    return answer


def _csv(table: Table) -> Response:
    style = STYLES.get(getattr(get_locale(), "language", "en"), STYLES["en"])
    return Response(stream_with_context(csv_chunks(table, heads(), style)), content_type=f"{CSV}; charset=utf-8")


def _workbook(table: Table) -> Response:
    file = BytesIO()
    write_xlsx(table, heads(), file)
    return Response(file.getvalue(), content_type=XLSX)
