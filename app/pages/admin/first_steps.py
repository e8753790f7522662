"""The first steps of a new ring: shown until each is done, whoever did it and on whichever page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.auth.models import User
from billing.models import Tariff
from booking.models import Machine, Member, Reservation

_DONE = select(
    exists().where(Machine.id > 0),
    exists().where(Tariff.id > 0),
    exists().where(Member.id > 0),
    select(func.count()).select_from(select(User.id).limit(2).subquery()).scalar_subquery() > 1,
    exists().where(Reservation.id > 0),
)


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One of the first steps. is_next: the first that is not done."""

    label: str
    href: str
    is_done: bool
    is_next: bool = False


def first_steps(session: Session) -> tuple[FirstStep, ...]:
    """Return the first steps in order, in one SQL statement; none once all are done."""
    done = session.execute(_DONE).one()
    if all(done):
        return ()
    labels_and_pages = (
        (_("Enter a machine"), url_for("machines.new")),
        (_("Enter what it costs to use it"), url_for("costs.tariffs")),
        (_("Enter a member"), url_for("admin.new_member")),
        (_("Invite somebody"), url_for("admin.invite")),
        (_("Make the first reservation"), url_for("reservations.new")),
    )
    upcoming = next(number for number, is_done in enumerate(done) if not is_done)
    return tuple(
        FirstStep(label, href, bool(is_done), is_next=number == upcoming)
        for number, ((label, href), is_done) in enumerate(zip(labels_and_pages, done, strict=True))
    )
