"""The classes by which members pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.models import FormerPriceClass, Member, PriceClass


@dataclass(frozen=True, slots=True)
class PriceClassView:
    """A price class with its name in both languages."""

    code: str
    name_de: str
    name_en: str


@dataclass(frozen=True, slots=True)
class PriceClassSpan:
    """The days of service on which a member pays by a class. since None: from the start; until: the last day."""

    price_class: str
    since: date | None
    until: date | None


_COLUMNS = columns_of(PriceClassView, PriceClass)


def price_classes(session: Session) -> tuple[PriceClassView, ...]:
    """Return all price classes, in their own order."""
    rows = session.execute(select(*_COLUMNS).order_by(PriceClass.sort_order))
    return tuple(PriceClassView(*row) for row in rows)


def price_class_history(session: Session, member_id: int) -> tuple[PriceClassSpan, ...]:
    """Return the price classes of a member, the first one first; the last one holds on."""
    ended = session.execute(
        select(FormerPriceClass.price_class, FormerPriceClass.held_until)
        .where(FormerPriceClass.member_id == member_id)
        .order_by(FormerPriceClass.held_until)
    )
    spans, since = [], None
    for price_class, held_until in ended:
        spans.append(PriceClassSpan(price_class, since, held_until - timedelta(days=1)))
        since = held_until
    last = session.scalar(select(Member.price_class).where(Member.id == member_id))
    return (*spans, PriceClassSpan(last, since, None)) if last is not None else ()


def members_by_class(session: Session, day: date) -> dict[int, str]:
    """Return member id -> price class of a day, of all who are members on that day."""
    former = (
        select(FormerPriceClass.price_class)
        .where(FormerPriceClass.member_id == Member.id, FormerPriceClass.held_until > day)
        .order_by(FormerPriceClass.held_until)
        .limit(1)
        .scalar_subquery()
    )
    has_joined = Member.joined_on.is_(None) | (Member.joined_on <= day)
    is_there = Member.left_on.is_(None) | (Member.left_on >= day)
    rows = session.execute(select(Member.id, func.coalesce(former, Member.price_class)).where(has_joined, is_there))
    return {row[0]: row[1] for row in rows}
