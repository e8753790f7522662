"""Who bears most of each cost group of a posted allocation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select, union_all
from sqlalchemy.orm import Session

from billing.allocations.preview_models import CostGroup, Line
from billing.models import AllocationCount, AllocationLine
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class GroupParts:
    """The largest parts of a cost group, the largest first; how many members bear it, and the rounding cents."""

    largest: tuple[Line, ...]
    bearers: int
    rounding_cents: int


_LINE = columns_of(Line, AllocationLine, amounts=None)


def largest_parts(session: Session, allocation_id: int, *, limit: int) -> dict[int, GroupParts]:
    """Return number of the cost group -> its largest parts, in three statements that read what is returned.

    By weight, of equal ones the lower member id first: so are the cents, as a division gives nobody fewer cents than
    somebody with a smaller weight.
    """
    counted = (AllocationCount.allocation_id == allocation_id, AllocationCount.group_number > 0)
    counts = session.execute(
        select(AllocationCount.group_number, AllocationCount.bearers, AllocationCount.rounding_cents)
        .where(*counted, AllocationCount.bearers > 0)
        .order_by(AllocationCount.group_number)
    ).all()
    largest = _largest(session, allocation_id, [number for number, *_counts in counts], limit)
    return {
        number: GroupParts(tuple(largest[number][:limit]), bearers, rounding_cents)
        for number, bearers, rounding_cents in counts
    }


def _largest(session: Session, allocation_id: int, groups: list[int], limit: int) -> dict[int, list[Line]]:
    """Return group -> its lines of the largest weights, in order, at least the first of them up to a limit.

    First the weights, then the lines of each: an index gives both, also where all weights are equal.
    """
    of_allocation = AllocationLine.allocation_id == allocation_id
    lines: dict[int, list[Line]] = {group: [] for group in groups}
    weights: list[Select[*tuple[Any, ...]]] = [
        select(AllocationLine.group_number, AllocationLine.weight)
        .where(of_allocation, AllocationLine.group_number == group, AllocationLine.weight > 0)
        .order_by(AllocationLine.weight.desc())
        .limit(limit)
        for group in groups
    ]
    found = sorted({(row.group_number, -row.weight) for row in _rows(session, weights)})
    first: list[Select[*tuple[Any, ...]]] = [
        select(AllocationLine.group_number, *_LINE)
        .where(of_allocation, AllocationLine.group_number == group, AllocationLine.weight == -weight)
        .order_by(AllocationLine.member_id)
        .limit(limit)
        for group, weight in found
    ]
    for row in sorted(_rows(session, first), key=lambda row: (row.group_number, -row.weight, row.member_id)):
        lines[row.group_number].append(Line(*row[1:]))
    return lines


def _rows(session: Session, parts: list[Select[*tuple[Any, ...]]]) -> list[Row[*tuple[Any, ...]]]:
    """Return the rows of statements with a limit each, in one statement."""
    return list(session.execute(union_all(*(select(part.subquery()) for part in parts))).all()) if parts else []


def parts_of_group(group: CostGroup, *, limit: int) -> GroupParts:
    """Return the same of a cost group whose lines are all known, as in a preview."""
    bearing = [line for line in group.lines if line.weight > 0]
    by_size = sorted(bearing, key=lambda line: (-line.weight, line.member_id))
    return GroupParts(tuple(by_size[:limit]), len(bearing), sum(line.got_rounding_cent for line in bearing))
