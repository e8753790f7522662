"""How many uses under supervision are done, and how many come first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.members import induction_levels
from booking.models import Induction, InductionKind
from booking.queries.inductions import VIEWS, InductionView
from booking.rules.persons import Level


class Progress(NamedTuple):
    """Uses under supervision: done so far, and needed before the level changes; needed is 0 where nobody counts."""

    done: int
    needed: int


def progress(session: Session, found: Sequence[InductionView]) -> dict[int, Progress]:
    """Return how far inductions are that hold under supervision, by their ids; in four statements or none."""
    supervised = [one for one in found if one.level == Level.SUPERVISED and one.ended_at is None]
    if not supervised:
        return {}
    needed_of = {one.kind_id for one in supervised}
    needed = dict(
        session.execute(
            select(InductionKind.id, InductionKind.supervised_uses).where(InductionKind.id.in_(needed_of))
        ).all()
    )
    done = induction_levels.supervised_counts(session, [one.id for one in supervised])
    return {one.id: Progress(min(done[one.id], needed[one.kind_id]), needed[one.kind_id]) for one in supervised}


def first_uses(session: Session, member_id: int, kind_id: int, day: date) -> tuple[tuple[str, Progress], ...]:
    """Return the persons of a member who run a kind of machine under supervision on a day, with how far they are.

    The name is "" for the member itself. Nobody where one of them may run it alone on that day.
    """
    valid = (
        Induction.member_id == member_id,
        Induction.kind_id == kind_id,
        Induction.ended_at.is_(None),
        Induction.given_on <= day,
        Induction.valid_until >= day,
    )
    found = [InductionView(*row) for row in session.execute(VIEWS.where(*valid).order_by(Induction.id))]
    if any(one.level != Level.SUPERVISED for one in found):
        return ()
    done = progress(session, found)
    return tuple({one.person_name: (one.person_name, done[one.id]) for one in found}.values())
