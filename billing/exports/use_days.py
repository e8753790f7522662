"""The use of machines day by day as a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from billing.exports.subjects import filter_subject
from billing.exports.tables import AMOUNT_DECIMALS, DAY, DECIMAL, TEXT, WHOLE, Column, Row, Table
from billing.limits import require_days
from booking.queries.use_days import DAYS_MAX, UseDay, use_days

HOUR = 3_600

USE_DAY_COLUMNS = (
    Column("day", DAY),
    Column("machine", TEXT),
    Column("uses", WHOLE),
    Column("use_hours", DECIMAL, AMOUNT_DECIMALS, sums_while=()),
    Column("use_seconds", WHOLE, sums_while=()),
    Column("day_hours", DECIMAL, AMOUNT_DECIMALS),
)


def use_day_table(
    session: Session,
    since: date,
    until: date,
    *,
    machine_id: int | None = None,
    member_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
) -> Table:
    """Return the days of a period on which machines were used; arguments as in use_days().

    Raises WrongPeriod, PeriodTooLong (more than 366 days), MachineNotFound.
    """
    require_days(since, until, DAYS_MAX)
    subject = filter_subject(session, machine_id, "")
    found = use_days(session, since, until, machine_id=machine_id, member_id=member_id, workshop_ids=workshop_ids)
    return Table("use_days", USE_DAY_COLUMNS, _rows(found), until, subject, (since, until), len(found))


def _rows(found: tuple[UseDay, ...]) -> Iterator[Row]:
    for one in found:
        hours = Decimal(one.seconds) / HOUR
        yield one.day, one.machine_name, one.uses, hours, one.seconds, Decimal(one.day_seconds) / HOUR
