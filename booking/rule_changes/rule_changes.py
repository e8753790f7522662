"""Changes of opening hours, zone, holidays, rules and conditions over reservations that were made before.

What lies outside the new rules of use is named before the change is stored, and listed on the manager's desk
afterwards, until it is moved, cancelled or accepted. It stays reserved meanwhile.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ANY, ReservationNotFound, ReservationsOutside, StaleRevision
from booking.events.closure_events import MemberOutsideRules, ReservationAccepted
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.members.prerequisites import Requirements
from booking.models import Machine, Reservation, Workshop
from booking.quotas import quotas
from booking.records import ring, workshops
from booking.records.ring import RingInput
from booking.records.workshops import WorkshopInput
from booking.rule_changes import season_preview
from booking.rule_changes.outside import (
    IS_OUTSIDE,
    TO_COME,
    Outside,
    OutsideMark,
    policies_of,
    to_come,
    violations_of_many,
)
from booking.rule_changes.season_preview import SeasonPreview
from booking.rules.lending_rules import Policy
from booking.times.opening_hours import Opening

IDS_MAX = 500  # in one statement

_reservation = table_of(Reservation)


def change_workshop(
    session: Session,
    workshop_id: int,
    data: WorkshopInput,
    openings: Sequence[Opening],
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    confirmed: str = "",
    tells_members: bool = False,
) -> None:
    """Change a workshop with its hours; reservations already made stay, also outside the new hours.

    confirmed: the fingerprint of a ReservationsOutside that the user saw, or ANY. tells_members: each member
    concerned gets one mail.

    Raises NotFound, StaleRevision, RecordRefused, ReservationsOutside (not confirmed, or others than were confirmed).
    """
    zone = session.scalar(select(Workshop.timezone).where(Workshop.id == workshop_id))
    before = policies_of(session, Machine.workshop_id == workshop_id)
    workshops.change_workshop(session, workshop_id, data, openings, by=by, now=now, revision=revision)
    if data.timezone != zone:
        quotas.recount_all(session)
    after = policies_of(session, Machine.workshop_id == workshop_id)
    mark_changed(session, before, after, confirmed, tells_members, by=by, now=now)


def change_ring(session: Session, data: RingInput, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Enter or change the record of the ring; in another time zone quotas are counted again.

    Raises as ring.enter_or_change_ring().
    """
    former = ring.the_ring(session)
    ring.enter_or_change_ring(session, data, by=by, now=now, revision=revision)
    if former is None or former.timezone != data.timezone:
        quotas.recount_all(session)


def change_machine(
    session: Session,
    machine_id: int,
    data: MachineInput,
    *,
    places: int,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    confirmed: str = "",
    tells_members: bool = False,
    openings: Sequence[Opening] | None = None,
) -> int:
    """Change a machine; reservations already made stay, also against the new rules. Arguments as in change_workshop().

    Returns how many lie outside the rules now and did not before.

    Raises MachineNotFound, StaleRevision, RecordRefused, ReservationsOutside.
    """
    before = policies_of(session, Machine.id == machine_id)
    machines.change_machine(
        session, machine_id, data, places=places, by=by, now=now, revision=revision, openings=openings
    )
    after = policies_of(session, Machine.id == machine_id)
    return mark_changed(session, before, after, confirmed, tells_members, by=by, now=now)


