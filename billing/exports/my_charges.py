"""A member's own charges as a table, by day of service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from billing.exports.tables import (
    AMOUNT_DECIMALS,
    CODE,
    DAY,
    DECIMAL,
    MONEY,
    PRICE_DECIMALS,
    TEXT,
    WHOLE,
    Column,
    Row,
    Table,
)
from billing.periods import Period
from billing.queries import ChargeView, charges_of_member
from booking.charge_units import CHARGE_UNITS, to_exact_decimal
from booking.queries import machine_names

BATCH_CHARGES = 500

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
            session, member_id, days=days, machine_id=machine_id, limit=BATCH_CHARGES, offset=offset
        )
        offset += BATCH_CHARGES
        for charge in batch:
            yield _row(charge, names)


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
