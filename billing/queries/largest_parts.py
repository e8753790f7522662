"""Who bears most of each cost group of a posted allocation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import AllocationLine
from billing.preview_models import CostGroup, Line
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class GroupParts:
    """The largest parts of a cost group, the largest first; how many members bear it, and the rounding cents."""

    largest: tuple[Line, ...]
    bearers: int
    rounding_cents: int


_LINE = columns_of(Line, AllocationLine)


def largest_parts(session: Session, allocation_id: int, *, limit: int) -> dict[int, GroupParts]:
    """Return number of the cost group -> its largest parts, in one statement."""
    group = AllocationLine.group_number
    by_size = (func.abs(AllocationLine.cents).desc(), AllocationLine.member_id)
    ranked = (
        select(
            group,
            func.row_number().over(order_by=by_size, partition_by=group).label("place"),
            func.count().over(partition_by=group).label("bearers"),
            func.count().filter(AllocationLine.got_rounding_cent.is_(True)).over(partition_by=group).label("rounding"),
            *_LINE,
        )
        .where(AllocationLine.allocation_id == allocation_id, AllocationLine.weight > 0)
        .subquery()
    )
    found: dict[int, GroupParts] = {}
    rows = session.execute(
        select(ranked).where(ranked.c.place <= limit).order_by(ranked.c.group_number, ranked.c.place)
    )
    for number, _place, bearers, rounding, *line in rows:
        before = found[number].largest if number in found else ()
        found[number] = GroupParts((*before, Line(*line)), bearers, rounding)
    return found


def parts_of_group(group: CostGroup, *, limit: int) -> GroupParts:
    """Return the same of a cost group whose lines are all known, as in a preview."""
    bearing = [line for line in group.lines if line.weight > 0]
    by_size = sorted(bearing, key=lambda line: (-abs(line.cents), line.member_id))
    return GroupParts(tuple(by_size[:limit]), len(bearing), sum(line.got_rounding_cent for line in bearing))
