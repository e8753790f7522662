"""Ended memberships: a login whose member has left may read its own money and nothing else (see README.md)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, ScalarSelect, bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from app.auth.models import User
from app.ring_card import ring_zone
from booking.kernel.orm import table_of
from booking.models import Member
from booking.times.wall_clock import local_day

_member, _user = table_of(Member), table_of(User)


def ring_day(now: datetime) -> date:
    """Return the day by which members leave: that of the ring's own clock (app/ring_card.py)."""
    return local_day(now, ring_zone())


def has_left(
    member_id: ColumnElement[int | None] | InstrumentedAttribute[int | None] = _user.c.member_id,
) -> ColumnElement[bool]:
    """Return a condition, with the parameter `today`: the last day of the member of a login is over."""
    return exists().where(_member.c.id == member_id, _member.c.left_on < bindparam("today", type_=Date))


def left_on() -> ScalarSelect[date | None]:
    """Return a column beside the table of logins, with the parameter `today`: the last day, once it is over."""
    is_over = _member.c.left_on < bindparam("today", type_=Date)
    return (
        select(_member.c.left_on).where(_member.c.id == _user.c.member_id, is_over).correlate(_user).scalar_subquery()
    )
