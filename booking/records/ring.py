"""The record of the co-operative: one row, entered at set-up, changed by administrators."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.addresses import NO_ADDRESS, Address, check_address
from booking.email_addresses import EMAIL_LENGTH_MAX, check_changed_email
from booking.errors.schedule_errors import NotFound, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Ring
from booking.records import records
from booking.times.recurrence import OCCURRENCES_MAX, OCCURRENCES_STORED_MAX
from booking.times.wall_clock import USUAL_ZONE

THE_ONE = 1
OBJECTION_DAYS_MAX = 365
EXCHANGE_HOURS, EXCHANGE_HOURS_MAX = 48, 14 * 24  # to answer what another member offers: at first, and the most
WALL_NAMES = ("names", "initials", "none")  # how screens in workshops write who has a machine
LENGTHS_MAX = {"name": 120, "email": EMAIL_LENGTH_MAX}


@dataclass(frozen=True, slots=True)
class RingInput:
    """What is entered of the ring."""

    name: str
    address: Address = NO_ADDRESS
    email: str = ""
    timezone: str = USUAL_ZONE
    holidays_region: str = "DE-BY"
    colour: str = "#14532d"
    objection_days: int = 14
    is_catalogue_public: bool = True
    requires_second_factor: bool = False
    wall_names: str = "none"
    are_exchanges_allowed: bool = True
    exchange_hours: int = EXCHANGE_HOURS
    series_dates_managers: int = OCCURRENCES_MAX

    @classmethod
    def of(cls, ring: Ring) -> RingInput:
        """Return the record as it is."""
        return cls(**{name: getattr(ring, name) for name in cls.__slots__})


def the_ring(session: Session, *, for_change: bool = False) -> RingInput | None:
    """Return the ring's record; None before set-up. for_change: lock it until the transaction ends."""
    ring = session.get(Ring, THE_ONE, with_for_update=for_change, populate_existing=True)
    return None if ring is None else RingInput.of(ring)


def enter_or_change_ring(
    session: Session, data: RingInput, *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Enter or change the record. Call inside write_transaction().

    revision: the one that the caller read; None changes any. Raises RecordRefused, StaleRevision.
    """
    ring = session.get(Ring, THE_ONE, with_for_update=True, populate_existing=True)
    records.refuse(check_ring(data, ring.email if ring else ""))
    if ring is None:
        session.add(Ring(id=THE_ONE, **records.values_of(data)))
        what = "entered"
    else:
        revisions.require_revision(revision, ring.revision)
        what = ",".join(records.write(ring, records.values_of(data)))
        ring.revision += bool(what)
    session.flush()
    if what:
        records.note(session, "ring", THE_ONE, what, by, now)


def show_logo(session: Session, photo_id: int | None, *, by: Actor, now: datetime) -> None:
    """Set or remove the logo, a stored picture. Call inside write_transaction(). Raises NotFound.

    The former picture stays stored, as those of machines do: its id must never mean another one.
    """
    ring = revisions.locked(session, Ring, THE_ONE, missing=NotFound)
    if ring.logo_photo_id == photo_id:
        return
    ring.logo_photo_id = photo_id
    ring.revision += 1
    session.flush()
    records.note(session, "ring", THE_ONE, "logo", by, now)


def check_ring(data: RingInput, stored_email: str = "") -> list[Violation]:
    """Return what is wrong. stored_email: the one that is changed, which stays allowed.

    missing, at_least (hours, dates), at_most (characters, days, hours, dates), email_form, unknown_zone,
    colour (#rrggbb), the address.
    """
    violations = records.check_filled(data, ["name"]) + records.check_lengths(data, LENGTHS_MAX)
    if not 0 <= data.objection_days <= OBJECTION_DAYS_MAX:
        violations.append(Violation("at_most", "objection_days", limit=OBJECTION_DAYS_MAX, actual=data.objection_days))
    violations += check_exchange_hours(data.exchange_hours) + check_series_dates(data.series_dates_managers)
    violations += (
        records.check_zone(data.timezone) + check_changed_email(data.email, stored_email) + check_address(data.address)
    )
    if not re.fullmatch(r"#[0-9a-f]{6}", data.colour):
        violations.append(Violation("colour", "colour", actual=data.colour))
    return violations


def check_exchange_hours(hours: int) -> list[Violation]:
    """Return at_least or at_most for a number of hours in which nobody could answer, or which holds things up."""
    if hours < 1:
        return [Violation("at_least", "exchange_hours", limit=1, actual=hours)]
    if hours > EXCHANGE_HOURS_MAX:
        return [Violation("at_most", "exchange_hours", limit=EXCHANGE_HOURS_MAX, actual=hours)]
    return []


def check_series_dates(dates: int) -> list[Violation]:
    """Return at_least or at_most for a number of dates of a series: managers are never allowed fewer than members."""
    if dates < OCCURRENCES_MAX:
        return [Violation("at_least", "series_dates_managers", limit=OCCURRENCES_MAX, actual=dates)]
    if dates > OCCURRENCES_STORED_MAX:
        return [Violation("at_most", "series_dates_managers", limit=OCCURRENCES_STORED_MAX, actual=dates)]
    return []


def series_dates_max(session: Session, *, may_decide: bool) -> int:
    """Return how many dates a series may have. may_decide: the one who enters it manages its machines."""
    if not may_decide:
        return OCCURRENCES_MAX
    return session.scalar(select(Ring.series_dates_managers)) or OCCURRENCES_MAX  # none before set-up


def set_series_dates(session: Session, dates: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Change how many dates a series may have that managers enter. Call inside write_transaction().

    Series that are longer stay. Raises NotFound (before set-up), RecordRefused, StaleRevision.
    """
    stored = the_ring(session, for_change=True)
    if stored is None:
        raise NotFound()
    enter_or_change_ring(session, replace(stored, series_dates_managers=dates), by=by, now=now, revision=revision)


def set_exchange_rules(
    session: Session,
    *,
    are_allowed: bool | None = None,
    hours: int | None = None,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Change whether members may hand over and swap reservations, and how long an answer may take; None leaves it.

    What is offered already can still be answered. Raises NotFound (before set-up), RecordRefused, StaleRevision.
    """
    stored = the_ring(session, for_change=True)
    if stored is None:
        raise NotFound()
    wanted = replace(
        stored,
        are_exchanges_allowed=stored.are_exchanges_allowed if are_allowed is None else are_allowed,
        exchange_hours=stored.exchange_hours if hours is None else hours,
    )
    enter_or_change_ring(session, wanted, by=by, now=now, revision=revision)
