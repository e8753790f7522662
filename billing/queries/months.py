"""The days of a question as whole months, whose sums are stored, and the days at its edges."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Subquery, literal, select

from billing.allocations.periods import Period
from billing.models import Entry, MemberMonth, Posting


@dataclass(frozen=True, slots=True)
class MonthParts:
    """Whole months, by the first day of the first and the last of them, and the days before and after them."""

    first: date
    last: date
    edges: tuple[Period, ...]


def month_parts(first_day: date, last_day: date) -> MonthParts | None:
    """Return the whole months of some days and what is left of them; None where no month is whole."""
    first = first_day if first_day.day == 1 else _end(first_day) + timedelta(days=1)
    last = last_day.replace(day=1)
    if last_day != _end(last_day):
        last = (last - timedelta(days=1)).replace(day=1)
    if first > last:
        return None
    edges = ((first_day, first - timedelta(days=1)), (_end(last) + timedelta(days=1), last_day))
    return MonthParts(first, last, tuple(edge for edge in edges if edge[0] <= edge[1]))


def sums_by_day(first_day: date, last_day: date) -> Subquery:
    """Return a subquery of what is posted to members: member_id, topic, cents, lines, day.

    Of the months where the days are whole ones: day is the first of each. Else of the lines: day is the posting date.
    """
    parts = month_parts(first_day, last_day)
    if parts is not None and not parts.edges:
        months = select(MemberMonth.member_id, MemberMonth.topic, MemberMonth.cents, MemberMonth.lines)
        return months.add_columns(MemberMonth.month.label("day")).subquery()
    columns = Posting.member_id, Posting.topic, Posting.cents, literal(1).label("lines")
    lines = select(*columns, Entry.posting_date.label("day"))
    return lines.join(Entry, Entry.id == Posting.entry_id).where(Posting.member_id.is_not(None)).subquery()


def _end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
