"""Managers of workshops, named by administrators; for deputies, which managers name, see deputies.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import deputies, mails
from app.auth.errors import AlreadyManages, LoginNotFound
from app.auth.events import ManagerNamed, ManagerWithdrawn
from app.auth.models import ManagedWorkshop, User
from booking.errors.schedule_errors import NotFound
from booking.kernel.events import Actor, record
from booking.models import Workshop


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
    manages = ManagedWorkshop.user_id == user_id, ManagedWorkshop.workshop_id == workshop_id, ~ManagedWorkshop.is_deputy
    if session.scalar(select(ManagedWorkshop.id).where(*manages)) is not None:
        raise AlreadyManages(user_id=user_id, workshop_id=workshop_id)
    deputies.end_of_login(session, user_id, workshop_id, by=by, now=now)
    session.add(ManagedWorkshop(user_id=user_id, workshop_id=workshop_id, is_deputy=False, named_by=by.user_id))
    session.flush()
    record(session, ManagerNamed(user_id, workshop_id), by=by, at=now)


def withdraw(session: Session, management_id: int, *, by: Actor, now: datetime) -> None:
    """End a management, with the deputies named by it, or a deputyship at once; whom it concerns gets a mail.

    Call inside write_transaction(). Raises NotFound.
    """
    row = session.get(ManagedWorkshop, management_id, with_for_update=True)
    if row is None:
        raise NotFound(id=management_id)
    if row.is_deputy:
        deputies.end(session, row, by=by, now=now)
        return
    deputies.end_named_by(session, row.user_id, row.workshop_id, by=by, now=now)
    session.delete(row)
    session.flush()
    record(session, ManagerWithdrawn(row.user_id, row.workshop_id, False), by=by, at=now)
    mails.queue_roles_changed(session, row.user_id, now=now)


def managements(session: Session, user_id: int, *, since: date | None = None) -> list[Management]:
    """Return what a login manages, ordered by workshop name. since: without deputyships that were over before."""
    wanted = [ManagedWorkshop.user_id == user_id]
    if since is not None:
        wanted.append(~ManagedWorkshop.is_deputy | (ManagedWorkshop.valid_until >= since))
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
        .where(*wanted)
        .order_by(Workshop.name, ManagedWorkshop.valid_from, ManagedWorkshop.id)
    )
    return [Management(*row) for row in rows]


def _require(session: Session, user_id: int, workshop_id: int) -> None:
    if session.scalar(select(User.id).where(User.id == user_id)) is None:
        raise LoginNotFound(id=user_id)
    if session.scalar(select(Workshop.id).where(Workshop.id == workshop_id)) is None:
        raise NotFound(id=workshop_id)
