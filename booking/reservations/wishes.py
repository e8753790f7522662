"""Wishes: what a member asks for, before the ring has decided on it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import RequestRefused, Violation
from booking.members import members, second_persons
from booking.models import Reservation
from booking.quotas import quota_use
from booking.records.overruling import OF_RESERVING, Overruling, refuse_unless_overruled
from booking.rules import lending_rules
from booking.rules.lending_rules import MachineRules, Policy
from booking.rules.move_rules import Held, check_move
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.timespan import TimeSpan

CANCEL_GRACE = timedelta(minutes=15)  # to take back a mistake in what was just confirmed or moved
UID_DOMAIN = "ringbuch"  # after the @ of the uid by which calendars identify a reservation


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member asks for: a machine, a span of working time, a number of places, and a purpose.

    may_move_min: by how much it may be moved without asking when the machine breaks down. second: who is there as
    well, where a machine needs two persons; None where that is named at hand-out. choices: names of variants that the
    tariff has (with operator). None of the three is part of equality.
    """

    machine_id: int
    member_id: int
    span: TimeSpan
    places: int = 1
    purpose: str = ""
    may_move_min: int = field(default=0, compare=False)
    second: Person | None = field(default=MEMBER_ITSELF, compare=False)
    choices: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, reservation: Reservation) -> Wish:
        """Return the wish that a reservation fulfils, to check it against the rules again."""
        span = TimeSpan(reservation.starts_at, reservation.ends_at)
        return cls(
            reservation.machine_id,
            reservation.member_id,
            span,
            reservation.places,
            reservation.purpose,
            reservation.may_move_min,
            Person(reservation.second_person, reservation.second_user_id),
            reservation.choices,
        )


def new_uid() -> str:
    """Return a uid for a new reservation, unique for ever."""
    return f"{uuid.uuid4()}@{UID_DOMAIN}"


def refuse_violations(
    session: Session,
    wish: Wish,
    policy: Policy,
    *,
    asked_at: datetime,
    held: Held | None = None,
    reservation_id: int | None = None,
    overruling: Overruling | None = None,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """Return the rules that are overruled. Raises RequestRefused with every rule that a wish breaks, or MemberNotFound.

    asked_at: when the span was asked for; the rules of notice and horizon count from then. held: what the reservation
    has already, when the wish is another span for it. reservation_id: of one that is there already. now: where it was
    asked for before; which reservations are open counts as of now.
    """
    violations = violations_of(
        session, wish, policy, asked_at=asked_at, held=held, reservation_id=reservation_id, now=now
    )
    return refuse_unless_overruled(RequestRefused, violations, overruling, overrulable=OF_RESERVING)


def refuse_move(
    session: Session,
    wish: Wish,
    policy: Policy,
    held: Held,
    reservation_id: int,
    *,
    now: datetime,
    overruling: Overruling | None = None,
) -> tuple[str, ...]:
    """Return the rules that are overruled when a reservation gets another span now; as refuse_violations()."""
    return refuse_violations(
        session, wish, policy, asked_at=now, held=held, reservation_id=reservation_id, overruling=overruling
    )


def violations_of(
    session: Session,
    wish: Wish,
    policy: Policy,
    *,
    asked_at: datetime,
    held: Held | None = None,
    reservation_id: int | None = None,
    now: datetime | None = None,
) -> list[Violation]:
    """Return every rule that a wish breaks, quotas included; as refuse_violations(). Raises MemberNotFound."""
    eligibility = members.eligibility_of(session, wish.member_id, policy.induction_kind_id, wish.second)
    if held is None:
        found = lending_rules.check_request(wish.span, wish.places, policy, eligibility, asked_at=asked_at)
    else:
        found = check_move(wish.span, wish.places, held, policy, eligibility, asked_at=asked_at)
    passed = quota_use.check(
        session,
        wish.member_id,
        (wish.span, wish.places),
        policy.quotas,
        asked_at=now or asked_at,
        reservation_id=reservation_id,
        held=() if held is None else [(held.span, held.places)],
    )
    return [*found, *passed, *_check_busy(session, wish, policy, held, reservation_id)]


def _check_busy(
    session: Session, wish: Wish, policy: Policy, held: Held | None, reservation_id: int | None
) -> list[Violation]:
    """Return whether the second person is needed elsewhere in the time that a wish adds."""
    keeps_less = held is not None and held.span.contains(wish.span)
    if wish.second is None or not policy.needs_second_person or keeps_less:
        return []
    return second_persons.check_busy(session, wish.member_id, wish.second, wish.span, reservation_id=reservation_id)


def rules_broken_by_many(
    session: Session, asked: Sequence[Wish], policy: Policy, *, asked_at: datetime
) -> list[list[Violation]]:
    """Return for each wish of one member for one machine the rules that it breaks, without quotas.

    Raises MemberNotFound.
    """
    if not asked:
        return []
    member_id, second = asked[0].member_id, asked[0].second
    eligibility = members.eligibility_of(session, member_id, policy.induction_kind_id, second)
    busy: list[list[Violation]] = [[] for _ in asked]
    if second is not None and policy.needs_second_person:
        busy = second_persons.check_busy_in_many(session, member_id, second, [wish.span for wish in asked])
    return [
        [*lending_rules.check_request(wish.span, wish.places, policy, eligibility, asked_at=asked_at), *one]
        for wish, one in zip(asked, busy, strict=True)
    ]


def keeps_rules_of_use(session: Session, wish: Wish, policy: Policy) -> bool:
    """Return whether a wish breaks none of the rules that are about the days on which the machine runs."""
    eligibility = members.eligibility_of(session, wish.member_id, policy.induction_kind_id, wish.second)
    return not any(lending_rules.check_use(wish.span, wish.places, policy, eligibility))


def decide_until(span: TimeSpan, policy: MachineRules, now: datetime) -> datetime:
    """Return the deadline of a request: the machine's hours for a decision, but at most until the start.

    What has begun, for instance a reservation that is to become longer, is decided before its end.
    """
    return min(now + timedelta(hours=policy.decision_hours), span.start if now < span.start else span.end)


def cancel_until(starts_at: datetime, policy: Policy, promised_at: datetime) -> datetime:
    """Return the last instant of cancelling in time: by the rule of the machine, but at least the grace from now on."""
    return cancel_until_by(starts_at, policy.late_cancel_hours, promised_at)


def cancel_until_by(starts_at: datetime, late_cancel_hours: int, promised_at: datetime) -> datetime:
    """Return the same for the hours of a rule."""
    return max(starts_at - timedelta(hours=late_cancel_hours), promised_at + CANCEL_GRACE)
