"""Conditions of use that end or come back: inductions and memberships, over reservations that were made before.

A reservation whose condition ended stays reserved, is not handed out without a manager's reason, and is listed on the
manager's desk like one outside new rules, until it is moved, cancelled or accepted.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.members import inductions, member_import, members
from booking.members.members import MemberInput
from booking.models import Machine, Reservation, Status, UsageRecord
from booking.places import occupancies
from booking.quotas import quota_use
from booking.rule_changes.outside import TO_COME
from booking.rule_changes.rule_changes import broken_conditions, mark_member, tell_members
from booking.rules.persons import MEMBER_ITSELF, Level, Person
from booking.use import usage
from booking.use.usage import Measurement, Recorded, UnreservedUse

_reservation = table_of(Reservation)


def give_induction(
    session: Session,
    member_id: int,
    kind_id: int,
    *,
    given_on: date,
    valid_until: date | None = None,
    given_by: str = "",
    person: Person = MEMBER_ITSELF,
    level: Level | None = None,
    by: Actor,
    now: datetime,
) -> int:
    """Record that a member was inducted, as inductions.give(); its reservations may be within the rules again."""
    inductions.lock_members(session, [member_id])
    before = broken_conditions(session, member_id, now=now)
    induction_id = inductions.give(
        session,
        member_id,
        kind_id,
        given_on=given_on,
        valid_until=valid_until,
        given_by=given_by,
        person=person,
        level=level,
        by=by,
        now=now,
    )
    mark_member(session, member_id, before, now=now)
    return induction_id


def end_induction(
    session: Session, induction_id: int, *, last_day: date | None, by: Actor, now: datetime, tells_member: bool = False
) -> None:
    """End an induction as inductions.end(). tells_member: one mail with the reservations that hang on it."""
    member_id = inductions.member_of(session, induction_id)
    _lock_before_ending(session, member_id)
    before = broken_conditions(session, member_id, now=now)
    inductions.end(session, induction_id, last_day=last_day, by=by, now=now)
    marked = mark_member(session, member_id, before, now=now)
    if tells_member:
        tell_members(session, marked, by=by, now=now)


def _lock_before_ending(session: Session, member_id: int) -> None:
    """Wait for requests of a member that rely on an induction, and make later ones wait: each is refused or listed.

    Its reservations to come in the order of ids, then the use of its quotas, then the machines that need an induction.
    """
    is_to_come = Reservation.member_id == member_id, Reservation.status.in_(TO_COME)
    session.execute(select(Reservation.id).where(*is_to_come).order_by(Reservation.id).with_for_update())
    quota_use.lock(session, [member_id])
    needing = select(Machine.id).where(Machine.induction_kind_id.is_not(None), Machine.retired_at.is_(None))
    occupancies.lock_machines(session, session.scalars(needing).all())


def resume_induction(session: Session, induction_id: int, *, by: Actor, now: datetime) -> None:
    """Take back that an induction was ended, as inductions.resume()."""
    member_id = inductions.member_of(session, induction_id)
    before = broken_conditions(session, member_id, now=now)
    inductions.resume(session, induction_id, by=by, now=now)
    mark_member(session, member_id, before, now=now)


def hand_back(
    session: Session,
    reservation_id: int,
    measured: Measurement,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> UsageRecord:
    """Take a machine back as usage.hand_back(); where that renews an induction, reservations may be within the rules.

    Those that may be are locked first, because reservations are locked before machines (docs/locking.md).
    """
    is_mine = _reservation.c.member_id == _member_of(reservation_id)
    marked = _lock_marked(session, is_mine, reservation_id)
    slip = usage.hand_back(session, reservation_id, measured, by=by, now=now, revision=revision)
    _drop_marks(session, slip.member_id, marked, now)
    return slip


def record_usage(session: Session, use: UnreservedUse, *, by: Actor, now: datetime) -> Recorded:
    """Store a slip as usage.record_usage(); else as hand_back()."""
    marked = _lock_marked(session, _reservation.c.member_id == use.member_id)
    recorded = usage.record_usage(session, use, by=by, now=now)
    _drop_marks(session, use.member_id, marked, now)
    return recorded


def _member_of(reservation_id: int) -> ColumnElement[int]:
    of_it = _reservation.alias()
    return select(of_it.c.member_id).where(of_it.c.id == reservation_id).scalar_subquery()


def _lock_marked(session: Session, is_mine: ColumnElement[bool], used_id: int = 0) -> Sequence[int]:
    """Lock the reservations of a member that lie outside the rules, with the one that is used, in the order of ids."""
    is_current = _reservation.c.status.in_([*TO_COME, Status.IN_USE])
    is_wanted = or_(_reservation.c.outside_rules_since.is_not(None), _reservation.c.id == used_id)
    rows = session.execute(
        select(_reservation.c.id, _reservation.c.outside_rules_since)
        .where(is_mine, is_current, is_wanted)
        .order_by(_reservation.c.id)
        .with_for_update()
    )
    return [row.id for row in rows if row.outside_rules_since is not None]


def _drop_marks(session: Session, member_id: int, marked: Sequence[int], now: datetime) -> None:
    if not marked:
        return
    broken = broken_conditions(session, member_id, now=now)
    within = [one for one in marked if one in broken and not broken[one]]
    session.execute(update(_reservation).where(_reservation.c.id.in_(within)).values(outside_rules_since=None))


def change_member(
    session: Session,
    member_id: int,
    data: MemberInput,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    class_from: date | None = None,
) -> None:
    """Change a member's record as members.change_member(), and list what lies behind a new last day."""
    before = broken_conditions(session, member_id, now=now)
    members.change_member(session, member_id, data, by=by, now=now, revision=revision, class_from=class_from)
    mark_member(session, member_id, before, now=now)


def store_members(
    session: Session,
    new: Sequence[MemberInput],
    changed: Mapping[int, tuple[MemberInput, MemberInput]],
    *,
    by: Actor,
    now: datetime,
    class_from: date | None = None,
    are_former: bool = False,
) -> None:
    """Store members of a file as member_import.store_members(), and list what lies behind new last days."""
    leaving = [member_id for member_id, (old, member) in changed.items() if old.left_on != member.left_on]
    before = {member_id: broken_conditions(session, member_id, now=now) for member_id in leaving}
    member_import.store_members(session, new, changed, by=by, now=now, class_from=class_from, are_former=are_former)
    for member_id in leaving:
        mark_member(session, member_id, before[member_id], now=now)
