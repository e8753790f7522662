"""Inductions of members, and the reservations that hang on one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.errors.schedule_errors import NotFound
from booking.kernel.views import columns_of, in_order
from booking.members import members, prerequisites
from booking.members.members import INDUCTED, Eligibilities
from booking.models import Induction, InductionKind, Machine, Member, Reservation
from booking.queries.member_texts import is_named
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.records import catalogue
from booking.rule_changes.outside import TO_COME
from booking.rules import lending_rules
from booking.rules.lending_rules import Policy
from booking.rules.persons import Inducted

HIT_MAX = 200  # reservations of one member for machines of one kind


@dataclass(frozen=True, slots=True)
class InductionView:
    """A member may run a class of machines, from a day to another, both included, unless it was ended at once."""

    id: int
    member_id: int
    member_name: str
    member_number: str
    person_name: str
    person_user_id: int | None
    kind_id: int
    kind: str
    given_on: date
    valid_until: date
    given_by: str
    ended_at: datetime | None
    given_until: date | None
    level: str

    @property
    def is_shortened(self) -> bool:
        """Whether it was ended before its time, which can be taken back."""
        return self.ended_at is not None or self.given_until is not None


# What their list can be sorted by.
INDUCTION_ORDERS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "member": (Member.name, Member.number),
    "kind": (InductionKind.name, Induction.valid_until),
    "on": (Induction.given_on,),
    "until": (Induction.valid_until,),
}

VIEWS = (
    select(
        *columns_of(
            InductionView, Induction, member_name=Member.name, member_number=Member.number, kind=InductionKind.name
        )
    )
    .join(Member, Member.id == Induction.member_id)
    .join(InductionKind, InductionKind.id == Induction.kind_id)
)


def induction_kinds(session: Session) -> tuple[tuple[int, str], ...]:
    """Return the kinds of induction as (id, name), by name."""
    rows = session.execute(select(InductionKind.id, InductionKind.name).order_by(InductionKind.name))
    return tuple((kind_id, name) for kind_id, name in rows)


def machines_of_kind(session: Session, kind_id: int) -> tuple[str, ...]:
    """Return the names of the machines that need an induction of a kind, by name."""
    is_wanted = Machine.induction_kind_id == kind_id, Machine.retired_at.is_(None)
    return tuple(session.scalars(select(Machine.name).where(*is_wanted).order_by(Machine.name)))


@dataclass(frozen=True, slots=True)
class MachineToRun:
    """A machine that asks for a kind of induction."""

    slug: str
    name: str
    kind_id: int


def machines_with_induction(
    session: Session, *, workshop_ids: Collection[int] | None = None, kind_ids: Collection[int] | None = None
) -> tuple[MachineToRun, ...]:
    """Return the machines that ask for an induction, by name; of some workshops or kinds, None: of all."""
    wanted = [Machine.retired_at.is_(None)]
    if workshop_ids is not None:
        wanted.append(Machine.workshop_id.in_(workshop_ids))
    if kind_ids is not None:
        wanted.append(Machine.induction_kind_id.in_(kind_ids))
    # The join leaves out the machines without a kind.
    rows = session.execute(
        select(Machine.slug, Machine.name, InductionKind.id)
        .join(InductionKind, InductionKind.id == Machine.induction_kind_id)
        .where(*wanted)
        .order_by(Machine.name, Machine.id)
    )
    return tuple(MachineToRun(*row) for row in rows)


def induction(session: Session, induction_id: int) -> InductionView:
    """Return one induction. Raises NotFound."""
    row = session.execute(VIEWS.where(Induction.id == induction_id)).one_or_none()
    if row is None:
        raise NotFound(id=induction_id)
    return InductionView(*row)


def inductions(
    session: Session,
    *,
    text: str = "",
    member_id: int | None = None,
    kind_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    sorted_by: str = "until",
    is_descending: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[InductionView, ...]:
    """Return inductions, those that end first at the top. text: part of the member's name or number.

    sorted_by: a name of INDUCTION_ORDERS.

    workshop_ids: only of members who have reserved in these workshops, or whose whole number is the text; None: of all.
    """
    statement = VIEWS.order_by(*in_order(INDUCTION_ORDERS[sorted_by], Induction.id, is_descending=is_descending))
    statement = statement.limit(limit).offset(offset)
    if text:
        statement = statement.where(is_named(session, [text]))
    if member_id is not None:
        statement = statement.where(Induction.member_id == member_id)
    if kind_id is not None:
        statement = statement.where(Induction.kind_id == kind_id)
    if workshop_ids is not None:
        statement = statement.where(or_(reserve_in(workshop_ids), func.lower(Member.number) == text.lower()))
    return tuple(InductionView(*row) for row in session.execute(statement))


def reserve_in(workshop_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition on Member that it has reserved a machine of some workshops."""
    return exists().where(
        Reservation.member_id == Member.id,
        Machine.id == Reservation.machine_id,
        Machine.workshop_id.in_(workshop_ids),
    )


