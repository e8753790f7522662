"""The preview of a series: each of its dates with the rules it breaks, what is in its way, and another time for it.

Reads alone. Entering a series plans it once more under the lock of its machine, so both say the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from booking import availability, catalogue, held_spans, place_choice, series_times, wishes
from booking.catalogue import MachineTerms
from booking.errors import SlotTaken, Violation
from booking.overruling import OF_RESERVING, Overruling, may_overrule
from booking.persons import MEMBER_ITSELF, Person
from booking.place_assignment import Taking
from booking.place_counts import PlaceCount
from booking.recurrence import RecurrenceRule
from booking.series_quotas import QuotaTally
from booking.series_times import Occurrence, SeriesTimes
from booking.timespan import TimeSpan
from booking.wishes import Wish

_AROUND = timedelta(days=2)  # further off there is no other time for a date


@dataclass(frozen=True, slots=True)
class SeriesWish:
    """What a member asks for: a machine again and again. wall, length, passage: see SeriesTimes.

    may_move_min, second: as in Wish, for each date.
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

    def times(self, zone: ZoneInfo) -> SeriesTimes:
        """Return when the series takes place by the clock of the machine's workshop."""
        return SeriesTimes(self.rule, zone, self.wall, self.length, self.passage)

    def wish_for(self, span: TimeSpan) -> Wish:
        """Return the wish for one date."""
        return Wish(self.machine_id, self.member_id, span, self.places, self.purpose, self.may_move_min, self.second)


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """One date of a series before it is entered. alternative: the nearest time that would be accepted instead."""

    occurrence: Occurrence
    violations: tuple[Violation, ...] = ()
    taken: SlotTaken | None = None
    alternative: TimeSpan | None = None
    is_overruled: bool = False  # rules are broken, and the actor overrules them

    @property
    def is_accepted(self) -> bool:
        """Whether it can be reserved as it is."""
        return self.taken is None and (self.is_overruled or not self.violations)


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """All dates of a series in order, under the terms of its machine."""

    terms: MachineTerms
    dates: tuple[PlannedDate, ...]

    @property
    def accepted(self) -> tuple[PlannedDate, ...]:
        """The dates that can be reserved as they are."""
        return tuple(one for one in self.dates if one.is_accepted)

    @property
    def refused(self) -> tuple[PlannedDate, ...]:
        """The dates that cannot."""
        return tuple(one for one in self.dates if not one.is_accepted)

    @property
    def fingerprint(self) -> str:
        """Of what becomes of each date: another plan than was shown must not be entered unseen."""
        found = ((one.occurrence.span, one.is_accepted, one.alternative) for one in self.dates)
        return hashlib.sha256(repr([*found]).encode()).hexdigest()[:16]


def plan(
    session: Session,
    wish: SeriesWish,
    *,
    now: datetime,
    overruling: Overruling | None = None,
    proposes: bool = True,
) -> SeriesPlan:
    """Return all dates of a series with what speaks against each. proposes: look for other times too.

    Reads as much for one date as for many, but for the other times. Raises MachineNotFound, MemberNotFound,
    SeriesRefused.
    """
    terms = catalogue.bookable_machine(session, wish.machine_id)
    found = series_times.occurrences(wish.times(terms.policy.hours.zone))
    return SeriesPlan(
        terms, tuple(judge(session, wish, terms, found, now=now, overruling=overruling, proposes=proposes))
    )


def judge(
    session: Session,
    wish: SeriesWish,
    terms: MachineTerms,
    found: Sequence[Occurrence],
    *,
    now: datetime,
    overruling: Overruling | None = None,
    proposes: bool = True,
) -> list[PlannedDate]:
    """Return dates of a series with what speaks against each."""
    asked = [wish.wish_for(one.span) for one in found]
    broken = wishes.rules_broken_by_many(session, asked, terms.policy, asked_at=now)
    dates = [_judged(one, violations, overruling) for one, violations in zip(found, broken, strict=True)]
    dates = list(_with_taken(session, wish, terms, dates))
    if proposes:
        dates = _with_alternatives(session, wish, dates, now)
    return _within_quotas(session, wish, terms, dates, overruling, now)


