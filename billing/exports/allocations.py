"""Posted allocations as tables: the list of all, and the lines of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from billing import queries
from billing.exports.tables import CODE, DAY, MONEY, TEXT, UNDATED, WHOLE, Column, Row, Table, dated_name
from billing.periods import Period
from billing.preview_models import CostGroup
from billing.queries import AllocationView
from booking.charge_units import CHARGE_UNITS
from booking.queries import MemberName, member_names, ring_zone
from booking.wall_clock import local_day

BATCH_ALLOCATIONS = 500

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
    Column("weight", WHOLE),
    Column("weight_sum", WHOLE),
    Column("weight_unit", CODE),
    Column("cost_group_amount", MONEY),
    Column("amount", MONEY),
    Column("rounding_cent", WHOLE),
)


LIST_COLUMNS = (
    Column("allocation", WHOLE),
    Column("reverses", WHOLE),
    Column("reversed_by", WHOLE),
    Column("pool", TEXT),
    Column("period_from", DAY),
    Column("period_until", DAY),
    Column("posted_on", DAY),
    Column("amount", MONEY),
    Column("note", TEXT),
)


def allocation_list(session: Session, days: Period | None = None) -> Table:
    """Return all allocations and reversals, oldest first; or those whose period has a day within some days."""
    every = all_allocations(session, days)
    name = "allocations" if days is None else dated_name("allocations", *days)
    zone = ring_zone(session)
    made_on = local_day(every[-1].posted_at, zone) if every else UNDATED
    return Table(name, LIST_COLUMNS, (_list_row(view, zone) for view in every), made_on)


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
    members = [line.member_id for group in groups for line in group.lines]
    names = {name.id: name for name in member_names(session, members)}
    posted_on = local_day(view.posted_at, ring_zone(session))
    rows = (row for group in groups for row in _group_rows(view, posted_on, group, names))
    return Table(f"allocation-{view.id}", ALLOCATION_COLUMNS, rows, posted_on)


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
    unit = CHARGE_UNITS[group.charge_unit].small_unit if group.charge_unit else ""
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
            line.weight,
            group.weight_sum,
            unit,
            group.cents,
            line.cents,
            int(line.got_rounding_cent),
        )
