"""Posted allocations as tables: the list of all, and the lines of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import chain
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from billing import queries
from billing.allocations.periods import Period
from billing.allocations.preview_models import CostGroup
from billing.errors.money_errors import WrongPeriod
from billing.exports.tables import (
    CODE,
    DAY,
    DECIMAL,
    MONEY,
    TEXT,
    UNDATED,
    WHOLE,
    YES_NO,
    Column,
    Row,
    Table,
)
from billing.limits import PERIOD
from billing.queries import AllocationView
from billing.queries.counted import counted_cents
from booking.charge_units import CHARGE_UNITS, to_exact_decimal
from booking.queries import MemberName, member_names, ring_zone
from booking.times.wall_clock import local_day

BATCH_ALLOCATIONS = 500

WEIGHT_UNITS = {"shares": "shares", "head": "heads", "own": "parts"}  # by key; of "use" it is the charge unit

ALLOCATION_COLUMNS = (
    Column("allocation", WHOLE),
    Column("reverses", WHOLE),
    Column("pool", TEXT),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("posted_on", DAY),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("cost_group", WHOLE),
    Column("kinds", TEXT),
    Column("key", CODE),
    Column("shares_on", DAY),
    Column("weight", DECIMAL, sums_while=("allocation", "cost_group")),
    Column("weight_sum", DECIMAL),
    Column("weight_unit", CODE),
    Column("cost_group_amount", MONEY),
    Column("amount", MONEY, sums_while=()),
    Column("rounding_cent", YES_NO),
)

DUE_COLUMNS = (
    Column("allocation", WHOLE),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("share", MONEY, sums_while=()),
    Column("counted", MONEY, sums_while=()),
    Column("due", MONEY, sums_while=()),
)

LIST_COLUMNS = (
    Column("allocation", WHOLE),
    Column("reverses", WHOLE),
    Column("reversed_by", WHOLE),
    Column("pool", TEXT),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("posted_on", DAY),
    Column("amount", MONEY, sums_while=()),
    Column("note", TEXT),
)


def allocation_list(session: Session, days: Period | None = None) -> Table:
    """Return all allocations and reversals, oldest first; or those whose period has a day within some days."""
    every = all_allocations(session, days)
    zone = ring_zone(session)
    made_on = local_day(every[-1].posted_at, zone) if every else UNDATED
    return Table("allocations", LIST_COLUMNS, (_list_row(view, zone) for view in every), made_on, days=days)


def all_allocations(session: Session, days: Period | None = None) -> list[AllocationView]:
    """Return every allocation and reversal, oldest first; a ring posts a few a year."""
    found: list[AllocationView] = []
    has_more = True
    while has_more:
        page, has_more = queries.allocations(session, days=days, limit=BATCH_ALLOCATIONS, offset=len(found))
        found += page
    return found[::-1]


def allocation_table(session: Session, allocation_id: int) -> Table:
    """Return every line of a posted allocation with the numbers behind it. Raises AllocationNotFound."""
    view, groups = queries.allocation(session, allocation_id)
    zone = ring_zone(session)
    columns = _with_weights_in(group.charge_unit for group in groups if group.charge_unit)
    rows = _line_rows(session, view, groups, zone)
    return Table("allocation", columns, rows, local_day(view.posted_at, zone), str(view.id))


def due_table(session: Session, allocation_id: int) -> Table:
    """Return what an allocation makes each member owe: the share, what counts against it, the rest.

    Raises AllocationNotFound.
    """
    view, groups = queries.allocation(session, allocation_id)
    shares: Counter[int] = Counter()
    for line in (line for group in groups for line in group.lines):
        shares[line.member_id] += line.cents
    counted = counted_cents(session, allocation_id)
    names = {name.id: name for name in member_names(session, shares)}
    rows = (
        (view.id, names[one].number, names[one].name, cents, counted.get(one, 0), cents - counted.get(one, 0))
        for one, cents in sorted(shares.items())
    )
    return Table("dues", DUE_COLUMNS, rows, local_day(view.posted_at, ring_zone(session)), str(view.id))


def allocation_lines(session: Session, first: date, last: date) -> Table:
    """Return the lines of all allocations whose period lies between two days, oldest allocation first.

    Raises WrongPeriod for days that end before they begin.
    """
    if last < first:
        raise WrongPeriod(field=PERIOD, period_from=first, period_until=last)
    zone = ring_zone(session)
    every = all_allocations(session, (first, last))
    wanted = [view.id for view in every if first <= view.period_from and view.period_until <= last]
    read = (queries.allocation(session, allocation_id) for allocation_id in wanted)
    rows = chain.from_iterable(_line_rows(session, view, groups, zone) for view, groups in read)
    columns = _with_weights_in(queries.units_of_weights(session, (first, last)))
    return Table("allocation_lines", columns, rows, last, days=(first, last))


def _with_weights_in(units: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns with as many decimals as the weights in some units need, the same in all rows."""
    decimals = max((CHARGE_UNITS[unit].distinct_decimals for unit in units), default=0)
    return tuple(
        replace(column, decimals=decimals) if column.kind == DECIMAL else column for column in ALLOCATION_COLUMNS
    )


def _line_rows(session: Session, view: AllocationView, groups: tuple[CostGroup, ...], zone: ZoneInfo) -> Iterator[Row]:
    members = [line.member_id for group in groups for line in group.lines]
    names = {name.id: name for name in member_names(session, members)}
    posted_on = local_day(view.posted_at, zone)
    return (row for group in groups for row in _group_rows(view, posted_on, group, names))


def _list_row(view: AllocationView, zone: ZoneInfo) -> Row:
    return (
        view.id,
        view.reverses_id,
        view.reversed_by_id,
        view.pool_name,
        view.period_from,
        view.period_until,
        local_day(view.posted_at, zone),
        view.total_cents,
        view.note,
    )


def _group_rows(view: AllocationView, posted_on: date, group: CostGroup, names: dict[int, MemberName]) -> Iterator[Row]:
    unit = group.charge_unit or WEIGHT_UNITS.get(group.key, "")
    for line in group.lines:
        member = names[line.member_id]
        yield (
            view.id,
            view.reverses_id,
            view.pool_name,
            view.period_from,
            view.period_until,
            posted_on,
            member.number,
            member.name,
            group.number,
            ", ".join(group.kinds),
            group.key,
            group.shares_on,
            _weight(line.weight, group),
            _weight(group.weight_sum, group),
            unit,
            group.cents,
            line.cents,
            line.got_rounding_cent,
        )


def _weight(weight: int, group: CostGroup) -> Decimal:
    """Return a weight in the unit in which the page shows it."""
    return to_exact_decimal(weight, CHARGE_UNITS[group.charge_unit]) if group.charge_unit else Decimal(weight)
