"""A member's own costs as tables: charges by day of service, and the parts of allocations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from billing.allocations.periods import Period
from billing.exports.tables import (
    AMOUNT_DECIMALS,
    CODE,
    DAY,
    DECIMAL,
    MONEY,
    PRICE_DECIMALS,
    TEXT,
    UNDATED,
    WHOLE,
    Column,
    Row,
    Table,
)
from billing.queries import ChargeView, MemberTotal, charges_of_member, totals_of_member
from booking.charge_units import CHARGE_UNITS, to_exact_decimal
from booking.queries import machine_names, ring_zone
from booking.times.wall_clock import local_day

BATCH = 500

MY_CHARGE_COLUMNS = (
    Column("charge", WHOLE),
    Column("service_date", DAY),
    Column("slip", WHOLE),
    Column("machine", TEXT),
    Column("unit", CODE),
    Column("charged", DECIMAL, AMOUNT_DECIMALS, sums_while=("unit",)),
    Column("unit_price", DECIMAL, PRICE_DECIMALS),
    Column("amount", MONEY, sums_while=()),
)


MY_PART_COLUMNS = (
    Column("allocation", WHOLE),
    Column("reverses", WHOLE),
    Column("pool", TEXT),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("posted_on", DAY),
    Column("amount", MONEY, sums_while=()),
)


def my_part_table(session: Session, member_id: int, days: Period | None = None) -> Table:
    """Return a member's parts of allocations and reversals, newest first; all, or those of some days."""
    return Table(
        "allocations", MY_PART_COLUMNS, _parts(session, member_id, days), days[1] if days else UNDATED, "", days
    )


def my_charge_table(
    session: Session, member_id: int, days: Period, *, machine_id: int | None = None, subject: str = ""
) -> Table:
    """Return a member's charges and reversals of some days of service, newest first; machine_id: of this one only."""
    rows = _rows(session, member_id, days, machine_id)
    return Table("charges", MY_CHARGE_COLUMNS, rows, days[1], subject, days)


def _rows(session: Session, member_id: int, days: Period, machine_id: int | None) -> Iterator[Row]:
    names, offset, has_more = machine_names(session), 0, True
    while has_more:
        batch, has_more = charges_of_member(
            session, member_id, days=days, machine_id=machine_id, limit=BATCH, offset=offset
        )
        offset += BATCH
        for charge in batch:
            yield _row(charge, names)


def _parts(session: Session, member_id: int, days: Period | None) -> Iterator[Row]:
    zone, offset, has_more = ring_zone(session), 0, True
    while has_more:
        batch, has_more = totals_of_member(session, member_id, days=days, limit=BATCH, offset=offset)
        offset += BATCH
        for total in batch:
            yield _part(total, zone)


def _part(total: MemberTotal, zone: ZoneInfo) -> Row:
    view = total.allocation
    posted_on = local_day(view.posted_at, zone)
    return (
        view.id,
        view.reverses_id,
        view.pool_name,
        view.period_from,
        view.period_until,
        posted_on,
        total.cents,
    )


def _row(charge: ChargeView, names: Mapping[int, str]) -> Row:
    return (
        charge.id,
        charge.service_date,
        charge.usage_id,
        names[charge.machine_id],
        charge.charge_unit,
        to_exact_decimal(charge.charged_amount, CHARGE_UNITS[charge.charge_unit]),
        charge.calculation.unit_price,
        charge.cents,
    )
