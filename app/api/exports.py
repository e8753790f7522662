"""Endpoints of the treasurer's files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import chain
from typing import Literal

from flask import Response
from sqlalchemy.orm import Session

from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint
from app.api.fields import RequestModel
from app.auth.permissions import ALL, Access
from app.exports.files import CSV, XLSX, file_response
from app.extensions import db
from billing.exports.allocations import ALLOCATION_COLUMNS, all_allocations, allocation_table
from billing.exports.charges import charge_table
from billing.exports.slips import slip_table
from billing.exports.tables import Table


class ExportQuery(RequestModel):
    """Period and format. period: "2026", "2026-11" or "2026-11-01/2026-11-15"."""

    period: Period
    format: Literal["csv", "xlsx"] = "csv"


def allocations_table(session: Session, first: date, last: date) -> Table:
    """Return the lines of all allocations whose period lies between two days, oldest allocation first."""
    wanted = (view for view in all_allocations(session) if first <= view.period_from and view.period_until <= last)
    tables = (allocation_table(session, view.id) for view in wanted)
    rows = chain.from_iterable(table.rows for table in tables)
    return Table(f"allocations-{first:%Y%m%d}-{last:%Y%m%d}", ALLOCATION_COLUMNS, rows, last)


TABLES: dict[str, Callable[[Session, date, date], Table]] = {
    "slips": slip_table,
    "charges": charge_table,
    "allocations": allocations_table,
}


@Endpoint(
    "GET",
    "/exports/<name>",
    access=Access(treasurer=ALL, admin=ALL),
    names=tuple(TABLES),
    query=ExportQuery,
    files=(CSV, XLSX),
    errors=(404,),
)
def export_table(name: str, query: ExportQuery) -> Response:
    """Download a file: `slips` with their prices, or `allocations` with the weights behind each line.

    `charges` are all usage charges and reversals whose day of posting lies in the period.

    Column headers and numbers are in the language of the login. The same data gives the same bytes.
    """
    table = TABLES[name](db.session(), *days_of(query.period))
    return file_response(table, query.format)
