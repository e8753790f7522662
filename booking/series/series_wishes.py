"""A series before it is entered: what a member wishes, and the plan of its dates. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.errors.schedule_errors import SlotTaken, Violation
from booking.records.catalogue import MachineTerms
from booking.reservations.wishes import Wish
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.times.recurrence import OCCURRENCES_MAX, RecurrenceRule
from booking.times.series_times import Occurrence, SeriesTimes
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class SeriesWish:
    """What a member asks for: a machine again and again. wall, length, passage: see SeriesTimes.

    may_move_min, second, choices: as in Wish, for each date. group_id: a group of which any machine will do for each
    date; machine_id is one of its machines then. lacking: as in GroupWish. dates_max: how many the ring allows.
    """

    machine_id: int
    member_id: int
    rule: RecurrenceRule
    wall: datetime
    length: timedelta
    passage: int | None = None
    places: int = 1
    purpose: str = ""
    may_move_min: int = 0
    second: Person = MEMBER_ITSELF
    group_id: int | None = None
    choices: tuple[str, ...] = ()
    dates_max: int = OCCURRENCES_MAX
    lacking: Mapping[int, int] = field(default_factory=dict, hash=False)

    def times(self, zone: ZoneInfo) -> SeriesTimes:
        """Return when the series takes place by the clock of the machine's workshop."""
        return SeriesTimes(self.rule, zone, self.wall, self.length, self.passage)

    def wish_for(self, span: TimeSpan, machine_id: int | None = None) -> Wish:
        """Return the wish for one date; machine_id: the one of the group that has it."""
        on = self.machine_id if machine_id is None else machine_id
        asked = self.places, self.purpose, self.may_move_min, self.second
        return Wish(on, self.member_id, span, *asked, choices=self.choices)


class RankedTerms(NamedTuple):
    """A machine that a series may have. rank: within its group."""

    rank: int
    terms: MachineTerms


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """One date of a series before it is entered. alternative: the nearest time that would be accepted instead.

    machine_id: of a group, the machine that it gets. alternative_on: the machine of the alternative.
    alternative_breaks: the rules that the alternative breaks, which the actor overrules.
    """

    occurrence: Occurrence
    machine_id: int
    violations: tuple[Violation, ...] = ()
    taken: SlotTaken | None = None
    alternative: TimeSpan | None = None
    alternative_on: int | None = None
    alternative_breaks: tuple[Violation, ...] = ()
    is_overruled: bool = False  # rules are broken, and the actor overrules them

    @property
    def is_accepted(self) -> bool:
        """Whether it can be reserved as it is."""
        return self.taken is None and (self.is_overruled or not self.violations)

    @property
    def objections(self) -> tuple[Violation, ...]:
        """The rules that keep it from being reserved: those that it breaks, unless the actor overrules them."""
        return () if self.is_overruled else self.violations

    @property
    def overruled(self) -> frozenset[str]:
        """The rules that the actor overrules for it, by their codes."""
        return frozenset(one.rule for one in self.violations) if self.is_overruled else frozenset()

    @property
    def overruled_rules(self) -> tuple[str, ...]:
        """The same for what is reserved: the date as it is, or its other time; in the order in which they are found."""
        broken = self.violations if self.is_accepted else self.alternative_breaks
        return tuple(dict.fromkeys(one.rule for one in broken))


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """All dates of a series in order. terms_of: of the machines that they may have.

    terms: of the machine that most of them get, which is the machine of the series.
    """

    terms: MachineTerms
    dates: tuple[PlannedDate, ...]
    terms_of: Mapping[int, MachineTerms]

    @property
    def accepted(self) -> tuple[PlannedDate, ...]:
        """The dates that can be reserved as they are."""
        return tuple(one for one in self.dates if one.is_accepted)

    @property
    def refused(self) -> tuple[PlannedDate, ...]:
        """The dates that cannot."""
        return tuple(one for one in self.dates if not one.is_accepted)

    @property
    def alternatives(self) -> tuple[PlannedDate, ...]:
        """The dates that cannot be reserved as they are, and can at another time."""
        return tuple(one for one in self.refused if one.alternative is not None)

    @property
    def fingerprint(self) -> str:
        """Of what becomes of each date: another plan than was shown must not be entered unseen.

        Of rules that are overruled, too: the reason was given for those that were shown.
        """
        found = (
            (
                *(one.occurrence.span, one.is_accepted, one.machine_id),
                *(one.alternative, one.alternative_on, one.overruled_rules),
            )
            for one in self.dates
        )
        return hashlib.sha256(repr([*found]).encode()).hexdigest()[:16]
