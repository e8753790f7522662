"""Verbs on workshops: enter and change one with its opening hours.

They flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from booking.addresses import NO_ADDRESS, Address, check_address
from booking.errors.schedule_errors import NotFound, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Course, Machine, OpeningHours, Workshop
from booking.records import records, schedule_versions, zone_rules
from booking.times.opening_hours import Opening
from booking.times.wall_clock import USUAL_ZONE

LENGTHS_MAX = {"slug": 60, "name": 120, "phone": 60}


@dataclass(frozen=True, slots=True)
class WorkshopInput:
    """What is entered of a workshop."""

    slug: str
    name: str
    address: Address = NO_ADDRESS
    phone: str = ""
    timezone: str = USUAL_ZONE
    holidays_region: str = "DE-BY"
    is_closed_on_holidays: bool = False


def enter_workshop(
    session: Session, data: WorkshopInput, openings: Sequence[Opening], *, by: Actor, now: datetime
) -> int:
    """Add a workshop and return its id. Raises RecordRefused."""
    records.refuse(check_workshop(data, openings) + records.check_unused(session, Workshop.slug, data.slug))
    workshop = Workshop(**records.values_of(data))
    session.add(workshop)
    session.flush()
    _set_openings(session, workshop.id, openings)
    records.note(session, "workshop", workshop.id, "entered", by, now)
    return workshop.id


def change_workshop(
    session: Session,
    workshop_id: int,
    data: WorkshopInput,
    openings: Sequence[Opening],
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Change a workshop; reservations already made stay, also outside the new hours.

    Raises NotFound, StaleRevision, RecordRefused.
    """
    workshop = revisions.locked(session, Workshop, workshop_id, missing=NotFound, revision=revision)
    unused = records.check_unused(session, Workshop.slug, data.slug, workshop_id)
    records.refuse(check_workshop(data, openings) + unused)
    former_zone = workshop.timezone
    changed = records.write(workshop, records.values_of(data))
    workshop.revision += 1
    session.flush()
    if data.timezone != former_zone:
        zone_rules.note_other_zone(session, workshop_id, former_zone, by=by, now=now)
    _set_openings(session, workshop_id, openings)
    records.note(session, "workshop", workshop_id, ",".join(changed) or "changed", by, now)
    schedule_versions.bump_for_renamed_courses(session, Course.workshop_id == workshop_id)
    for machine_id in session.scalars(
        select(Machine.id).where(Machine.workshop_id == workshop_id).order_by(Machine.id)
    ):
        schedule_versions.bump_for_renamed_machine(session, machine_id)


def check_workshop(data: WorkshopInput, openings: Sequence[Opening]) -> list[Violation]:
    """Return what is wrong.

    missing, at_most (characters), slug_form, unknown_zone, the address, opening_backwards, openings_overlap (the
    weekday).
    """
    violations = records.check_filled(data, ("slug", "name")) + records.check_lengths(data, LENGTHS_MAX)
    violations += records.check_slug(data) + records.check_zone(data.timezone)
    violations += check_address(data.address)
    return violations + records.check_openings(openings)


def _set_openings(session: Session, workshop_id: int, openings: Sequence[Opening]) -> None:
    session.execute(delete(OpeningHours).where(OpeningHours.workshop_id == workshop_id))
    session.add_all(
        OpeningHours(workshop_id=workshop_id, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, opens, closes in sorted(set(openings))
    )
    session.flush()
