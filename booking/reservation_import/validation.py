"""What becomes of each imported reservation: new, here already, or refused and why."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking import rules, wishes
from booking.errors import DomainError, MachineNotFound, RequestRefused, SlotTaken
from booking.place_calendar import PlaceCalendar
from booking.reservation_import.context import ExistingReservation, ImportContext, read_context
from booking.timespan import TimeSpan
from booking.wishes import UID_DOMAIN, Wish

NAMESPACE = uuid.UUID("6f6d1c1e-54a5-4c1e-9d0b-6f1d5d3f7c5a")  # never changed: it keys what was imported


@dataclass(frozen=True, slots=True)
class ImportedReservation:
    """A reservation that another program has confirmed. uid: the same whenever the same reservation is read."""

    wish: Wish
    uid: str

    @classmethod
    def of(cls, wish: Wish) -> ImportedReservation:
        """Return the imported reservation for a wish; its uid follows from machine, member and span."""
        key = f"{wish.machine_id} {wish.member_id} {wish.span.start.isoformat()} {wish.span.end.isoformat()}"
        return cls(wish, f"{uuid.uuid5(NAMESPACE, key)}@{UID_DOMAIN}")


@dataclass(frozen=True, slots=True)
class Placement:
    """The places that an imported reservation takes, and the span, with set-up and cleaning."""

    place_ids: tuple[int, ...]
    occupied: TimeSpan
    cancel_until: datetime


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What becomes of an imported reservation: it is here already (existing), is refused, or gets a placement.

    conflicts_with: the positions of the other imported reservations that take the places which a refused one needs.
    """

    existing: ExistingReservation | None = None
    refusal: DomainError | None = None
    conflicts_with: tuple[int, ...] = ()
    placement: Placement | None = None


def validate(session: Session, imported: Sequence[ImportedReservation], *, now: datetime) -> list[ImportResult]:
    """Return what would become of each, in the given order. Only reads; the guard decides when they are entered."""
    context = read_context(session, [(each.uid, each.wish) for each in imported])
    calendar = PlaceCalendar(context.held)
    results = [_check_rules(context, each, now) for each in imported]
    # In order of time: then taking the first free places never leaves a gap that a later one needs.
    for position in sorted(range(len(imported)), key=lambda at: imported[at].wish.span):
        result = results[position]
        if result.existing is None and result.refusal is None:
            results[position] = _place(context, calendar, imported[position].wish, position, now)
    return results


def _check_rules(context: ImportContext, imported: ImportedReservation, now: datetime) -> ImportResult:
    wish = imported.wish
    if existing := context.existing_for(imported.uid, wish):
        return ImportResult(existing=existing)
    terms = context.terms.get(wish.machine_id)
    if terms is None:
        return ImportResult(refusal=MachineNotFound(id=wish.machine_id))
    eligibility = context.eligibility(wish.member_id, terms.policy.induction_kind_id)
    violations = list(rules.check_imported(wish.span, wish.places, terms.policy, eligibility, now=now))
    return ImportResult(refusal=RequestRefused(violations)) if violations else ImportResult()


def _place(context: ImportContext, calendar: PlaceCalendar, wish: Wish, position: int, now: datetime) -> ImportResult:
    terms = context.terms[wish.machine_id]
    occupied = terms.policy.occupied_by(wish.span)
    free = calendar.free(terms.place_ids, occupied)
    if len(free) < wish.places:
        taken = SlotTaken(machine_id=wish.machine_id, span=occupied, places=wish.places, places_free=len(free))
        return ImportResult(refusal=taken, conflicts_with=calendar.holders(terms.place_ids, occupied))
    chosen = tuple(free[: wish.places])
    calendar.take(chosen, occupied, position)
    cancel_until = wishes.cancel_until(wish.span.start, terms.policy, now)
    return ImportResult(placement=Placement(chosen, occupied, cancel_until))
