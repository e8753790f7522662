"""Damage reports: somebody who sees damage at a machine tells its managers, who mark the report as done.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound, Violation, WrongStatus
from booking.events import closure_events
from booking.kernel import events
from booking.kernel.events import Actor
from booking.models import DamageReport
from booking.records import catalogue, records

TEXT_LENGTH_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Damage:
    """What was seen. member_id: of the member for whom the login acts, or None."""

    machine_id: int
    member_id: int | None
    text: str
    photo_id: int | None = None


def report(session: Session, damage: Damage, *, by: Actor, now: datetime) -> int:
    """Store what was seen and return the id of the report.

    Raises MachineNotFound (also retired), RecordRefused (missing, at_most; damage_open: the member has reported
    damage of this machine that is not marked as done yet).
    """
    catalogue.bookable_machine(session, damage.machine_id)
    violations = records.check_filled(damage, ("text",)) + records.check_lengths(damage, {"text": TEXT_LENGTH_MAX})
    records.refuse(violations or _check_open(session, damage))
    assert by.user_id is not None, "damage is reported by a login"
    stored = DamageReport(
        machine_id=damage.machine_id,
        member_id=damage.member_id,
        reported_by=by.user_id,
        reported_at=now,
        text=damage.text.strip(),
        photo_id=damage.photo_id,
    )
    session.add(stored)
    session.flush()
    event = closure_events.DamageReported(machine_id=stored.machine_id, damage_id=stored.id)
    events.record(session, event, by=by, at=now)
    return stored.id


def mark_done(session: Session, damage_id: int, *, by: Actor, now: datetime) -> None:
    """Note that nothing is left to do about a report. Raises NotFound, WrongStatus (done already)."""
    stored = session.get(DamageReport, damage_id, with_for_update=True, populate_existing=True)
    if stored is None:
        raise NotFound(id=damage_id)
    if stored.done_at is not None:
        raise WrongStatus(status="done", wanted=["open"])
    stored.done_at, stored.done_by = now, by.user_id
    session.flush()
    event = closure_events.DamageDone(machine_id=stored.machine_id, damage_id=stored.id)
    events.record(session, event, by=by, at=now)


def _check_open(session: Session, damage: Damage) -> list[Violation]:
    is_own = (DamageReport.machine_id == damage.machine_id, DamageReport.member_id == damage.member_id)
    if damage.member_id is None or not session.scalar(
        select(DamageReport.id).where(*is_own, DamageReport.done_at.is_(None))
    ):
        return []
    return [Violation("damage_open", "text")]
