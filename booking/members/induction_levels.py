"""Levels of inductions: under supervision, alone, trainer; what a use does to the induction of who ran the machine.

A kind of induction may ask for so many uses under supervision, after which the level becomes alone by itself or is
proposed to the manager; and its inductions may be renewed by each use. Verbs flush and never commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound, WrongStatus
from booking.kernel.events import Actor
from booking.members import inductions, prerequisites
from booking.models import Induction, InductionKind, Machine, UsageRecord
from booking.records import records
from booking.rules.persons import Inducted, Level, Person, merged


class SupervisedUse(NamedTuple):
    """A use under supervision that is over, by whom and when. kind_id: what its machine asks for."""

    member_id: int
    kind_id: int
    day: date
    operator_name: str
    operator_user_id: int | None

    def is_of(self, induction: Induction, since: date) -> bool:
        """Return whether it counts for an induction. since: begun_on()."""
        is_same = (self.member_id, self.kind_id) == (induction.member_id, induction.kind_id)
        operator = Person(self.operator_name, self.operator_user_id)
        return is_same and self.day >= since and _inducted(induction).holds_for(operator)


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
    """Renew the inductions by which a machine was run, and raise their level, as their kinds say.

    Those of the machine's kind, and of the kinds that it requires. Call when the use is over.
    """
    kinds = {one.id: one for one in _kinds_of(session, slip.machine_id) if _changes_by_use(one)}
    if not kinds:
        return
    session.flush()
    operator = Person(slip.operator_name, slip.operator_user_id)
    for induction in _valid_on(session, slip.member_id, kinds, slip.service_date):
        if not _inducted(induction).holds_for(operator):
            continue
        kind = kinds[induction.kind_id]
        changed = [*_renew(induction, kind, slip.service_date), *_promote(session, induction, kind)]
        session.flush()
        for what in changed:
            records.note(session, "induction", induction.id, what, by, now)


def _kinds_of(session: Session, machine_id: int) -> Sequence[InductionKind]:
    """Return the kind of induction that a machine asks for, and those that it requires."""
    kind_id = session.scalar(select(Machine.induction_kind_id).where(Machine.id == machine_id))
    if kind_id is None:
        return ()
    required = prerequisites.requirements(session).get(kind_id, ())
    return session.scalars(
        select(InductionKind).where(InductionKind.id.in_([kind_id, *(one.id for one in required)]))
    ).all()


def _changes_by_use(kind: InductionKind) -> bool:
    return kind.renews_by_use or (kind.promotes and kind.supervised_uses > 0)


def supervised_counts(session: Session, induction_ids: Collection[int]) -> dict[int, int]:
    """Return how many uses under supervision count for inductions, by their ids; in three statements."""
    found = session.scalars(select(Induction).where(Induction.id.in_(induction_ids))).all()
    if not found:
        return {}
    return _counts(session, found)


def _counts(session: Session, found: Sequence[Induction]) -> dict[int, int]:
    member_ids = {one.member_id for one in found}
    uses, begun = _supervised_uses(session, member_ids), _begun_on(session, member_ids, found)
    return {one.id: sum(use.is_of(one, begun[one.id]) for use in uses) for one in found}


def _begun_on(session: Session, member_ids: Collection[int], found: Sequence[Induction]) -> dict[int, date]:
    """Return from when uses count for inductions, by their ids.

    That is the first day of the induction, or of the one that it extended without a gap.
    """
    all_of_them = session.scalars(
        select(Induction).where(Induction.member_id.in_(member_ids), Induction.ended_at.is_(None))
    ).all()
    begun: dict[int, date] = {}
    for one in found:
        person = _inducted(one).person
        same = [each for each in all_of_them if (each.member_id, each.kind_id) == (one.member_id, one.kind_id)]
        days = merged(each.days for each in map(_inducted, same) if each.holds_for(person))
        begun[one.id] = next((first for first, last in days if first <= one.given_on <= last), one.given_on)
    return begun


def _renew(induction: Induction, kind: InductionKind, day: date) -> Iterable[str]:
    """Extend an induction from the day of a use; one that was shortened stays so."""
    until = inductions.months_later(day, kind.valid_months)
    if kind.renews_by_use and induction.given_until is None and until > induction.valid_until:
        induction.valid_until = until
        yield "valid_until"


def _promote(session: Session, induction: Induction, kind: InductionKind) -> Iterable[str]:
    if not (kind.promotes and kind.supervised_uses and induction.level == Level.SUPERVISED):
        return
    if _counts(session, [induction])[induction.id] >= kind.supervised_uses:
        induction.level = Level.ALONE
        yield "level"


def _valid_on(session: Session, member_id: int, kind_ids: Collection[int], day: date) -> Iterable[Induction]:
    return session.scalars(
        select(Induction)
        .where(
            Induction.member_id == member_id,
            Induction.kind_id.in_(kind_ids),
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
