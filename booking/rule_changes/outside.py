"""Reservations to come that lie outside the rules of use as they are now: which they are, and what they break."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.members import members
from booking.members.prerequisites import Requirements
from booking.models import Reservation, Status
from booking.records import catalogue
from booking.reservations.judged_reservations import JudgedReservation, judged
from booking.rules import lending_rules
from booking.rules.lending_rules import LENGTH_MINUTES_MAX, Policy

TO_COME = (Status.REQUESTED, Status.CONFIRMED)
LONGEST = timedelta(minutes=LENGTH_MINUTES_MAX, days=1)  # bounds how far back what is not over can have begun

# Outside the rules, and neither moved within them nor accepted since. For statements on Reservation.
IS_OUTSIDE: tuple[ColumnElement[bool], ...] = (
    Reservation.outside_rules_since.is_not(None),
    Reservation.status.in_(TO_COME),
    or_(Reservation.accepted_at.is_(None), Reservation.accepted_at < Reservation.outside_rules_since),
)


class OutsideMark(NamedTuple):
    """A reservation outside the rules, since when it breaks them or further ones, and its revision."""

    id: int
    since: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Outside:
    """A reservation to come that breaks rules of use as they are now; while a move waits, for any of its two times."""

    reservation_id: int
    violations: tuple[Violation, ...]


def to_come(session: Session, condition: ColumnElement[bool], now: datetime) -> Sequence[JudgedReservation]:
    """Return the reservations that are neither in use nor over, in order of time."""
    is_to_come = (Reservation.status.in_(TO_COME), Reservation.ends_at > now, Reservation.starts_at > now - LONGEST)
    return judged(session, condition, *is_to_come)


def violations_of_many(
    session: Session,
    found: Collection[JudgedReservation],
    policies: Mapping[int, Policy],
    *,
    required: Requirements | None = None,
) -> Iterator[Outside]:
    """Yield those of the reservations that break a rule of use of their machine. Reads the inductions of all at once.

    required: what inductions require, if not as it is stored.
    """
    eligibilities = members.eligibilities(session, {one.member_id for one in found})
    if required is not None:
        eligibilities = replace(eligibilities, requirements=required)
    for one in found:
        policy = policies[one.machine_id]
        eligibility = eligibilities.of(one.member_id, policy.induction_kind_id, second=one.second)
        broken = (lending_rules.check_use(span, places, policy, eligibility) for span, places in one.times)
        if violations := tuple(dict.fromkeys(chain.from_iterable(broken))):
            yield Outside(one.id, violations)


def policies_of(session: Session, condition: ColumnElement[bool]) -> dict[int, Policy]:
    """Return the rules of machines by their ids."""
    return {terms.machine_id: terms.policy for terms in catalogue.terms_of_many(session, condition)}
