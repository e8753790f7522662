"""The tables that leave the house: their columns by code, their rows as plain values.

The words over the columns are given by the edge, which knows the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from billing import slip_prices
from billing.figures import Pot
from billing.limits import require_period
from billing.queries import AllocationView, allocation
from booking import queries
from booking.charge_units import CHARGE_UNITS, to_decimal
from booking.queries import MemberName, UsageSlip

TEXT, DAY, WHOLE, EXACT, MONEY = "text", "day", "whole", "exact", "money"
BATCH_SLIPS = 500

Cell = str | int | Decimal | date | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. kind: text, day, whole (integer), exact (decimal) or money (integer cents, shown in euro)."""

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; made_on stands in the file's properties, so that it does not depend on the clock."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterator[Row]
    made_on: date


ALLOCATION_COLUMNS = (
    Column("allocation", WHOLE),
    Column("reverses", WHOLE),
    Column("pool", TEXT),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("posted_on", DAY),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("pot", WHOLE),
    Column("kinds", TEXT),
    Column("key", TEXT),
    Column("shares_on", DAY),
    Column("weight", WHOLE),
    Column("weight_sum", WHOLE),
    Column("weight_unit", TEXT),
    Column("pot_amount", MONEY),
    Column("amount", MONEY),
    Column("rounding_cent", WHOLE),
)

SLIP_COLUMNS = (
    Column("slip", WHOLE),
    Column("service_date", DAY),
    Column("machine", TEXT),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("price_class", TEXT),
    Column("unit", TEXT),
    Column("booked", EXACT),
    Column("used", EXACT),
    Column("charged", EXACT),
    Column("used_small", WHOLE),
    Column("small_unit", TEXT),
    Column("unit_price", EXACT),
    Column("amount", MONEY),
    Column("disputed", WHOLE),
)


def allocation_table(session: Session, allocation_id: int) -> Table:
    """Every line of a posted allocation with its working. Raises AllocationNotFound."""
    view, pots = allocation(session, allocation_id)
    members = [line.member_id for pot in pots for line in pot.lines]
    names = {name.id: name for name in queries.member_names(session, members)}
    rows = (row for pot in pots for row in _pot_rows(view, pot, names))
    return Table(f"allocation-{view.id}", ALLOCATION_COLUMNS, rows, view.posted_at.date())


def slip_table(session: Session, since: date, until: date, *, machine_id: int | None = None) -> Table:
    """The slips of a span of days of service, with the charge that counts; read a batch at a time.

    Raises WrongPeriod.
    """
    require_period(since, until)
    rows = _slip_rows(session, since, until, machine_id)
    return Table(f"slips-{since:%Y%m%d}-{until:%Y%m%d}", SLIP_COLUMNS, rows, until)


def _pot_rows(view: AllocationView, pot: Pot, names: dict[int, MemberName]) -> Iterator[Row]:
    unit = CHARGE_UNITS[pot.charge_unit].small_unit if pot.charge_unit else ""
    for line in pot.lines:
        member = names[line.member_id]
        yield (
            view.id,
            view.reverses_id,
            view.pool_name,
            view.period_from,
            view.period_until,
            view.posted_at.date(),
            member.number,
            member.name,
            pot.pot,
            ", ".join(pot.kinds),
            pot.key,
            pot.shares_on,
            line.weight,
            pot.weight_sum,
            unit,
            pot.cents,
            line.cents,
            int(line.got_rounding_cent),
        )


def _slip_rows(session: Session, since: date, until: date, machine_id: int | None) -> Iterator[Row]:
    after_id = 0
    while batch := queries.usage_slips(
        session, since=since, until=until, machine_id=machine_id, after_id=after_id, limit=BATCH_SLIPS
    ):
        charges = slip_prices.charges_of_slips(session, [slip.id for slip in batch])
        for slip in batch:
            yield _slip_row(slip, charges.get(slip.id))
        after_id = batch[-1].id


def _slip_row(slip: UsageSlip, charge: slip_prices.SlipCharge | None) -> Row:
    unit = CHARGE_UNITS[slip.charge_unit]

    def in_unit(small: int | None) -> Decimal | None:
        return None if small is None else to_decimal(small, unit)

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
        in_unit(charge.charged_amount) if charge else None,
        slip.used_amount,
        unit.small_unit,
        charge.working.unit_price if charge else None,
        charge.cents if charge else None,
        int(slip.is_disputed),
    )
