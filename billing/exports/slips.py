"""Usage slips as a table, read in batches: there may be hundreds of thousands."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from billing.exports.subjects import filter_subject
from billing.exports.tables import (
    AMOUNT_DECIMALS,
    CODE,
    DAY,
    DECIMAL,
    MONEY,
    PRICE_DECIMALS,
    TEXT,
    WHOLE,
    YES_NO,
    Column,
    Row,
    Table,
)
from billing.limits import require_period
from billing.queries import SlipPrice, prices_of_slips
from booking import queries
from booking.charge_units import CHARGE_UNITS, to_exact_decimal
from booking.queries import UsageSlip

BATCH_SLIPS = 500

SLIP_COLUMNS = (
    Column("slip", WHOLE),
    Column("service_date", DAY),
    Column("machine", TEXT),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("price_class", CODE),
    Column("unit", CODE),
    Column("booked", DECIMAL, AMOUNT_DECIMALS, sums_while=("unit",)),
    Column("used", DECIMAL, AMOUNT_DECIMALS, sums_while=("unit",)),
    Column("charged", DECIMAL, AMOUNT_DECIMALS, sums_while=("unit",)),
    Column("used_small", WHOLE, sums_while=("small_unit", "unit")),
    Column("small_unit", CODE),
    Column("unit_price", DECIMAL, PRICE_DECIMALS),
    Column("amount", MONEY, sums_while=()),
    Column("disputed", YES_NO),
)


def slip_table(
    session: Session, since: date, until: date, *, machine_id: int | None = None, member_text: str = ""
) -> Table:
    """Return the slips of a period by day of service, each with its effective charge.

    member_text: only of members with this text in their number or name. Raises WrongPeriod, MachineNotFound.
    """
    require_period(since, until)
    subject = filter_subject(session, machine_id, member_text)
    # Read the ids first, eight bytes each: to find each batch by day of service, the database would have to sort
    # all slips of the period again.
    slip_ids = queries.usage_slip_ids(session, since=since, until=until, machine_id=machine_id, member_text=member_text)
    rows = _rows(session, slip_ids)
    return Table("slips", SLIP_COLUMNS, rows, until, subject, (since, until), len(slip_ids))


def _rows(session: Session, slip_ids: array[int]) -> Iterator[Row]:
    for first in range(0, len(slip_ids), BATCH_SLIPS):
        batch = slip_ids[first : first + BATCH_SLIPS].tolist()
        prices = prices_of_slips(session, batch)
        for slip in queries.usage_slips(session, usage_ids=batch):
            yield _row(slip, prices.get(slip.id))


def _row(slip: UsageSlip, price: SlipPrice | None) -> Row:
    unit = CHARGE_UNITS[slip.charge_unit]

    def in_unit(small: int | None) -> Decimal | None:
        return None if small is None else to_exact_decimal(small, unit)

    return (
        slip.id,
        slip.service_date,
        slip.machine_name,
        slip.member_number,
        slip.member_name,
        slip.price_class,
        slip.charge_unit,
        in_unit(slip.booked_amount),
        in_unit(slip.used_amount),
        in_unit(price.charged_amount) if price else None,
        slip.used_amount,
        unit.small_unit,
        price.unit_price if price else None,
        price.cents if price else None,
        slip.is_disputed,
    )
