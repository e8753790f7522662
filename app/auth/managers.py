"""Managers of workshops: named by administrators; deputies: named by managers for some days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.accounts import normalize_email
from app.auth.errors import AlreadyManages, LoginNotFound, NotYourWorkshop
from app.auth.events import ManagerNamed, ManagerWithdrawn
from app.auth.models import ManagedWorkshop, User
from booking import records
from booking.errors import NotFound, Violation
from booking.kernel.events import Actor, record
from booking.models import Workshop
from booking.wall_clock import local_day


@dataclass(frozen=True, slots=True)
class Management:
    """A login manages a workshop, as pages show it."""

    id: int
    user_id: int
    name: str
    workshop_id: int
    workshop: str
    is_deputy: bool
    valid_from: date | None
    valid_until: date | None


def name_manager(session: Session, user_id: int, workshop_id: int, *, by: Actor, now: datetime) -> None:
    """Make a login manager of a workshop until withdrawn; a deputy becomes a manager.

    Call inside write_transaction(). Raises LoginNotFound, NotFound (workshop), AlreadyManages.
    """
    _require(session, user_id, workshop_id)
    row = _row(session, user_id, workshop_id)
    if row is not None and not row.is_deputy:
        raise AlreadyManages(user_id=user_id, workshop_id=workshop_id)
    row = row or _added(session, user_id, workshop_id)
    row.is_deputy, row.valid_from, row.valid_until, row.named_by = False, None, None, by.user_id
    session.flush()
    record(session, ManagerNamed(user_id, workshop_id), by=by, at=now)


@dataclass(frozen=True, slots=True)
class Absence:
    """A workshop and the days on which a deputy manages it, both included."""

    workshop_id: int
    valid_from: date
    valid_until: date


def name_deputy(session: Session, email: str, absence: Absence, *, by_user_id: int, now: datetime) -> Absence | None:
    """Make another login deputy on some days; naming it again changes the days.

    Return the days that no longer hold because of that; None where there were none, or they are over.

    Call inside write_transaction(). Raises NotYourWorkshop (also for deputies: they do not name deputies),
    LoginNotFound, AlreadyManages, RecordRefused (day_over, day_too_early, day_too_late).
    """
    own = _row(session, by_user_id, absence.workshop_id)
    if own is None or own.is_deputy:
        raise NotYourWorkshop(workshop_id=absence.workshop_id)
    user_id = session.scalar(select(User.id).where(User.email == normalize_email(email), User.disabled_at.is_(None)))
    if user_id is None:
        raise LoginNotFound(email=email)
    row = _row(session, user_id, absence.workshop_id)
    if row is not None and not row.is_deputy:
        raise AlreadyManages(user_id=user_id, workshop_id=absence.workshop_id)
    today = _today_at(session, absence.workshop_id, now)
    records.refuse(_check_days(absence, today))
    replaced = None if row is None else _replaced(row, absence, today)
    row = row or _added(session, user_id, absence.workshop_id)
    row.is_deputy, row.valid_from, row.valid_until = True, absence.valid_from, absence.valid_until
    row.named_by = by_user_id
    session.flush()
    days = (absence.valid_from.isoformat(), absence.valid_until.isoformat())
    record(session, ManagerNamed(user_id, absence.workshop_id, True, *days), by=Actor(user_id=by_user_id), at=now)
    return replaced


def _check_days(absence: Absence, today: date) -> list[Violation]:
    """Return day_over (limit: today) for days that are over, and years that cannot be meant."""
    if absence.valid_until < today:
        return [Violation("day_over", "valid_until", limit=today, actual=absence.valid_until)]
    found = records.check_day("valid_from", absence.valid_from)
    return found + records.check_day("valid_until", absence.valid_until)


def _replaced(row: ManagedWorkshop, absence: Absence, today: date) -> Absence | None:
    """Return the days of a deputy that are not over and that other days replace."""
    if row.valid_from is None or row.valid_until is None or row.valid_until < today:
        return None
    former = Absence(row.workshop_id, row.valid_from, row.valid_until)
    return None if former == absence else former


def _today_at(session: Session, workshop_id: int, now: datetime) -> date:
    zone = session.scalars(select(Workshop.timezone).where(Workshop.id == workshop_id)).one()
    return local_day(now, ZoneInfo(zone))


def withdraw(session: Session, management_id: int, *, by: Actor, now: datetime) -> None:
    """End a management or a deputyship at once. Call inside write_transaction(). Raises NotFound."""
    row = session.get(ManagedWorkshop, management_id, with_for_update=True)
    if row is None:
        raise NotFound(id=management_id)
    session.delete(row)
    session.flush()
    record(session, ManagerWithdrawn(row.user_id, row.workshop_id, row.is_deputy), by=by, at=now)


def managements(session: Session, *, user_id: int | None = None, named_by: int | None = None) -> list[Management]:
    """Return what a login manages, or the deputies it named, ordered by workshop name."""
    rows = session.execute(
        select(
            ManagedWorkshop.id,
            ManagedWorkshop.user_id,
            User.name,
            ManagedWorkshop.workshop_id,
            Workshop.name,
            ManagedWorkshop.is_deputy,
            ManagedWorkshop.valid_from,
            ManagedWorkshop.valid_until,
        )
        .join(User, User.id == ManagedWorkshop.user_id)
        .join(Workshop, Workshop.id == ManagedWorkshop.workshop_id)
        .where(
            *(() if user_id is None else (ManagedWorkshop.user_id == user_id,)),
            *(() if named_by is None else (ManagedWorkshop.named_by == named_by, ManagedWorkshop.is_deputy)),
        )
        .order_by(Workshop.name, User.name, ManagedWorkshop.id)
    )
    return [Management(*row) for row in rows]


def _row(session: Session, user_id: int, workshop_id: int) -> ManagedWorkshop | None:
    return session.scalars(
        select(ManagedWorkshop).where(ManagedWorkshop.user_id == user_id, ManagedWorkshop.workshop_id == workshop_id)
    ).one_or_none()


def _added(session: Session, user_id: int, workshop_id: int) -> ManagedWorkshop:
    row = ManagedWorkshop(user_id=user_id, workshop_id=workshop_id)
    session.add(row)
    return row


def _require(session: Session, user_id: int, workshop_id: int) -> None:
    if session.scalar(select(User.id).where(User.id == user_id)) is None:
        raise LoginNotFound(id=user_id)
    if session.scalar(select(Workshop.id).where(Workshop.id == workshop_id)) is None:
        raise NotFound(id=workshop_id)
