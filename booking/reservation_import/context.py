"""The data that validating many imported reservations needs, read in a few statements however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from booking.members import members, second_persons
from booking.members.members import Eligibilities
from booking.members.second_persons import NeededTime
from booking.models import HOLDING, Machine, Reservation, Status
from booking.places import held_spans
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.reservations.wishes import Wish
from booking.rules.eligibility import MemberEligibility
from booking.rules.persons import Person
from booking.timespan import TimeSpan

Key = tuple[int, int, datetime, datetime]  # machine, member, start, end: what makes two reservations the same


@dataclass(frozen=True, slots=True)
class ExistingReservation:
    """A stored reservation for an imported one, as it is now: it may have been moved or cancelled since."""

    id: int
    status: Status
    span: TimeSpan
    places: int


@dataclass(frozen=True, slots=True)
class ImportContext:
    """Terms of the machines, eligibility of the members, what is held, and which reservations exist already."""

    terms: dict[int, MachineTerms]
    eligibilities: Eligibilities
    held: dict[int, list[tuple[datetime, datetime]]]
    existing_by_uid: dict[str, ExistingReservation]
    existing_by_key: dict[Key, ExistingReservation]
    needed: dict[int, list[NeededTime]]  # by member

    def eligibility(self, wish: Wish, induction_kind_id: int | None) -> MemberEligibility:
        """Return what the rules need to know of a member for a machine that requires this induction, or none."""
        return self.eligibilities.of(wish.member_id, induction_kind_id, second=wish.second)

    def is_second_busy(self, wish: Wish) -> bool:
        """Return whether the second person of a wish is needed elsewhere in its time."""
        person = wish.second
        return person is not None and any(
            time.needs(person) and time.span.overlaps(wish.span) for time in self.needed.get(wish.member_id, ())
        )

    def count_second(self, wish: Wish) -> None:
        """Count the second person of an imported reservation as needed in its time."""
        if wish.second is not None and wish.second.name:
            needed = NeededTime(0, wish.member_id, wish.span, (wish.second, Person()))
            self.needed.setdefault(wish.member_id, []).append(needed)

    def existing_for(self, uid: str, wish: Wish) -> ExistingReservation | None:
        """Return the stored reservation for an imported one: imported before, or entered by hand."""
        return self.existing_by_uid.get(uid) or self.existing_by_key.get(_key(wish))


def read_context(session: Session, imported: Sequence[tuple[str, Wish]]) -> ImportContext:
    """Read what decides on imported reservations (uid, wish)."""
    uids, wishes = [uid for uid, _wish in imported], [wish for _uid, wish in imported]
    terms = {
        found.machine_id: found
        for found in catalogue.terms_of_many(session, Machine.id.in_({wish.machine_id for wish in wishes}))
    }
    return ImportContext(
        terms=terms,
        eligibilities=members.eligibilities(session, {wish.member_id for wish in wishes}),
        held=_held(session, terms, wishes),
        existing_by_uid={
            uid: found
            for uid, _key, found in _existing(
                session, Reservation.uid.in_(uids), Reservation.import_undone_at.is_(None)
            )
        },
        existing_by_key={key: found for _uid, key, found in _existing(session, *_holding_like(wishes))},
        needed=_needed(session, [wish for wish in wishes if wish.second is not None]),
    )


def _needed(session: Session, named: Sequence[Wish]) -> dict[int, list[NeededTime]]:
    """Return the times in which second persons that are named are needed already, by member."""
    found: dict[int, list[NeededTime]] = {}
    if not named:
        return found
    hull = TimeSpan(min(one.span.start for one in named), max(one.span.end for one in named))
    for needed in second_persons.needed_times(session, {one.member_id for one in named}, hull):
        found.setdefault(needed.member_id, []).append(needed)
    return found


def undone_imports(session: Session, uids: Sequence[str]) -> Mapping[str, int]:
    """Return the reservations whose import was undone, by uid."""
    rows = session.execute(
        select(Reservation.uid, Reservation.id).where(
            Reservation.uid.in_(uids), Reservation.import_undone_at.is_not(None)
        )
    )
    return {row.uid: row.id for row in rows}


def _held(
    session: Session, terms: dict[int, MachineTerms], wishes: Sequence[Wish]
) -> dict[int, list[tuple[datetime, datetime]]]:
    occupied = [terms[wish.machine_id].policy.occupied_by(wish.span) for wish in wishes if wish.machine_id in terms]
    if not occupied:
        return {}
    hull = TimeSpan(min(span.start for span in occupied), max(span.end for span in occupied))
    return held_spans.by_place(session, terms, hull)


def _holding_like(wishes: Sequence[Wish]) -> tuple[ColumnElement[bool], ...]:
    starts = [wish.span.start for wish in wishes]
    if not starts:
        return (false(),)
    return (
        Reservation.machine_id.in_({wish.machine_id for wish in wishes}),
        Reservation.starts_at.between(min(starts), max(starts)),
        Reservation.status.in_([str(status) for status in HOLDING]),
    )


def _existing(session: Session, *wanted: ColumnElement[bool]) -> list[tuple[str, Key, ExistingReservation]]:
    rows = session.execute(
        select(
            Reservation.uid,
            Reservation.machine_id,
            Reservation.member_id,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.id,
            Reservation.status,
            Reservation.places,
        ).where(*wanted)
    )
    return [
        (
            uid,
            (machine_id, member_id, start, end),
            ExistingReservation(reservation_id, Status(status), TimeSpan(start, end), places),
        )
        for uid, machine_id, member_id, start, end, reservation_id, status, places in rows
    ]


def _key(wish: Wish) -> Key:
    return wish.machine_id, wish.member_id, wish.span.start, wish.span.end