def _judged(occurrence: Occurrence, violations: Sequence[Violation], overruling: Overruling | None) -> PlannedDate:
    is_overruled = overruling is not None and bool(violations) and may_overrule(violations, OF_RESERVING)
    return PlannedDate(occurrence, tuple(violations), is_overruled=is_overruled)


def _with_taken(
    session: Session, wish: SeriesWish, terms: MachineTerms, dates: Sequence[PlannedDate]
) -> Iterator[PlannedDate]:
    """Count what is held, and the dates themselves one after the other, because they may be in each other's way."""
    if not dates:
        return
    takings = [_taking(wish, terms, one.occurrence.span) for one in dates]
    held = held_spans.by_place(session, [terms.machine_id], place_choice.hull(takings))
    count = PlaceCount(len(terms.place_ids), (span for place_id in terms.place_ids for span in held.get(place_id, ())))
    for one, taking in zip(dates, takings, strict=True):
        if not one.is_accepted:
            yield one
        elif short := count.first_shortage(taking.occupied, wish.places):
            yield replace(one, taken=place_choice.slot_taken(taking, max(short.places_free, 0), short.span))
        else:
            count.add(taking.occupied, wish.places)
            yield one


def _taking(wish: SeriesWish, terms: MachineTerms, span: TimeSpan) -> Taking:
    return Taking(0, terms.machine_id, terms.place_ids, terms.policy.occupied_by(span), wish.places)


def _with_alternatives(
    session: Session, wish: SeriesWish, dates: Sequence[PlannedDate], now: datetime
) -> list[PlannedDate]:
    refused = [wish.wish_for(one.occurrence.span) for one in dates if not one.is_accepted]
    kept = [one.occurrence.span for one in dates if one.is_accepted]
    found = iter(availability.nearest_times(session, wish.machine_id, refused, besides=kept, now=now))
    return [one if one.is_accepted else replace(one, alternative=next(found)) for one in dates]


def _within_quotas(
    session: Session,
    wish: SeriesWish,
    terms: MachineTerms,
    dates: Sequence[PlannedDate],
    overruling: Overruling | None,
    now: datetime,
) -> list[PlannedDate]:
    """Judge the dates, then the other times for those refused, by the quotas of the member, one after the other."""
    if not terms.policy.quotas or not dates:
        return list(dates)
    within = TimeSpan(dates[0].occurrence.span.start - _AROUND, dates[-1].occurrence.span.end + _AROUND)
    tally = QuotaTally(session, wish.member_id, terms.policy.quotas, within, asked_at=now)
    # First what can be reserved as it is: what is left out must not use up what other dates need.
    counted = [_counted(one, wish.places, tally, overruling) if one.is_accepted else one for one in dates]
    return [one if one.is_accepted else _with_counted_alternative(one, wish.places, tally) for one in counted]


def _counted(one: PlannedDate, places: int, tally: QuotaTally, overruling: Overruling | None) -> PlannedDate:
    span = one.occurrence.span
    if passed := tally.violations(span, places):
        judged = _judged(one.occurrence, (*one.violations, *passed), overruling)
        if not judged.is_accepted:
            return judged
        one = judged
    tally.add(span, places)
    return one


def _with_counted_alternative(one: PlannedDate, places: int, tally: QuotaTally) -> PlannedDate:
    if one.alternative is None:
        return one
    if tally.violations(one.alternative, places):
        return replace(one, alternative=None)
    tally.add(one.alternative, places)
    return one


def terms_of(session: Session, machine_id: int) -> MachineTerms:
    """Return the terms of a machine of which a series is wished, its clock among them. Raises MachineNotFound."""
    return catalogue.bookable_machine(session, machine_id)
