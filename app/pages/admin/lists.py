"""What the administrator's lists show: frozen rows, a page at a time, each page in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.auth.models import ManagedWorkshop, User
from app.exports.event_log import EventRow, event_row, select_events
from app.mail import circuit_breaker
from app.mail.models import Mail
from app.web.sorting import Sorting
from booking.kernel.events import RecordedEvent
from booking.kernel.search_patterns import has_text
from booking.kernel.views import in_order
from booking.models import FormerPriceClass, Member, Workshop
from booking.queries.member_texts import EMAIL, is_named

ROWS_OF_A_PAGE = 50
PAGE_MAX = 100_000

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list."""

    rows: Sequence[Row]
    number: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class RingCounts:
    """How large the ring is. invited: logins that have not chosen a password yet."""

    members: int
    logins: int
    invited: int


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member in the list. class_from: the first day of the price class, if that is still to come."""

    id: int
    number: str
    name: str
    trade: str
    price_class: str
    left_on: date | None
    logins: int
    class_from: date | None


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A login in the list. state: invited, active or disabled."""

    id: int
    email: str
    name: str
    member: str
    is_treasurer: bool
    is_admin: bool
    state: str
    workshops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail that was given up. Its body is not shown: it may hold a link."""

    to_address: str
    subject: str
    given_up_at: datetime
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True)
class Suspension:
    """No mail is sent. again_at: the next attempt."""

    since: datetime
    again_at: datetime
    reason: str


def counts(session: Session) -> RingCounts:
    """Return the counts of members, logins and open invitations, in one statement."""
    present = User.disabled_at.is_(None)
    counts = (
        select(func.count()).select_from(Member),
        select(func.count()).where(present, User.password_hash.is_not(None)),
        select(func.count()).where(present, User.password_hash.is_(None)),
    )
    return RingCounts(*session.execute(select(*(count.scalar_subquery() for count in counts))).one())


MEMBER_ORDERS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "name": (Member.name,),
    "number": (Member.number,),
    "trade": (Member.trade, Member.name),
    "left": (Member.left_on,),
}
LOGIN_ORDERS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {"name": (User.name,), "email": (User.email,)}


def members(
    session: Session, search: str, number: int, *, day: date, sorting: Sorting, only_unsplit: bool = False
) -> Page[MemberRow]:
    """Return a page of members; search: part of number, name, trade or e-mail address. day: the present one."""
    logins = select(func.count()).where(User.member_id == Member.id).correlate(Member).scalar_subquery()
    class_from = (
        select(func.max(FormerPriceClass.held_until))
        .where(FormerPriceClass.member_id == Member.id, FormerPriceClass.held_until > day)
        .correlate(Member)
        .scalar_subquery()
    )
    names = (Member.id, Member.number, Member.name, Member.trade)
    columns = (*names, Member.price_class, Member.left_on, logins, class_from)
    statement = select(*columns)
    if sorting.column == "left":
        statement = statement.order_by(Member.left_on.is_(None))  # who stays comes last, both ways
    statement = statement.order_by(
        *in_order(MEMBER_ORDERS[sorting.column], Member.id, is_descending=sorting.is_descending)
    )
    if only_unsplit:
        statement = statement.where(Member.address_text != "")
    if search:
        statement = statement.where(is_named(session, [search], upto=EMAIL))
    return page_of(session, statement, number, lambda rows: [MemberRow(*row) for row in rows])


def logins(session: Session, search: str, number: int, *, sorting: Sorting) -> Page[LoginRow]:
    """Return a page of logins; search: part of name or e-mail address."""
    columns = (User.id, User.email, User.name, Member.name, User.is_treasurer, User.is_admin)
    statement = (
        select(*columns, User.disabled_at, User.password_hash.is_(None))
        .outerjoin(Member, Member.id == User.member_id)
        .order_by(*in_order(LOGIN_ORDERS[sorting.column], User.id, is_descending=sorting.is_descending))
    )
    if search:
        statement = statement.where(has_text((User.name, User.email), search))

    def with_workshops(rows: Sequence[Any]) -> list[LoginRow]:
        managed = _workshop_names(session, [row[0] for row in rows])
        return [
            LoginRow(
                user_id,
                email,
                name,
                member or "",
                is_treasurer,
                is_admin,
                state_of(disabled_at, has_no_password),
                managed.get(user_id, ()),
            )
            for user_id, email, name, member, is_treasurer, is_admin, disabled_at, has_no_password in rows
        ]

    return page_of(session, statement, number, with_workshops)


def state_of(disabled_at: datetime | None, has_no_password: bool) -> str:
    """invited, active or disabled."""
    if disabled_at is not None:
        return "disabled"
    return "invited" if has_no_password else "active"


def events(session: Session, kind: str, number: int, *, only_money: bool = False) -> Page[EventRow]:
    """Return a page of the event log, the latest first. kind: "" for all. only_money: what treasurers may read."""
    statement = select_events(only_money=only_money).order_by(RecordedEvent.id.desc())
    if kind:
        statement = statement.where(RecordedEvent.type == kind)
    return page_of(session, statement, number, lambda rows: [event_row(row) for row in rows])


# The first condition follows from the second, and finds the index.
_GIVEN_UP = (Mail.sent_at.is_(None), Mail.given_up_at.is_not(None))


def mails_given_up(session: Session, number: int) -> Page[MailRow]:
    """Return the mails that were given up, the latest first."""
    columns = (Mail.to_address, Mail.subject, Mail.given_up_at, Mail.attempts, Mail.last_error)
    statement = select(*columns).where(*_GIVEN_UP).order_by(Mail.id.desc())
    return page_of(session, statement, number, lambda rows: [MailRow(*row) for row in rows])


def mails_given_up_count(session: Session) -> int:
    """Count the mails that were given up."""
    return session.scalar(select(func.count()).select_from(Mail).where(*_GIVEN_UP)) or 0


def mail_suspension(session: Session) -> Suspension | None:
    """Return since when and why no mail is sent; None while mails are sent."""
    found = circuit_breaker.suspension(session)
    return None if found is None else Suspension(found.since, found.open_until, found.reason)


def page_of(session: Session, statement: Any, number: int, rows_of: Any) -> Page[Any]:
    """Return a page of a statement. rows_of: makes the rows of the list of those of the database."""
    number = max(1, min(number, PAGE_MAX))
    rows = session.execute(statement.limit(ROWS_OF_A_PAGE + 1).offset((number - 1) * ROWS_OF_A_PAGE)).all()
    return Page(rows_of(rows[:ROWS_OF_A_PAGE]), number, len(rows) > ROWS_OF_A_PAGE)


def _workshop_names(session: Session, user_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    rows = session.execute(
        select(ManagedWorkshop.user_id, Workshop.name)
        .distinct()
        .join(Workshop, Workshop.id == ManagedWorkshop.workshop_id)
        .where(ManagedWorkshop.user_id.in_(user_ids))
        .order_by(Workshop.name)
    )
    names: dict[int, tuple[str, ...]] = {}
    for user_id, name in rows:
        names[user_id] = (*names.get(user_id, ()), name)
    return names
