"""Posted allocations as tables, every line with its working."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from billing.exports.tables import DAY, MONEY, TEXT, WHOLE, Column, Row, Table
from billing.figures import Pot
from billing.queries import AllocationView, allocation
from booking import queries
from booking.charge_units import CHARGE_UNITS
from booking.queries import MemberName

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


def allocation_table(session: Session, allocation_id: int) -> Table:
    """Every line of a posted allocation with its working. Raises AllocationNotFound."""
    view, pots = allocation(session, allocation_id)
    members = [line.member_id for pot in pots for line in pot.lines]
    names = {name.id: name for name in queries.member_names(session, members)}
    rows = (row for pot in pots for row in _pot_rows(view, pot, names))
    return Table(f"allocation-{view.id}", ALLOCATION_COLUMNS, rows, view.posted_at.date())


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
