"""Which kinds of inductions require which others, and what the rules need to know of a member for one of them.

A kind requires what is entered for it, and whatever that requires. There is no circle: the database refuses it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.read_cache import cached_read
from booking.models import InductionKind, Prerequisite
from booking.rules import persons
from booking.rules.eligibility import MemberEligibility, SecondPerson
from booking.rules.persons import Inducted, Person

EVERY_DAY = ((date.min, date.max),)
REQUIRED_MAX = 20  # kinds that one kind requires directly

_kind, _prerequisite = table_of(InductionKind), table_of(Prerequisite)
_REQUIRED = PreparedStatement(
    select(_prerequisite.c.kind_id, _kind.c.id, _kind.c.name)
    .join(_kind, _kind.c.id == _prerequisite.c.required_kind_id)
    .order_by(_prerequisite.c.kind_id, _kind.c.name, _kind.c.id)
)


class RequiredKind(NamedTuple):
    """A kind of induction that another one requires."""

    id: int
    name: str


Requirements = Mapping[int, tuple[RequiredKind, ...]]  # by kind: all that it requires, the nearest first


def requirements(session: Session) -> Requirements:
    """Return for each kind that requires others all of them, read once for a version of the database."""
    return cached_read(session, "requirements", lambda: closure(direct_requirements(session)))


def direct_requirements(session: Session) -> dict[int, tuple[RequiredKind, ...]]:
    """Return for each kind that requires others those that were entered for it, by name."""
    found: dict[int, list[RequiredKind]] = defaultdict(list)
    for kind_id, required_id, name in _REQUIRED.of(session):
        found[kind_id].append(RequiredKind(required_id, name))
    return {kind_id: tuple(required) for kind_id, required in found.items()}


def closure(direct: Mapping[int, Sequence[RequiredKind]]) -> Requirements:
    """Return for each kind all that it requires, directly or through others, the nearest first."""
    return {kind_id: _reached_from(kind_id, direct) for kind_id in direct}


def _reached_from(kind_id: int, direct: Mapping[int, Sequence[RequiredKind]]) -> tuple[RequiredKind, ...]:
    reached: dict[RequiredKind, None] = dict.fromkeys(direct.get(kind_id, ()))
    waiting = list(reached)
    while waiting:
        new = [one for one in direct.get(waiting.pop(0).id, ()) if one not in reached and one.id != kind_id]
        reached |= dict.fromkeys(new)
        waiting += new
    return tuple(reached)


def renamed(all_required: Requirements, kind_id: int, name: str) -> Requirements:
    """Return what kinds require with a new name of one of them, so that nothing but the name differs."""
    return {
        one: tuple(each._replace(name=name) if each.id == kind_id else each for each in required)
        for one, required in all_required.items()
    }


def requiring(all_required: Requirements, kind_id: int) -> frozenset[int]:
    """Return a kind and all kinds that require it, directly or through others."""
    return frozenset(one for one, required in all_required.items() if any(each.id == kind_id for each in required)) | {
        kind_id
    }


def eligibility(
    kind_id: int | None,
    inducted: Mapping[int, Sequence[Inducted]],
    all_required: Requirements,
    left_on: date | None,
    second: Person | None = None,
) -> MemberEligibility:
    """Return what the rules need to know of a member for a machine that needs an induction of a kind, or none.

    inducted: the member's inductions by kind, of all persons or of one. second: see second_person(); None: not asked.
    """
    judged = None if second is None else second_person(second, kind_id, inducted, all_required)
    if kind_id is None:
        return MemberEligibility(left_on=left_on, second=judged)
    own, required = inducted.get(kind_id, ()), all_required.get(kind_id, ())
    by_kind = [own, *(inducted.get(one.id, ()) for one in required)]
    has_persons = required and any(one.person_name for rows in by_kind for one in rows)
    return MemberEligibility(
        persons.days_of(own),
        left_on,
        tuple((one.name, persons.days_of(inducted.get(one.id, ()))) for one in required),
        persons.days_together(by_kind) if has_persons else None,
        judged,
    )


def second_person(
    person: Person, kind_id: int | None, inducted: Mapping[int, Sequence[Inducted]], all_required: Requirements
) -> SecondPerson:
    """Return on which days a person has what a machine needs, and on which days somebody else of the member has it."""
    if kind_id is None:
        return SecondPerson(person.name, EVERY_DAY, EVERY_DAY)
    by_kind = [inducted.get(one, ()) for one in (kind_id, *(each.id for each in all_required.get(kind_id, ())))]
    return SecondPerson(person.name, persons.days_of_person(by_kind, person), persons.days_of_others(by_kind, person))


def lock_kinds(session: Session) -> dict[int, str]:
    """Lock all kinds of inductions in the order of their ids, and return their names.

    Who changes what one requires waits for others who do: two changes could close a circle together. Rows that
    refer to a kind can be entered meanwhile.
    """
    rows = session.execute(select(_kind.c.id, _kind.c.name).order_by(_kind.c.id).with_for_update(key_share=True))
    return {row.id: row.name for row in rows}


def check(session: Session, kind_id: int, required_ids: Collection[int], names: Mapping[int, str]) -> list[Violation]:
    """Return what is wrong with what a kind is to require. Call with all kinds locked; names: of all kinds.

    missing: there is no such kind. at_most (kinds). prerequisite_circle (limit: the chain of names that leads back).
    """
    if unknown := sorted(set(required_ids) - set(names)):
        return [Violation("missing", "requires", actual=unknown[0])]
    if len(set(required_ids)) > REQUIRED_MAX:
        return [Violation("at_most", "requires", limit=REQUIRED_MAX, actual=len(set(required_ids)))]
    direct = direct_requirements(session)
    direct[kind_id] = tuple(RequiredKind(one, names[one]) for one in required_ids)
    chain = circle_through(kind_id, {one: [each.id for each in required] for one, required in direct.items()})
    if not chain:
        return []
    return [Violation("prerequisite_circle", "requires", limit=" → ".join(names[one] for one in chain))]


def circle_through(kind_id: int, direct: Mapping[int, Iterable[int]]) -> list[int]:
    """Return the shortest chain of kinds, each requiring the next, that leads from a kind back to it; [] for none."""
    came_from: dict[int, int] = {}
    waiting = [kind_id]
    while waiting:
        one = waiting.pop(0)
        for required in direct.get(one, ()):
            if required == kind_id:
                return [*_way_to(one, kind_id, came_from), kind_id]
            if required not in came_from:
                came_from[required] = one
                waiting.append(required)
    return []


def _way_to(last: int, first: int, came_from: Mapping[int, int]) -> list[int]:
    way = [last]
    while way[-1] != first:
        way.append(came_from[way[-1]])
    return way[::-1]


def store(session: Session, kind_id: int, required_ids: Collection[int]) -> bool:
    """Store what a kind requires; return whether that is a change. Call after check()."""
    stored = {one.id for one in direct_requirements(session).get(kind_id, ())}
    wanted = set(required_ids)
    if gone := stored - wanted:
        session.execute(
            delete(_prerequisite).where(_prerequisite.c.kind_id == kind_id, _prerequisite.c.required_kind_id.in_(gone))
        )
    if new := sorted(wanted - stored):
        session.execute(insert(_prerequisite), [{"kind_id": kind_id, "required_kind_id": one} for one in new])
    return stored != wanted
