"""Objections: a member disputes a usage slip, a manager answers.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound, UsageRefused, Violation, WrongStatus
from booking.events import reservation_events
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import UsageRecord
from booking.records.publish import publish
from booking.use.other_amounts import Beside, check_other_amounts, replace_all
from booking.use.use_limits import check_corrected


def object_to(session: Session, usage_id: int, objection: str, *, by: Actor, now: datetime) -> UsageRecord:
    """Store a member's objection to a slip, which a manager must answer.

    Possible after the hand-back, for the number of days that the ring allows.

    Raises NotFound, WrongStatus (still out, or already disputed), UsageRefused (objection_empty, objection_late).
    """
    slip = revisions.locked(session, UsageRecord, usage_id, missing=NotFound)
    if slip.handed_back_at is None:
        raise WrongStatus(status="in_use", wanted=["completed"])
    if slip.objected_at is not None:
        raise WrongStatus(status="disputed", wanted=["completed"])
    last = slip.objection_until
    violations = []
    if not objection.strip():
        violations.append(Violation("objection_empty", "objection"))
    if last is not None and now > last:
        violations.append(Violation("objection_late", "objection", limit=last, actual=now))
    UsageRefused.raise_for(violations)

    slip.objected_at, slip.objection = now, objection.strip()
    slip.revision += 1
    session.flush()
    publish(session, reservation_events.SlipObjected.of(slip), by=by, now=now)
    return slip


def answer(
    session: Session,
    usage_id: int,
    text: str,
    *,
    by: Actor,
    now: datetime,
    corrected_amount: int | None = None,
    beside: Beside | None = None,
    revision: int | None = None,
) -> UsageRecord:
    """Store a manager's answer to an objection, with or without a corrected amount.

    beside: all that the slip is to have beside it from now on; None leaves that as it is.

    Raises NotFound, StaleRevision, WrongStatus (nothing to answer), UsageRefused (answer_empty, amount_negative).
    """
    slip = revisions.locked(session, UsageRecord, usage_id, missing=NotFound, revision=revision)
    if slip.objected_at is None or slip.answered_at is not None:
        raise WrongStatus(status="completed", wanted=["disputed"])
    violations = check_corrected(slip, corrected_amount)
    violations += check_other_amounts(() if beside is None else beside.amounts)
    if not text.strip():
        violations.append(Violation("answer_empty", "answer"))
    UsageRefused.raise_for(violations)

    was_corrected = corrected_amount is not None and corrected_amount != slip.used_amount
    if was_corrected:
        slip.used_amount = corrected_amount
    if beside is not None:
        was_corrected = replace_all(session, slip.id, beside) or was_corrected
    slip.answered_at, slip.answered_by, slip.answer = now, by.user_id, text.strip()
    slip.revision += 1
    session.flush()
    publish(session, reservation_events.SlipAnswered.of(slip, was_corrected=was_corrected), by=by, now=now)
    return slip
