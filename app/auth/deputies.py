"""Deputies: named by a manager of a workshop for some days, and only as long as that manager manages it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.auth import deputy_mails, memberships
from app.auth.deputy_mails import DeputyMail
from app.auth.errors import AlreadyManages, LoginNotFound, NotYourWorkshop
from app.auth.events import ManagerNamed, ManagerWithdrawn
from app.auth.models import ManagedWorkshop, User
from booking.email_addresses import normalize_email
from booking.errors.schedule_errors import NotFound, Violation
from booking.kernel.events import Actor, record
from booking.kernel.orm import table_of
from booking.models import Member, Workshop
from booking.records import records
from booking.times.wall_clock import local_day

DAYS_MAX = 90  # of one naming; the migration has the same number
AHEAD_DAYS_MAX = 365
ENDED_BY_SOMEBODY = deputy_mails.ENDED, deputy_mails.OWN_ENDED

_managed, _user = table_of(ManagedWorkshop), table_of(User)


@dataclass(frozen=True, slots=True)
class Absence:
    """A workshop and the days on which a deputy manages it, both included."""

    workshop_id: int
    valid_from: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class Deputy:
    """A deputy of a workshop, as pages show it. id: of this span; named_by: the login of the manager."""

    id: int
    user_id: int
    name: str
    workshop_id: int
    workshop: str
    valid_from: date
    valid_until: date
    named_by: int
    named_by_name: str


def is_backed() -> ColumnElement[bool]:
    """Return a condition on ManagedWorkshop joined to its User, with the parameter `today` (the ring's day).

    A manager is; a deputy only while it acts for a member, and the manager who named it manages the workshop, can log
    in and has not left. That the deputy itself has not left is a condition on its login (memberships.py).
    """
    own, namer = _managed.alias("own"), _user.alias("namer")
    manager = exists().where(
        own.c.user_id == _managed.c.named_by,
        own.c.workshop_id == _managed.c.workshop_id,
        ~own.c.is_deputy,
        namer.c.id == own.c.user_id,
        namer.c.disabled_at.is_(None),
        ~memberships.has_left(namer.c.member_id),
    )
    return or_(~_managed.c.is_deputy, and_(_user.c.member_id.is_not(None), manager))


def name_deputy(session: Session, email: str, absence: Absence, *, by_user_id: int, now: datetime) -> int:
    """Make the login of a member deputy on some days, mail it, and return the id of the span; others of it stay.

    Call inside write_transaction(). Raises NotYourWorkshop (also for deputies: they do not name deputies),
    LoginNotFound, AlreadyManages, RecordRefused (day_over, day_too_early, deputy_too_late, deputy_too_long,
    deputy_no_member, deputy_leaves, deputy_overlaps, deputy_days).
    """
    workshop_id = absence.workshop_id
    if _management(session, by_user_id, workshop_id, for_update=True) is None:
        raise NotYourWorkshop(workshop_id=workshop_id)
    wanted = User.email == normalize_email(email), User.disabled_at.is_(None)
    user = session.scalars(select(User).where(*wanted).with_for_update()).one_or_none()
    if user is None:
        raise LoginNotFound(email=email)
    if _management(session, user.id, workshop_id) is not None:
        raise AlreadyManages(user_id=user.id, workshop_id=workshop_id)
    _delete_unbacked(session, user.id, workshop_id, now)
    today = _today_at(session, workshop_id, now)
    wrong = _check_days(absence, today) or _check_member(session, user, absence, now)
    records.refuse(wrong or _check_others(session, user.id, absence, today))
    days = {"valid_from": absence.valid_from, "valid_until": absence.valid_until}
    row = ManagedWorkshop(user_id=user.id, workshop_id=workshop_id, is_deputy=True, named_by=by_user_id, **days)
    session.add(row)
    session.flush()
    texts = (absence.valid_from.isoformat(), absence.valid_until.isoformat())
    record(session, ManagerNamed(user.id, workshop_id, True, *texts), by=Actor(user_id=by_user_id), at=now)
    deputy_mails.queue(session, deputy_mails.NAMED, row, now=now)
    return row.id


def deputies_of(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> list[Deputy]:
    """Return the deputies of workshops (None: of all), now and later, by workshop, name and first day."""
    wanted = _listed() if workshop_ids is None else _listed().where(ManagedWorkshop.workshop_id.in_(workshop_ids))
    return _found(session, wanted, now)


def deputyships_of(session: Session, user_id: int, *, now: datetime) -> list[Deputy]:
    """Return where and when a login is deputy, now and later."""
    return _found(session, _listed().where(ManagedWorkshop.user_id == user_id), now)


def deputy(session: Session, management_id: int) -> ManagedWorkshop:
    """Return the row of a deputy. Raises NotFound."""
    row = session.get(ManagedWorkshop, management_id)
    if row is None or not row.is_deputy:
        raise NotFound(id=management_id)
    return row


def may_end(session: Session, row: ManagedWorkshop, user_id: int) -> bool:
    """Return whether a login may end a span as one of those concerned: the deputy, or a manager of the workshop."""
    return row.user_id == user_id or _management(session, user_id, row.workshop_id) is not None


def end(session: Session, span: ManagedWorkshop, *, by: Actor, now: datetime) -> None:
    """End a span at once; the deputy and, unless it was the same, the manager get a mail. Call in write_transaction().

    A span whose last day is over goes without mails.
    """
    end_spans(session, [span], ENDED_BY_SOMEBODY, by=by, now=now)


def end_named_by(session: Session, user_id: int, workshop_id: int, *, by: Actor, now: datetime) -> None:
    """End the deputies of a manager whose management ends; they get a mail. Call inside write_transaction()."""
    named = ManagedWorkshop.named_by == user_id, ManagedWorkshop.workshop_id == workshop_id
    end_spans(session, _spans(session, *named), (deputy_mails.ENDED,), by=by, now=now)


def end_of_login(session: Session, user_id: int, workshop_id: int, *, by: Actor, now: datetime) -> None:
    """End the spans of a deputy who becomes a manager of the workshop. Call inside write_transaction()."""
    own = ManagedWorkshop.user_id == user_id, ManagedWorkshop.workshop_id == workshop_id
    end_spans(session, _spans(session, *own), (), by=by, now=now)


def end_all(session: Session, user_id: int, *, by: Actor, now: datetime) -> None:
    """End the deputies that a disabled login named, and the spans in which it is one. Call inside write_transaction().

    The others of each get a mail.
    """
    concerned = or_(ManagedWorkshop.named_by == user_id, ManagedWorkshop.user_id == user_id)
    end_spans(session, _spans(session, concerned), ENDED_BY_SOMEBODY, by=by, now=now)


def _spans(session: Session, *wanted: ColumnElement[bool]) -> Sequence[ManagedWorkshop]:
    return session.scalars(select(ManagedWorkshop).where(ManagedWorkshop.is_deputy, *wanted)).all()


def is_over(session: Session, span: ManagedWorkshop, *, now: datetime) -> bool:
    """Return whether the last day of a span is over, by the clock of its workshop."""
    return span.valid_until is None or span.valid_until < _today_at(session, span.workshop_id, now)


def end_spans(
    session: Session, spans: Iterable[ManagedWorkshop], told: Sequence[DeputyMail], *, by: Actor, now: datetime
) -> None:
    """End spans at once. told: the mails about each that is not over; none to a manager who does it."""
    for span in spans:
        for what in () if is_over(session, span, now=now) else told:
            if not what.to_manager or span.named_by != by.user_id:
                deputy_mails.queue(session, what, span, now=now)
        session.delete(span)
        record(session, ManagerWithdrawn(span.user_id, span.workshop_id, True), by=by, at=now)
    session.flush()


def _listed() -> Select[Any]:
    namer = aliased(User)
    columns: tuple[Any, ...] = (
        ManagedWorkshop.id,
        ManagedWorkshop.user_id,
        User.name,
        ManagedWorkshop.workshop_id,
        Workshop.name,
        ManagedWorkshop.valid_from,
        ManagedWorkshop.valid_until,
        ManagedWorkshop.named_by,
        namer.name,
        Workshop.timezone,
    )
    return (
        select(*columns)
        .join(User, User.id == ManagedWorkshop.user_id)
        .join(Workshop, Workshop.id == ManagedWorkshop.workshop_id)
        .join(namer, namer.id == ManagedWorkshop.named_by)
        .where(ManagedWorkshop.is_deputy, User.disabled_at.is_(None), ~memberships.has_left(), is_backed())
        .order_by(Workshop.name, User.name, ManagedWorkshop.valid_from)
    )


def _found(session: Session, statement: Select[Any], now: datetime) -> list[Deputy]:
    rows = session.execute(statement, {"today": memberships.ring_day(now)})
    found = [(Deputy(*columns), ZoneInfo(zone)) for *columns, zone in rows]
    return [deputy for deputy, zone in found if deputy.valid_until >= local_day(now, zone)]


def _management(
    session: Session, user_id: int, workshop_id: int, *, for_update: bool = False
) -> ManagedWorkshop | None:
    """Return the row of a manager, not of a deputy."""
    wanted = ManagedWorkshop.user_id == user_id, ManagedWorkshop.workshop_id == workshop_id, ~ManagedWorkshop.is_deputy
    statement = select(ManagedWorkshop).where(*wanted)
    return session.scalars(statement.with_for_update() if for_update else statement).one_or_none()


def _delete_unbacked(session: Session, user_id: int, workshop_id: int, now: datetime) -> None:
    """Delete spans that ended with who named them, so that their days can be given again."""
    own = ManagedWorkshop.user_id == user_id, ManagedWorkshop.workshop_id == workshop_id
    ended = select(ManagedWorkshop).join(User, User.id == ManagedWorkshop.user_id).where(*own, ~is_backed())
    for row in session.scalars(ended, {"today": memberships.ring_day(now)}).all():
        session.delete(row)
    session.flush()


def _check_days(absence: Absence, today: date) -> list[Violation]:
    """Return day_over (limit: today), years that cannot be meant, deputy_too_late and deputy_too_long (limit: days)."""
    first, last = absence.valid_from, absence.valid_until
    if last < today:
        return [Violation("day_over", "valid_until", limit=today, actual=last)]
    latest, days = today + timedelta(days=AHEAD_DAYS_MAX), (last - first).days + 1
    found = records.check_day("valid_from", first)
    if first > latest:
        found.append(Violation("deputy_too_late", "valid_from", limit=latest, actual=first))
    if days > DAYS_MAX:
        found.append(Violation("deputy_too_long", "valid_until", limit=DAYS_MAX, actual=days))
    return found


def _check_member(session: Session, user: User, absence: Absence, now: datetime) -> list[Violation]:
    """Return deputy_no_member for a login without a current member, deputy_leaves (limit: the member's last day)."""
    member = session.get(Member, user.member_id) if user.member_id is not None else None
    last_day = member.left_on if member is not None else None
    if member is None or (last_day is not None and last_day < memberships.ring_day(now)):
        return [Violation("deputy_no_member", "email")]
    if last_day is not None and last_day < absence.valid_until:
        return [Violation("deputy_leaves", "valid_until", limit=last_day, actual=absence.valid_until)]
    return []


def _check_others(session: Session, user_id: int, absence: Absence, today: date) -> list[Violation]:
    """Return what the other spans of a login at the workshop forbid, whoever named them.

    deputy_overlaps (limit, actual: first and last day) for the first one in the way. deputy_days (limit, actual) where
    all days to come are more than one naming may have: span beside span would go on for as long as one likes.
    """
    others = session.scalars(
        select(ManagedWorkshop)
        .where(
            ManagedWorkshop.user_id == user_id,
            ManagedWorkshop.workshop_id == absence.workshop_id,
            ManagedWorkshop.is_deputy,
            ManagedWorkshop.valid_until >= min(today, absence.valid_from),
        )
        .order_by(ManagedWorkshop.valid_from)
    ).all()
    spans = [(one.valid_from, one.valid_until) for one in others if one.valid_from and one.valid_until]
    for first, last in spans:
        if first <= absence.valid_until and last >= absence.valid_from:
            return [Violation("deputy_overlaps", "valid_from", limit=first, actual=last)]
    spans.append((absence.valid_from, absence.valid_until))
    days = sum(max((last - max(first, today)).days + 1, 0) for first, last in spans)
    return [Violation("deputy_days", "valid_until", limit=DAYS_MAX, actual=days)] if days > DAYS_MAX else []


def _today_at(session: Session, workshop_id: int, now: datetime) -> date:
    zone = session.scalars(select(Workshop.timezone).where(Workshop.id == workshop_id)).one()
    return local_day(now, ZoneInfo(zone))
