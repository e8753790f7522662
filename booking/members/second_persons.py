"""The second person at a machine that nobody may use alone: free in a span, and there when it is handed out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.members import members
from booking.models import HOLDING, Reservation, UsageRecord
from booking.rules import lending_rules
from booking.rules.lending_rules import Policy
from booking.rules.persons import PERSON_LENGTH_MAX, Person, is_same
from booking.timespan import TimeSpan


def check_busy(
    session: Session, member_id: int, person: Person, span: TimeSpan, *, reservation_id: int | None = None
) -> list[Violation]:
    """Return second_person_busy (limit: the name, actual: from when) for a person who is needed elsewhere in a span.

    As the second person of another reservation of the member, or as who runs what is out. Persons are those of one
    member, and who will run what is reserved is known only at hand-out. Call with the row of the member in
    booking_quota_account locked, so that two requests at once do not both get the person. reservation_id: of the
    reservation that is judged.
    """
    excluding = () if reservation_id is None else (reservation_id,)
    (found,) = check_busy_in_many(session, member_id, person, [span], excluding=excluding)
    return found


def check_busy_in_many(
    session: Session,
    member_id: int,
    person: Person,
    spans: Sequence[TimeSpan],
    *,
    excluding: Collection[int] = (),
) -> list[list[Violation]]:
    """Return the same for each of several spans, in one statement. excluding: reservations that are left out."""
    if not person.name:
        return [[] for _ in spans]
    within = TimeSpan(min(spans).start, max(one.end for one in spans))
    taken = _taken(session, member_id, person, within, excluding)
    return [_busy(person, [other for other in taken if other.overlaps(span)]) for span in spans]


class OfDates:
    """The dates of one series that are planned so far: in each of them its second person is needed.

    Dates that overlap, on machines of a group or on places of one machine, must not share the person.
    """

    def __init__(self, person: Person | None, planned: Iterable[TimeSpan] = ()) -> None:
        self._person, self._planned = person, list(planned)

    def add(self, span: TimeSpan) -> None:
        """Note a date that is to be reserved."""
        self._planned.append(span)

    def violations(self, policy: Policy, span: TimeSpan) -> list[Violation]:
        """Return second_person_busy where a date on a machine of this policy overlaps one that was noted."""
        if self._person is None or not self._person.name or not policy.needs_second_person:
            return []
        return _busy(self._person, [other for other in self._planned if other.overlaps(span)])


def _busy(person: Person, taken: Sequence[TimeSpan]) -> list[Violation]:
    if not taken:
        return []
    return [Violation("second_person_busy", "second_person", limit=person.name, actual=min(taken).start)]


@dataclass(frozen=True, slots=True)
class NeededTime:
    """A reserved time in which persons of a member are needed: who is there as well, and who runs what is out."""

    reservation_id: int
    member_id: int
    span: TimeSpan
    persons: tuple[Person, Person]

    def needs(self, person: Person) -> bool:
        """Return whether a person is needed then."""
        return any(is_same(person, one) for one in self.persons)


def _taken(
    session: Session, member_id: int, person: Person, span: TimeSpan, excluding: Collection[int]
) -> list[TimeSpan]:
    """Return the reserved times in which a person is needed."""
    found = needed_times(session, [member_id], span)
    return [one.span for one in found if one.needs(person) and one.reservation_id not in excluding]


def needed_times(session: Session, member_ids: Collection[int], span: TimeSpan) -> list[NeededTime]:
    """Return the reserved times of members in a span in which persons are needed, in one statement."""
    statement = (
        select(
            Reservation.id,
            Reservation.member_id,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.second_person,
            Reservation.second_user_id,
            UsageRecord.operator_name,
            UsageRecord.operator_user_id,
        )
        .outerjoin(UsageRecord, UsageRecord.reservation_id == Reservation.id)
        .where(
            Reservation.member_id.in_(member_ids),
            Reservation.status.in_(HOLDING),
            Reservation.ends_at > span.start,
            Reservation.starts_at < span.end,
            or_(Reservation.second_person != "", UsageRecord.operator_name != ""),
        )
    )
    return [
        NeededTime(
            row.id,
            row.member_id,
            TimeSpan(row.starts_at, row.ends_at),
            (
                Person(row.second_person, row.second_user_id),
                Person(row.operator_name or "", row.operator_user_id),
            ),
        )
        for row in session.execute(statement)
    ]


def at_hand_out(
    session: Session, reservation: Reservation, policy: Policy, operator: Person, wanted: Person | None, now: datetime
) -> tuple[Person, list[Violation]]:
    """Return who is there beside the operator, and what is wrong with that.

    wanted: who was named; None, or nobody: who was named with the reservation. second_person_missing,
    second_person_not_inducted, second_person_busy; second_person_same (limit: the name) runs it; at_most: the name is
    too long; missing (operator): without the name of who runs it nobody knows that there are two.
    """
    person = wanted if wanted and wanted.name else Person(reservation.second_person, reservation.second_user_id)
    if len(person.name) > PERSON_LENGTH_MAX:
        return person, [Violation("at_most", "second_person", limit=PERSON_LENGTH_MAX, actual=len(person.name))]
    if not policy.needs_second_person or now >= reservation.ends_at:
        return person, []
    found = [] if operator.name else [Violation("missing", "operator")]
    if is_same(operator, person):
        found.append(Violation("second_person_same", "second_person", limit=person.name))
    return person, found + _check_there(session, reservation, policy, person, TimeSpan(now, reservation.ends_at))


def _check_there(
    session: Session, reservation: Reservation, policy: Policy, person: Person, span: TimeSpan
) -> list[Violation]:
    """Return what keeps a person from being there; that somebody else may run it is judged with the operator."""
    eligible = members.eligibility_of(session, reservation.member_id, policy.induction_kind_id, person)
    broken = [one for one in lending_rules.check_member(span, policy, eligible) if one.field == "second_person"]
    busy = check_busy(session, reservation.member_id, person, span, reservation_id=reservation.id)
    return [one for one in broken if one.rule != "second_person_alone"] + busy
