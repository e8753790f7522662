"""Verbs on inductions: kinds of induction, and who was inducted.

They flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MemberNotFound, NotFound, RecordRefused, Violation, WrongStatus
from booking.kernel.events import Actor
from booking.members import induction_wishes, prerequisites
from booking.models import Induction, InductionKind, Member
from booking.records import records
from booking.rules.persons import MEMBER_ITSELF, Level, Person

NAME_LENGTH_MAX, VALID_MONTHS_MAX = 120, 600
INDUCTION_LOCKS = 2  # the first key of PostgreSQL's advisory locks on who is inducted; the second is the member's id
_LOCK = select(func.pg_advisory_xact_lock(INDUCTION_LOCKS, bindparam("member_id")))


def enter_kind(
    session: Session,
    name: str,
    *,
    valid_months: int = 12,
    requires: Collection[int] = (),
    by: Actor,
    now: datetime,
) -> int:
    """Add a kind of induction: a class of machines that needs one. requires: kinds that have to be valid as well.

    Raises RecordRefused (missing, already_used, at_least, at_most).
    """
    name = name.strip()
    names = prerequisites.lock_kinds(session) if requires else {}
    records.refuse(check_kind(session, name, valid_months) + prerequisites.check(session, 0, requires, names))
    kind = InductionKind(name=name, valid_months=valid_months)
    session.add(kind)
    session.flush()
    prerequisites.store(session, kind.id, requires)
    records.note(session, "induction_kind", kind.id, "entered", by, now)
    return kind.id


def check_kind(session: Session, name: str, valid_months: int, kind_id: int | None = None) -> list[Violation]:
    """Return what is wrong with a kind: missing, already_used (name), at_least, at_most. kind_id: the one changed."""
    violations = [] if name else [Violation("missing", "name")]
    if valid_months < 1:
        violations.append(Violation("at_least", "valid_months", limit=1, actual=valid_months))
    if valid_months > VALID_MONTHS_MAX:
        violations.append(Violation("at_most", "valid_months", limit=VALID_MONTHS_MAX, actual=valid_months))
    return violations + _check_length("name", name) + records.check_unused(session, InductionKind.name, name, kind_id)


def lock_members(session: Session, member_ids: Iterable[int]) -> None:
    """Make others who give inductions to these members wait until the commit, so that each is given once.

    Call before any reservation is locked. SQLite has one writer anyway. The order is that of the ids (docs/locking.md).
    """
    if session.get_bind().dialect.name == "postgresql":
        for member_id in sorted(set(member_ids)):
            session.execute(_LOCK, {"member_id": member_id})


def give(
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
    """Record that a member, or a person of it, was inducted; for the months of the kind unless valid_until is given.

    level: None for the one with which the kind begins. Sent twice, it is one induction, also at the same moment. The
    member's wish for it is fulfilled.
    Raises MemberNotFound, NotFound (kind), RecordRefused (last_day_before_first, at_most, day_too_early, day_too_late).
    """
    if session.get(Member, member_id) is None:
        raise MemberNotFound(id=member_id)
    lock_members(session, [member_id])
    kind = _kind(session, kind_id)
    wrong = _check_length("given_by", given_by) + _check_length("person", person.name)
    records.refuse(wrong + check_given_on(given_on) + check_until(given_on, valid_until))
    return _enter_once(
        session,
        {
            "member_id": member_id,
            "kind_id": kind_id,
            "given_on": given_on,
            "valid_until": valid_until or months_later(given_on, kind.valid_months),
            "given_by": given_by.strip(),
            "person_name": " ".join(person.name.split()),
            "person_user_id": person.user_id,
            "level": level or usual_level(kind),
        },
        by,
        now,
    )


def _enter_once(session: Session, entered: dict[str, Any], by: Actor, now: datetime) -> int:
    """Store an induction unless an equal one is stored; the member is locked."""
    if known := session.scalar(select(Induction.id).filter_by(**entered, ended_at=None, given_until=None).limit(1)):
        return known
    induction = Induction(**entered)
    session.add(induction)
    session.flush()
    induction_wishes.close(session, induction.member_id, induction.kind_id, now=now)
    records.note(session, "induction", induction.id, "entered", by, now)
    return induction.id


def usual_level(kind: InductionKind) -> Level:
    """Return the level with which a kind of induction begins."""
    return Level.SUPERVISED if kind.supervised_uses else Level.ALONE


def check_given_on(given_on: date) -> list[Violation]:
    """Return day_too_early or day_too_late for the day of an induction."""
    return records.check_day("given_on", given_on)


def check_until(given_on: date, valid_until: date | None) -> list[Violation]:
    """Return what is wrong with the last day of an induction; None means the usual one."""
    if valid_until is not None and valid_until < given_on:
        return [Violation("last_day_before_first", "valid_until", limit=given_on, actual=valid_until)]
    return records.check_day("valid_until", valid_until)


def usual_last_day(session: Session, kind_id: int, given_on: date) -> date:
    """Return until when an induction of a kind is valid unless something else is entered. Raises NotFound."""
    return months_later(given_on, _kind(session, kind_id).valid_months)


def _kind(session: Session, kind_id: int) -> InductionKind:
    kind = session.get(InductionKind, kind_id)
    if kind is None:
        raise NotFound(id=kind_id)
    return kind


def member_of(session: Session, induction_id: int) -> int:
    """Return the id of the inducted member. Raises NotFound."""
    return _locked(session, induction_id).member_id


def end(session: Session, induction_id: int, *, last_day: date | None, by: Actor, now: datetime) -> None:
    """End an induction on a day, or at once (None), for instance after an incident. `resume` takes it back.

    Raises NotFound, WrongStatus (ended already), RecordRefused (last_day_before_first, ends_anyway).
    """
    induction = _locked(session, induction_id)
    if induction.ended_at is not None:
        raise WrongStatus(status="ended", wanted=["valid"])
    if last_day is None:
        induction.ended_at = now
    else:
        _check_last_day(induction, last_day)
        induction.given_until = induction.given_until or induction.valid_until
        induction.valid_until = last_day
    session.flush()
    records.note(session, "induction", induction_id, "ended_at" if last_day is None else "valid_until", by, now)


def note_reminded(session: Session, induction_id: int, last_day: date) -> bool:
    """Note that the member is reminded of the last day of an induction; return whether it was not before.

    False as well where the induction has another last day by now, or was ended.
    """
    is_due = (
        Induction.id == induction_id,
        Induction.valid_until == last_day,
        Induction.ended_at.is_(None),
        Induction.reminded_until.is_distinct_from(last_day),
    )
    noted = update(Induction).where(*is_due).values(reminded_until=last_day).returning(Induction.id)
    return session.scalar(noted) is not None


def resume(session: Session, induction_id: int, *, by: Actor, now: datetime) -> None:
    """Take back that an induction was ended: it is valid again as long as it was given for.

    Raises NotFound, WrongStatus (it was not ended).
    """
    induction = _locked(session, induction_id)
    if induction.ended_at is None and induction.given_until is None:
        raise WrongStatus(status="valid", wanted=["ended"])
    induction.valid_until = induction.given_until or induction.valid_until
    induction.ended_at = induction.given_until = None
    session.flush()
    records.note(session, "induction", induction_id, "resumed", by, now)


def _locked(session: Session, induction_id: int) -> Induction:
    induction = session.get(Induction, induction_id, with_for_update=True, populate_existing=True)
    if induction is None:
        raise NotFound(id=induction_id)
    return induction


def _check_last_day(induction: Induction, last_day: date) -> None:
    if last_day < induction.given_on:
        violation = Violation("last_day_before_first", "last_day", limit=induction.given_on, actual=last_day)
        raise RecordRefused([violation])
    if last_day >= induction.valid_until:
        violation = Violation("ends_anyway", "last_day", limit=induction.valid_until, actual=last_day)
        raise RecordRefused([violation])


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