def reserves_in(session: Session, member_id: int, workshop_ids: Collection[int]) -> bool:
    """Return whether a member has reserved a machine of some workshops, so that their managers know it."""
    return session.scalar(select(Member.id).where(Member.id == member_id, reserve_in(workshop_ids))) is not None


def reserving_in(session: Session, member_ids: Collection[int], workshop_ids: Collection[int]) -> frozenset[int]:
    """Return which of some members have reserved a machine of some workshops."""
    return frozenset(session.scalars(select(Member.id).where(Member.id.in_(member_ids), reserve_in(workshop_ids))))


def hit_by_ending(
    session: Session, induction: InductionView, last_day: date | None, *, now: datetime
) -> tuple[ReservationView, ...]:
    """Return the reservations that would lack an induction if this one ended on a day, or at once (None).

    For machines of its kind and of kinds that require it; in order of time; bounded by HIT_MAX.
    """
    to_come = views().where(
        Reservation.member_id == induction.member_id,
        Reservation.status.in_(TO_COME),
        Reservation.ends_at > now,
        Machine.induction_kind_id.in_(prerequisites.requiring(prerequisites.requirements(session), induction.kind_id)),
    )
    found = all_views(session, to_come.order_by(Reservation.starts_at, Reservation.id).limit(HIT_MAX))
    days = _others(session, induction)
    if last_day is not None:
        days.append(_shortened(session, induction, last_day))
    at_present = members.eligibilities(session, [induction.member_id])
    inducted = {**at_present.inducted.get(induction.member_id, {}), induction.kind_id: days}
    without = replace(at_present, inducted={induction.member_id: inducted})
    machine_ids = {view.machine_id for view in found}
    policies = {one.machine_id: one.policy for one in catalogue.terms_of_many(session, Machine.id.in_(machine_ids))}
    hit = (view for view in found if view.machine_id in policies)
    return tuple(view for view in hit if _lacks_more(view, policies[view.machine_id], at_present, without))


def _lacks_more(view: ReservationView, policy: Policy, at_present: Eligibilities, without: Eligibilities) -> bool:
    spans = [view.span, view.former.span] if view.former else [view.span]
    now, then = (one.of(view.member_id, policy.induction_kind_id) for one in (at_present, without))
    return any(
        set(lending_rules.check_member(span, policy, then)) - set(lending_rules.check_member(span, policy, now))
        for span in spans
    )


def valid_beside(session: Session, induction: InductionView, day: date) -> date | None:
    """Return until when other inductions of the same member and kind that are valid on a day hold, if there are any."""
    valid = (one.last for one in _others(session, induction) if one.first <= day <= one.last)
    return max(valid, default=None)


def _shortened(session: Session, induction: InductionView, last_day: date) -> Inducted:
    stored = session.execute(select(*INDUCTED).where(Induction.id == induction.id)).one()
    return Inducted(*stored)._replace(last=last_day)


def _others(session: Session, induction: InductionView) -> list[Inducted]:
    others = (
        Induction.member_id == induction.member_id,
        Induction.kind_id == induction.kind_id,
        Induction.id != induction.id,
        Induction.ended_at.is_(None),
    )
    return [Inducted(*row) for row in session.execute(select(*INDUCTED).where(*others))]
