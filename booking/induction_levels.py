"""Levels of inductions: under supervision, alone, trainer; what a use does to the induction of who ran the machine.

A kind of induction may ask for so many uses under supervision, after which the level becomes alone by itself or is
proposed to the manager; and its inductions may be renewed by each use. Verbs flush and never commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking import inductions, records
from booking.errors import NotFound, WrongStatus
from booking.kernel.events import Actor
from booking.models import Induction, InductionKind, Machine, UsageRecord
from booking.persons import Inducted, Level, Person


class SupervisedUse(NamedTuple):
    """A use under supervision that is over, by whom and when."""

    member_id: int
    kind_id: int
    day: date
    operator_name: str
    operator_user_id: int | None

    def is_of(self, induction: Induction) -> bool:
        """Return whether it counts for an induction."""
        is_same = (self.member_id, self.kind_id) == (induction.member_id, induction.kind_id)
        operator = Person(self.operator_name, self.operator_user_id)
        return is_same and self.day >= induction.given_on and _inducted(induction).holds_for(operator)


def set_level(session: Session, induction_id: int, level: Level, *, by: Actor, now: datetime) -> None:
    """Change the level of an induction. Raises NotFound, WrongStatus (it was ended)."""
    induction = session.get(Induction, induction_id, with_for_update=True, populate_existing=True)
    if induction is None:
        raise NotFound(id=induction_id)
    if induction.ended_at is not None:
        raise WrongStatus(status="ended", wanted=["valid"])
    if induction.level != level:
        induction.level = level
        session.flush()
        records.note(session, "induction", induction_id, "level", by, now)


def after_use(session: Session, slip: UsageRecord, *, by: Actor, now: datetime) -> None:
    """Renew the inductions by which a machine was run, and raise their level, as their kind says. Call at hand-back."""
    kind = session.scalar(
        select(InductionKind)
        .join(Machine, Machine.induction_kind_id == InductionKind.id)
        .where(Machine.id == slip.machine_id)
    )
    if kind is None or not (kind.renews_by_use or (kind.promotes and kind.supervised_uses)):
        return
    session.flush()
    operator = Person(slip.operator_name, slip.operator_user_id)
    for induction in _valid_on(session, slip.member_id, kind.id, slip.service_date):
        if not _inducted(induction).holds_for(operator):
            continue
        changed = [*_renew(induction, kind, slip.service_date), *_promote(session, induction, kind)]
        session.flush()
        for what in changed:
            records.note(session, "induction", induction.id, what, by, now)


def supervised_counts(session: Session, induction_ids: Collection[int]) -> dict[int, int]:
    """Return how many uses under supervision count for inductions, by their ids; in two statements."""
    found = session.scalars(select(Induction).where(Induction.id.in_(induction_ids))).all()
    if not found:
        return {}
    uses = _supervised_uses(session, {one.member_id for one in found})
    return {one.id: sum(use.is_of(one) for use in uses) for one in found}


def _renew(induction: Induction, kind: InductionKind, day: date) -> Iterable[str]:
    """Extend an induction from the day of a use; one that was shortened stays so."""
    until = inductions.months_later(day, kind.valid_months)
    if kind.renews_by_use and induction.given_until is None and until > induction.valid_until:
        induction.valid_until = until
        yield "valid_until"


def _promote(session: Session, induction: Induction, kind: InductionKind) -> Iterable[str]:
    if not (kind.promotes and kind.supervised_uses and induction.level == Level.SUPERVISED):
        return
    uses = _supervised_uses(session, {induction.member_id})
    if sum(use.is_of(induction) for use in uses) >= kind.supervised_uses:
        induction.level = Level.ALONE
        yield "level"


def _valid_on(session: Session, member_id: int, kind_id: int, day: date) -> Iterable[Induction]:
    return session.scalars(
        select(Induction)
        .where(
            Induction.member_id == member_id,
            Induction.kind_id == kind_id,
            Induction.ended_at.is_(None),
            Induction.given_on <= day,
            Induction.valid_until >= day,
        )
        .order_by(Induction.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _supervised_uses(session: Session, member_ids: Collection[int]) -> list[SupervisedUse]:
    rows = session.execute(
        select(
            UsageRecord.member_id,
            InductionKind.id,
            UsageRecord.service_date,
            UsageRecord.operator_name,
            UsageRecord.operator_user_id,
        )
        .join(Machine, Machine.id == UsageRecord.machine_id)
        .join(InductionKind, InductionKind.id == Machine.induction_kind_id)
        .where(
            UsageRecord.member_id.in_(member_ids),
            UsageRecord.supervisor_name != "",
            UsageRecord.handed_back_at.is_not(None),
        )
    )
    return [SupervisedUse(*row) for row in rows]


def _inducted(induction: Induction) -> Inducted:
    return Inducted(
        induction.given_on, induction.valid_until, induction.person_name, induction.person_user_id, induction.level
    )
