"""Objections: a member disputes a usage slip, a manager answers.

Verbs are given the session and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import announcements, slips
from booking.errors import NotFound, Violation, WrongStatus
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Ring, UsageRecord


def object_to(session: Session, usage_id: int, objection: str, *, by: Actor, now: datetime) -> UsageRecord:
    """A member disputes a slip; a manager must answer. Possible for the ring's number of days after hand-back.

    Raises NotFound, WrongStatus (still out, or already disputed), UsageRefused (objection_empty, objection_late).
    """
    slip = revisions.locked(session, UsageRecord, usage_id, missing=NotFound)
    if slip.handed_back_at is None:
        raise WrongStatus(status="in_use", wanted=["completed"])
    if slip.objected_at is not None:
        raise WrongStatus(status="disputed", wanted=["completed"])
    last = objection_until(session, slip)
    violations = []
    if not objection.strip():
        violations.append(Violation("objection_empty", "objection"))
    if last is not None and now > last:
        violations.append(Violation("objection_late", "objection", limit=last, actual=now))
    slips.refuse(violations)

    slip.objected_at, slip.objection = now, objection.strip()
    slip.revision += 1
    session.flush()
    slips.announce(session, announcements.SlipObjected(*slips.facts(slip)), by, now)
    return slip


def answer(
    session: Session,
    usage_id: int,
    words: str,
    *,
    by: Actor,
    now: datetime,
    corrected_amount: int | None = None,
    revision: int | None = None,
) -> UsageRecord:
    """A manager answers an objection, with or without correcting the used amount.

    Raises NotFound, StaleRevision, WrongStatus (nothing to answer), UsageRefused (answer_empty, amount_negative).
    """
    slip = revisions.locked(session, UsageRecord, usage_id, missing=NotFound, revision=revision)
    if slip.objected_at is None or slip.answered_at is not None:
        raise WrongStatus(status="completed", wanted=["disputed"])
    violations = slips.check_amount(corrected_amount)
    if not words.strip():
        violations.append(Violation("answer_empty", "answer"))
    slips.refuse(violations)

    was_corrected = corrected_amount is not None and corrected_amount != slip.used_amount
    if was_corrected:
        slip.used_amount = corrected_amount
    slip.answered_at, slip.answered_by, slip.answer = now, by.user_id, words.strip()
    slip.revision += 1
    session.flush()
    slips.announce(session, announcements.SlipAnswered(*slips.facts(slip), was_corrected=was_corrected), by, now)
    return slip


def objection_until(session: Session, slip: UsageRecord) -> datetime | None:
    """The last instant at which the member may object; None while the machine is out."""
    if slip.handed_back_at is None:
        return None
    days = session.scalar(select(Ring.objection_days).where(Ring.id == 1))
    return slip.handed_back_at + timedelta(days=days or 0)
