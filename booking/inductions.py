"""Verbs on inductions: kinds of induction, and who was inducted.

They flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking import records
from booking.errors import MemberNotFound, NotFound, RecordRefused, Violation
from booking.kernel.events import Actor
from booking.models import Induction, InductionKind, Member

NAME_LENGTH_MAX, VALID_MONTHS_MAX = 120, 600


def enter_kind(session: Session, name: str, *, valid_months: int = 12, by: Actor, now: datetime) -> int:
    """Add a kind of induction: a class of machines that needs one.

    Raises RecordRefused (missing, already_used, at_least, at_most).
    """
    name = name.strip()
    violations = [] if name else [Violation("missing", "name")]
    if valid_months < 1:
        violations.append(Violation("at_least", "valid_months", limit=1, actual=valid_months))
    if valid_months > VALID_MONTHS_MAX:
        violations.append(Violation("at_most", "valid_months", limit=VALID_MONTHS_MAX, actual=valid_months))
    violations += _check_length("name", name)
    records.refuse(violations + records.check_unused(session, InductionKind.name, name))
    kind = InductionKind(name=name, valid_months=valid_months)
    session.add(kind)
    session.flush()
    records.note(session, "induction_kind", kind.id, "entered", by, now)
    return kind.id


def give(
    session: Session,
    member_id: int,
    kind_id: int,
    *,
    given_on: date,
    valid_until: date | None = None,
    given_by: str = "",
    by: Actor,
    now: datetime,
) -> int:
    """Record that a member was inducted; valid for the months of the kind unless valid_until is given.

    Raises MemberNotFound, NotFound (kind), RecordRefused (last_day_before_first, at_most).
    """
    if session.get(Member, member_id) is None:
        raise MemberNotFound(id=member_id)
    kind = session.get(InductionKind, kind_id)
    if kind is None:
        raise NotFound(id=kind_id)
    records.refuse(_check_length("given_by", given_by))
    until = valid_until or months_later(given_on, kind.valid_months)
    if until < given_on:
        raise RecordRefused([Violation("last_day_before_first", "valid_until", limit=given_on, actual=until)])
    induction = Induction(
        member_id=member_id, kind_id=kind_id, given_on=given_on, valid_until=until, given_by=given_by.strip()
    )
    session.add(induction)
    session.flush()
    records.note(session, "induction", induction.id, "entered", by, now)
    return induction.id


def end(session: Session, induction_id: int, *, last_day: date, by: Actor, now: datetime) -> None:
    """End an induction on a day, for instance after an incident.

    Raises NotFound, RecordRefused (last_day_before_first).
    """
    induction = session.get(Induction, induction_id, with_for_update=True)
    if induction is None:
        raise NotFound(id=induction_id)
    if last_day < induction.given_on:
        raise RecordRefused(
            [Violation("last_day_before_first", "valid_until", limit=induction.given_on, actual=last_day)]
        )
    induction.valid_until = last_day
    session.flush()
    records.note(session, "induction", induction_id, "valid_until", by, now)


def _check_length(field: str, text: str) -> list[Violation]:
    """Return at_most (characters) for a name that is too long."""
    if len(text) <= NAME_LENGTH_MAX:
        return []
    return [Violation("at_most", field, limit=NAME_LENGTH_MAX, actual=len(text))]


def months_later(day: date, months: int) -> date:
    """Return the same day some months later; the last day of a month that is too short."""
    years, months_since_january = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, months_since_january + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
