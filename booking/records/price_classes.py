"""The price class of a member on a day: classes are dated, so that a change leaves the past as it was.

The record of a member holds the class that was entered last. Each class before it is a row with the first day on
which it no longer held, so a member who never changed has no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, bindparam, delete, func, insert, literal_column, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MemberNotFound, Violation
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import FormerPriceClass, Member, Ring
from booking.times.wall_clock import USUAL_ZONE, local_day

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)

_former = table_of(FormerPriceClass)
_member_id = bindparam("member_id", type_=Integer)
_CLASS_ON = PreparedStatement(
    select(
        func.coalesce(
            select(_former.c.price_class)
            .where(_former.c.member_id == _member_id, _former.c.held_until > bindparam("day", type_=Date))
            .order_by(_former.c.held_until)
            .limit(literal_column("1"))
            .scalar_subquery(),
            Member.price_class,
        )
    ).where(Member.id == _member_id)
)


def price_class_on(session: Session, member_id: int, day: date) -> str:
    """Return the code of the class by which a member pays for a use of a day of service. Raises MemberNotFound."""
    rows = _CLASS_ON.of(session, {"member_id": member_id, "day": day})
    if not rows:
        raise MemberNotFound(id=member_id)
    found: str = rows[0][0]
    return found


def price_classes_of(session: Session, member_id: int) -> list[tuple[date, str]]:
    """Return the classes of a member in order of time, each with the first day on which it no longer holds.

    Raises MemberNotFound.
    """
    last = session.scalar(select(Member.price_class).where(Member.id == member_id))
    if last is None:
        raise MemberNotFound(id=member_id)
    ended = select(_former.c.held_until, _former.c.price_class).where(_former.c.member_id == member_id)
    rows = session.execute(ended.order_by(_former.c.held_until))
    return [*((row.held_until, row.price_class) for row in rows), (date.max, last)]


def check_day(since: date | None) -> list[Violation]:
    """Return class_day (limit: the first possible day) for a day that can only be a slip of the pen."""
    if since is None or EARLIEST <= since <= LATEST:
        return []
    return [Violation("class_day", "class_from", limit=EARLIEST, actual=since)]


def date_changes(session: Session, classes: Mapping[int, tuple[str, str]], since: date) -> None:
    """Store that members pay by another class from a day on; later classes entered before are replaced.

    classes: member id -> (class in the record so far, the new one). The caller writes the new one to the record.
    """
    before = _classes_before(session, classes, since)
    ended = [
        {"member_id": member_id, "held_until": since, "price_class": before[member_id]}
        for member_id, (_last, new) in sorted(classes.items())
        if before[member_id] != new
    ]
    for member_id in classes:
        session.execute(delete(_former).where(_former.c.member_id == member_id, _former.c.held_until >= since))
    if ended:
        session.execute(insert(_former), ended)


def ring_today(session: Session, now: datetime) -> date:
    """Return the present day by the clock of the ring."""
    zone = session.scalar(select(Ring.timezone).where(Ring.id == 1)) or USUAL_ZONE
    return local_day(now, ZoneInfo(zone))


def _classes_before(session: Session, classes: Mapping[int, tuple[str, str]], since: date) -> dict[int, str]:
    """Return member id -> the class of the day before."""
    found = {member_id: last for member_id, (last, _new) in classes.items()}
    rows = session.execute(
        select(FormerPriceClass.member_id, FormerPriceClass.price_class)
        .where(FormerPriceClass.held_until >= since)
        .order_by(FormerPriceClass.held_until.desc())
    )
    return found | {member_id: price_class for member_id, price_class in rows if member_id in found}
