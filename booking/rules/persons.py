"""Who of a member runs a machine: a login or a typed name; and on which days which person was inducted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

PERSON_LENGTH_MAX = 120

Days = tuple[tuple[date, date], ...]  # first and last day of each span, both included


@dataclass(frozen=True, slots=True)
class Person:
    """A person who acts for a member. user_id: of the login, if it has one. Without a name: the member itself."""

    name: str = ""
    user_id: int | None = None

    @property
    def key(self) -> str:
        """The name as it is compared: without regard to capitals and spaces."""
        return folded(self.name)


MEMBER_ITSELF = Person()


class Level(StrEnum):
    """How a person runs a machine: only while a trainer is there, alone, or as a trainer of others."""

    SUPERVISED = "supervised"
    ALONE = "alone"
    TRAINER = "trainer"


class Inducted(NamedTuple):
    """An induction of a member: its days, both included, and the person.

    An induction of the member itself holds for whoever runs the machine for it: the ring did not say who that is.
    """

    first: date
    last: date
    person_name: str = ""
    person_user_id: int | None = None
    level: str = Level.ALONE

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day."""
        return self.first, self.last

    @property
    def person(self) -> Person:
        """Who was inducted."""
        return Person(self.person_name, self.person_user_id)

    def holds_for(self, person: Person) -> bool:
        """Return whether a person may run machines by it."""
        is_login = person.user_id is not None and person.user_id == self.person_user_id
        return not self.person_name or is_login or self.person.key == person.key


def folded(name: str) -> str:
    """Return a name as it is compared."""
    return " ".join(name.split()).casefold()


def days_of(inducted: Iterable[Inducted]) -> Days:
    """Return the days of inductions."""
    return tuple(one.days for one in inducted)


def named(inducted: Iterable[Inducted]) -> tuple[Person, ...]:
    """Return the persons of inductions by name, each once; the member itself is none of them."""
    found: dict[str, Person] = {}
    for one in inducted:
        if one.person_name and (one.person.key not in found or one.person_user_id is not None):
            found[one.person.key] = one.person
    return tuple(found[key] for key in sorted(found))


def days_together(by_kind: Collection[Sequence[Inducted]]) -> Days:
    """Return the days on which one and the same person has an induction of each kind, merged and in order."""
    persons = named(one for inducted in by_kind for one in inducted) or (MEMBER_ITSELF,)
    found: list[tuple[date, date]] = []
    for person in persons:
        days = [days_of(one for one in inducted if one.holds_for(person)) for inducted in by_kind]
        found += _intersected(days)
    return merged(found)


def merged(days: Iterable[tuple[date, date]]) -> Days:
    """Return spans of days in order, those that overlap or follow each other as one."""
    found: list[tuple[date, date]] = []
    for first, last in sorted(days):
        if found and (found[-1][1] >= first or found[-1][1] + timedelta(days=1) == first):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def is_same(one: Person, other: Person) -> bool:
    """Return whether two are one person: the same login, or the same name. Nobody is the member itself."""
    if not one.name or not other.name:
        return False
    is_login = one.user_id is not None and one.user_id == other.user_id
    return is_login or one.key == other.key


def days_of_person(by_kind: Collection[Sequence[Inducted]], person: Person) -> Days:
    """Return the days on which a person has an induction of each kind."""
    return merged(_intersected(days_of(one for one in rows if one.holds_for(person)) for rows in by_kind))


def days_of_others(by_kind: Collection[Sequence[Inducted]], person: Person) -> Days:
    """Return the days on which somebody else has an induction of each kind."""
    return days_together(
        [[one for one in rows if not one.person_name or not one.holds_for(person)] for rows in by_kind]
    )


def _intersected(all_days: Iterable[Days]) -> Days:
    common: Days = ((date.min, date.max),)
    for days in all_days:
        common = tuple(
            (max(first, other), min(last, end))
            for first, last in common
            for other, end in days
            if max(first, other) <= min(last, end)
        )
    return common


def of_person(inducted: Mapping[int, Sequence[Inducted]], person: Person) -> dict[int, Sequence[Inducted]]:
    """Return the inductions by kind that hold for a person."""
    return {kind_id: [one for one in rows if one.holds_for(person)] for kind_id, rows in inducted.items()}
