"""What becomes of each imported reservation: new, here already, or refused and why."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import DomainError, MachineNotFound, RequestRefused, Violation
from booking.kernel.progress import tracked
from booking.places import place_choice
from booking.places.place_assignment import Taking
from booking.places.place_counts import PlaceCount
from booking.quotas.quota_tally import QuotaTally
from booking.records.catalogue import MachineTerms
from booking.reservation_import.context import ExistingReservation, ImportContext, read_context
from booking.reservations import wishes
from booking.reservations.wishes import UID_DOMAIN, Wish
from booking.rules import lending_rules
from booking.timespan import TimeSpan

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
    """What an imported reservation takes: some of the places, for a span with set-up and cleaning."""

    place_ids: tuple[int, ...]
    occupied: TimeSpan
    cancel_until: datetime


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What becomes of an imported reservation: it is here already (existing), is refused, or gets a placement.

    passed: the quotas that it would pass, which do not refuse what another program has confirmed.
    conflicts_with: the positions of the other imported reservations that take the places which a refused one needs.
    entered_id: its reservation, once it was entered.
    """

    existing: ExistingReservation | None = None
    refusal: DomainError | None = None
    conflicts_with: tuple[int, ...] = ()
    placement: Placement | None = None
    entered_id: int | None = None
    passed: tuple[Violation, ...] = ()


def validate(session: Session, imported: Sequence[ImportedReservation], *, now: datetime) -> list[ImportResult]:
    """Return what would become of each, in the given order. Only reads; the guard decides when they are entered."""
    context = read_context(session, [(each.uid, each.wish) for each in imported])
    schedules: dict[int, _Schedule] = {}
    quotas = _Quotas(session, imported, context, now)
    steps = 2 * len(imported)
    results = [_check_rules(context, each, now) for each in tracked(imported, steps)]
    # In order of time: then those that fit by counting always find their places.
    in_order = sorted(range(len(imported)), key=lambda at: imported[at].wish.span)
    for position in tracked(in_order, steps, before=len(imported)):
        result, wish = results[position], imported[position].wish
        if result.existing is None and result.refusal is None:
            if wish.machine_id not in schedules:
                schedules[wish.machine_id] = _Schedule.of(context, wish.machine_id)
            if busy := _second_busy(context, wish):  # with what was placed before it
                results[position] = ImportResult(refusal=RequestRefused(busy))
                continue
            placed = schedules[wish.machine_id].place(wish, position, now)
            if placed.placement:
                context.count_second(wish)
                placed = replace(placed, passed=quotas.count(wish))
            results[position] = placed
    return results


def _second_busy(context: ImportContext, wish: Wish) -> list[Violation]:
    """Return that the second person is needed elsewhere in its time."""
    is_asked = context.terms[wish.machine_id].policy.needs_second_person
    if wish.second is None or not is_asked or not context.is_second_busy(wish):
        return []
    return [Violation("second_person_busy", "second_person", limit=wish.second.name, actual=wish.span.start)]


class _Quotas:
    """What imported reservations count of the quotas of their members, one after the other."""

    def __init__(
        self, session: Session, imported: Sequence[ImportedReservation], context: ImportContext, now: datetime
    ) -> None:
        self._session, self._context, self._now = session, context, now
        self._quotas = {quota.id: quota for terms in context.terms.values() for quota in terms.policy.quotas}
        self._spans = [each.wish.span for each in imported]
        self._tallies: dict[int, QuotaTally] = {}

    def count(self, wish: Wish) -> tuple[Violation, ...]:
        """Return the quotas that a reservation would pass, and count it."""
        counting = self._context.terms[wish.machine_id].policy.quotas
        if not counting:
            return ()
        if wish.member_id not in self._tallies:
            within = TimeSpan(min(self._spans).start, max(one.end for one in self._spans))
            self._tallies[wish.member_id] = QuotaTally(
                self._session, wish.member_id, self._quotas.values(), within, asked_at=self._now
            )
        tally = self._tallies[wish.member_id]
        passed = tally.violations(wish.span, wish.places, counting=counting)
        tally.add(wish.span, wish.places, counting)
        return tuple(passed)


def _check_rules(context: ImportContext, imported: ImportedReservation, now: datetime) -> ImportResult:
    wish = imported.wish
    if existing := context.existing_for(imported.uid, wish):
        return ImportResult(existing=existing)
    terms = context.terms.get(wish.machine_id)
    if terms is None:
        return ImportResult(refusal=MachineNotFound(id=wish.machine_id))
    eligibility = context.eligibility(wish, terms.policy.induction_kind_id)
    violations = list(lending_rules.check_imported(wish.span, wish.places, terms.policy, eligibility, now=now))
    violations += _second_busy(context, wish)
    return ImportResult(refusal=RequestRefused(violations)) if violations else ImportResult()


@dataclass(frozen=True, slots=True)
class _Schedule:
    """How many places of a machine are held, and by which of the imported reservations (position, span)."""

    terms: MachineTerms
    count: PlaceCount
    placed: list[tuple[int, TimeSpan]]

    @classmethod
    def of(cls, context: ImportContext, machine_id: int) -> _Schedule:
        terms = context.terms[machine_id]
        held = (span for place_id in terms.place_ids for span in context.held.get(place_id, ()))
        return cls(terms, PlaceCount(len(terms.place_ids), held), [])

    def place(self, wish: Wish, position: int, now: datetime) -> ImportResult:
        """Return the result for one that breaks no rule, and count its places."""
        occupied = self.terms.policy.occupied_by(wish.span)
        taking = Taking(position, wish.machine_id, self.terms.place_ids, occupied, wish.places)
        if short := self.count.first_shortage(taking.occupied, taking.count):
            rivals = sorted(other for other, span in self.placed if span.overlaps(short.span))
            taken = place_choice.slot_taken(taking, short.places_free, short.span)
            return ImportResult(refusal=taken, conflicts_with=tuple(rivals))
        self.count.add(taking.occupied, taking.count)
        self.placed.append((position, taking.occupied))
        cancel_until = wishes.cancel_until(wish.span.start, self.terms.policy, now)
        return ImportResult(placement=Placement(self.terms.place_ids, taking.occupied, cancel_until))