def accept(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> None:
    """Note that a reservation stays as it is, although it lies outside the rules; one that does not is left as it is.

    Raises ReservationNotFound.
    """
    reservation = session.get(Reservation, reservation_id, with_for_update=True, populate_existing=True)
    if reservation is None:
        raise ReservationNotFound(id=reservation_id)
    since, accepted_at = reservation.outside_rules_since, reservation.accepted_at
    if since is None or reservation.status not in TO_COME or (accepted_at is not None and accepted_at >= since):
        return
    reservation.accepted_at = now
    session.flush()
    accepted = ReservationAccepted(reservation_id=reservation_id, machine_id=reservation.machine_id)
    events.record(session, accepted, by=by, at=now)


def digest_of(marks: Iterable[OutsideMark]) -> str:
    """Return the fingerprint of a list of reservations outside the rules: of what they are and what they break."""
    found = sorted((one.id, one.since.timestamp(), one.revision) for one in marks)
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def accept_all(session: Session, marks: Collection[OutsideMark], *, by: Actor, now: datetime, shown: str) -> None:
    """Note that reservations stay as they are, as accept(); in the order of their ids.

    marks: as they are now, and locked. shown: the digest of what the user saw. Raises StaleRevision where one of them
    is another one, was changed or breaks further rules.
    """
    if shown != (found := digest_of(marks)):
        raise StaleRevision(expected=shown, actual=found)
    for mark in sorted(marks):
        accept(session, mark.id, by=by, now=now)


def broken_conditions(session: Session, member_id: int, *, now: datetime) -> dict[int, frozenset[str]]:
    """Return the rules of use that each reservation to come of a member breaks now, by its id; none: an empty set."""
    found = to_come(session, Reservation.member_id == member_id, now)
    policies = policies_of(session, Machine.id.in_({row.machine_id for row in found}))
    rows = [row for row in found if row.machine_id in policies]
    broken = {one.reservation_id: one for one in violations_of_many(session, rows, policies)}
    return {row.id: frozenset(_codes(broken.get(row.id))) for row in rows}


def mark_member(
    session: Session, member_id: int, before: Mapping[int, frozenset[str]], *, now: datetime
) -> Sequence[int]:
    """Mark what breaks a rule that it kept before, and drop the marks of what keeps all; return what was marked.

    before: broken_conditions() before an induction or a membership changed.
    """
    after = broken_conditions(session, member_id, now=now)
    new = [reservation_id for reservation_id, codes in after.items() if codes - before.get(reservation_id, frozenset())]
    _set(session, [reservation_id for reservation_id, codes in after.items() if not codes], outside_rules_since=None)
    _set(session, new, outside_rules_since=now)
    return new


def tell_members(session: Session, reservation_ids: Collection[int], *, by: Actor, now: datetime) -> int:
    """Write one mail to each member with reservations outside the rules; return how many members that are.

    Reservations of which the member was told since they lie outside are left out; whoever tells them at the same
    moment waits for the rows.
    """
    is_untold = or_(
        Reservation.outside_told_at.is_(None), Reservation.outside_told_at < Reservation.outside_rules_since
    )
    by_member: dict[int, list[int]] = defaultdict(list)
    untold: list[tuple[datetime, int, int]] = []
    for ids in _chunks(sorted(reservation_ids)):
        statement = (
            select(Reservation.starts_at, Reservation.id, Reservation.member_id)
            .where(Reservation.id.in_(ids), Reservation.ends_at > now, is_untold, *IS_OUTSIDE)
            .order_by(Reservation.id)
            .with_for_update(of=Reservation)
        )
        untold += [(row.starts_at, row.id, row.member_id) for row in session.execute(statement)]
    for _starts_at, reservation_id, member_id in sorted(untold):
        by_member[member_id].append(reservation_id)
    told = [reservation_id for ids in by_member.values() for reservation_id in ids]
    _set(session, told, outside_told_at=now)
    for member_id, ids in sorted(by_member.items()):
        event = MemberOutsideRules(member_id=member_id, reservation_ids=tuple(ids))
        events.record(session, event, by=by, at=now)
    return len(by_member)


def mark_changed(
    session: Session,
    before: Mapping[int, Policy],
    after: Mapping[int, Policy],
    confirmed: str,
    tells_members: bool,
    *,
    by: Actor,
    now: datetime,
    required_before: Requirements | None = None,
) -> int:
    """Mark what lies outside now and did not before; drop the marks of what lies within the rules again.

    required_before: what inductions required before; then all machines are judged, also with the rules as before.
    Returns how many were marked. Raises ReservationsOutside.
    """
    judges_all = required_before is not None
    changed = {one: policy for one, policy in after.items() if judges_all or before.get(one) != policy}
    found = to_come(session, Reservation.machine_id.in_(changed), now)
    outside = {one.reservation_id: one for one in violations_of_many(session, found, changed)}
    previously = {machine_id: before[machine_id] for machine_id in changed if machine_id in before}
    rows = [row for row in found if row.id in outside and row.machine_id in previously]
    was = {one.reservation_id: one for one in violations_of_many(session, rows, previously, required=required_before)}
    new = [one for one in outside.values() if _codes(one) - _codes(was.get(one.reservation_id))]
    season = SeasonPreview()
    if confirmed != ANY:
        season = season_preview.of_policies(session, before, changed, now=now, required_before=required_before)
    ReservationsOutside.require_confirmed({one.reservation_id: one.violations for one in new}, season, confirmed)
    _set(session, [row.id for row in found if row.id not in outside], outside_rules_since=None)
    _set(session, [one.reservation_id for one in new], outside_rules_since=now)
    if tells_members:
        tell_members(session, [one.reservation_id for one in new], by=by, now=now)
    return len(new)


def _codes(outside: Outside | None) -> set[str]:
    return {season_preview.condition_of(violation) for violation in outside.violations} if outside else set()


def _set(session: Session, reservation_ids: Iterable[int], **values: datetime | None) -> None:
    for ids in _chunks(reservation_ids):
        session.execute(update(_reservation).where(_reservation.c.id.in_(ids)).values(**values))


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    in_order = list(ids)
    return (in_order[at : at + IDS_MAX] for at in range(0, len(in_order), IDS_MAX))
