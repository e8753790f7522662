"""What the filters of the list of slips offer: the days and the machines of the slips that may be seen."""

from __future__ import annotations

from datetime import date
from typing import Unpack

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from booking.models import Machine, UsageRecord
from booking.queries.slips import SlipFilter
from booking.queries.workshop_ends import newest_of_workshops, oldest_of_workshops


def days_of_slips(session: Session, **wanted: Unpack[SlipFilter]) -> tuple[date, date] | None:
    """Return the first and the last day of service of the slips that may be seen; None without any.

    By machine, and by member: both are the ends of an index, however many slips there are.
    """
    member_id, workshop_ids = wanted.get("member_id"), wanted.get("workshop_ids")
    days: list[date | None] = []
    if member_id is not None:
        of_member = select(UsageRecord.service_date).where(UsageRecord.member_id == member_id)
        orders = (UsageRecord.handed_out_at, UsageRecord.handed_out_at.desc())
        ends = [of_member.order_by(order).limit(1).scalar_subquery() for order in orders]
        days += session.execute(select(*ends)).one()
    if member_id is None or workshop_ids:
        days += [
            end(session, UsageRecord.service_date, workshop_ids) for end in (oldest_of_workshops, newest_of_workshops)
        ]
    found = [day for day in days if day is not None]
    return (min(found), max(found)) if found else None


def machines_with_slips(session: Session, **wanted: Unpack[SlipFilter]) -> tuple[tuple[str, str], ...]:
    """Return the machines with slips that may be seen as (short name, name), by name; retired ones included."""
    member_id, workshop_ids = wanted.get("member_id"), wanted.get("workshop_ids")
    has_slip = exists().where(UsageRecord.machine_id == Machine.id).correlate(Machine)
    either: list[ColumnElement[bool]] = []
    if member_id is not None:
        either.append(Machine.id.in_(_machines_used_by(member_id)))
    if workshop_ids:
        either.append(and_(Machine.workshop_id.in_(workshop_ids), has_slip))
    if member_id is None and workshop_ids is None:
        either.append(has_slip)
    named = select(Machine.slug, Machine.name).where(or_(false(), *either)).order_by(Machine.name, Machine.id)
    return tuple((slug, name) for slug, name in session.execute(named))


def _machines_used_by(member_id: int) -> Select[tuple[int | None]]:
    """Return the statement of the machines that a member has used, each found by one step in their index."""
    smallest = select(func.min(UsageRecord.machine_id).label("id")).where(UsageRecord.member_id == member_id)
    first = smallest.cte(recursive=True)
    later = smallest.where(UsageRecord.machine_id > first.c.id).correlate(first).scalar_subquery()
    found = first.union_all(select(later).where(first.c.id.is_not(None)))
    return select(found.c.id).where(found.c.id.is_not(None))
