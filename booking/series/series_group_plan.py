"""The dates of a series on a group of machines: each gets the best machine that is free and whose rules accept it.

Of several machines the first in this order: one on which no rule has to be overruled, the one that lacks the fewest
chosen variants, the lowest rank, the one that most dates could have (so that a member finds the same machine where
that is possible), the smallest gap that it leaves, the lowest id. Another time: the one that breaks no rule, on the
machine that lacks the fewest, the nearest one. Reads alone, as much for one date as for many, but for the other times.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from booking import availability
from booking.errors.schedule_errors import GroupRefused, SlotTaken, Violation
from booking.members.second_persons import OfDates
from booking.models import Machine
from booking.places import held_spans, place_choice
from booking.places.place_assignment import Taking
from booking.places.place_choice import HeldByPlace
from booking.places.place_counts import PlaceCount
from booking.quotas.quota_tally import QuotaTally
from booking.records import catalogue, groups
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling, is_allowed
from booking.reservations import group_choice, wishes
from booking.series.series_wishes import PlannedDate, RankedTerms, SeriesWish
from booking.times.series_times import Occurrence
from booking.timespan import TimeSpan

_AROUND = timedelta(days=2)  # further off there is no other time for a date


@dataclass(frozen=True, slots=True)
class _Machine:
    """A machine of the group. broken: the rules that each date breaks on it, quotas apart; fits: how many it can have.

    count: of its places, the dates that it has got included. lacks: how many chosen variants.
    """

    terms: MachineTerms
    rank: int
    broken: Sequence[Sequence[Violation]]
    count: PlaceCount
    fits: int
    lacks: int

    def short(self, wish: SeriesWish, span: TimeSpan) -> SlotTaken | None:
        """Return the refusal where too few of its places are free."""
        occupied = self.terms.policy.occupied_by(span)
        found = self.count.first_shortage(occupied, wish.places)
        if found is None:
            return None
        taking = Taking(0, self.terms.machine_id, self.terms.place_ids, occupied, wish.places)
        return place_choice.slot_taken(taking, max(found.places_free, 0), found.span)


@dataclass(frozen=True, slots=True)
class _Option:
    """One date on one machine."""

    machine: _Machine
    violations: tuple[Violation, ...]
    taken: SlotTaken | None
    gap: timedelta

    @property
    def order(self) -> tuple[bool, int, int, int, timedelta, int]:
        """The best one first."""
        machine = self.machine
        return bool(self.violations), machine.lacks, machine.rank, -machine.fits, self.gap, machine.terms.machine_id


class _Other(NamedTuple):
    """Another time for a date on one machine. broken: the rules that it breaks, quotas apart."""

    lacks: int
    off: timedelta
    rank: int
    span: TimeSpan
    terms: MachineTerms
    broken: tuple[Violation, ...]

    @property
    def order(self) -> tuple[int, timedelta, int, int]:
        """The best one first."""
        return self.lacks, self.off, self.rank, self.terms.machine_id


class _Used(NamedTuple):
    """What the dates that are planned so far use up: the quotas of the member, and the time of its second person."""

    tally: QuotaTally
    second: OfDates

    def violations(self, terms: MachineTerms, span: TimeSpan, places: int) -> list[Violation]:
        """Return what keeps one more date from a machine."""
        passed = self.tally.violations(span, places, counting=terms.policy.quotas)
        return [*passed, *self.second.violations(terms.policy, span)]

    def add(self, terms: MachineTerms, span: TimeSpan, places: int) -> None:
        """Note a date that a machine gets."""
        self.tally.add(span, places, terms.policy.quotas)
        self.second.add(span)


def lent_machines(session: Session, group_id: int) -> list[RankedTerms]:
    """Return the machines of a group that are lent, with their ranks, in their order. Raises GroupRefused for none."""
    ranks = groups.ranks_of(session, group_id)
    terms = {one.machine_id: one for one in catalogue.terms_of_many(session, Machine.id.in_(ranks))}
    found = [RankedTerms(rank, terms[machine_id]) for machine_id, rank in ranks.items() if machine_id in terms]
    if not found:
        raise GroupRefused(group_id, [Violation("group_empty", "group")], [])
    return found


def judge(
    session: Session,
    wish: SeriesWish,
    machines: Sequence[RankedTerms],
    found: Sequence[Occurrence],
    *,
    now: datetime,
    overruling: Overruling | None = None,
    proposes: bool = True,
) -> list[PlannedDate]:
    """Return dates of a series with the machine of each, or with what speaks against each on all machines.

    machines: as lent_machines() returns them, locked by whoever enters the dates. Raises MemberNotFound.
    """
    held = held_spans.by_place(session, [terms.machine_id for _rank, terms in machines], _around(machines, found))
    those = [_machine(session, wish, rank, terms, found, held, now) for rank, terms in machines]
    used = _Used(_tally(session, wish, machines, found, now), OfDates(wish.second))
    dates = []
    for at, one in enumerate(found):
        options = [_option(machine, wish, at, one.span, held, used) for machine in those]
        planned = _planned(one, options, overruling)
        if planned.is_accepted:
            chosen = next(option.machine for option in options if option.machine.terms.machine_id == planned.machine_id)
            chosen.count.add(chosen.terms.policy.occupied_by(one.span), wish.places)
            used.add(chosen.terms, one.span, wish.places)
        dates.append(planned)
    return [*_with_alternatives(session, wish, those, dates, used, overruling, now)] if proposes else dates


def rules_broken_at(
    session: Session,
    wish: SeriesWish,
    terms: MachineTerms,
    others: Iterable[tuple[TimeSpan | None, Collection[str]]],
    now: datetime,
) -> Mapping[TimeSpan, Sequence[Violation]]:
    """Return what other times on a machine break, quotas apart; each with the rules that are overruled for its date."""
    spans = [span for span, overruled in others if span is not None and overruled]
    asked = [wish.wish_for(span, terms.machine_id) for span in spans]
    broken = wishes.rules_broken_by_many(session, asked, terms.policy, asked_at=now)
    return dict(zip(spans, broken, strict=True))


def _around(machines: Sequence[RankedTerms], found: Sequence[Occurrence]) -> TimeSpan:
    occupied = [terms.policy.occupied_by(one.span) for _rank, terms in machines for one in found]
    since, until = min(one.start for one in occupied), max(one.end for one in occupied)
    return TimeSpan(since - group_choice.GAP_MAX, until + group_choice.GAP_MAX)


def _tally(
    session: Session,
    wish: SeriesWish,
    machines: Sequence[RankedTerms],
    found: Sequence[Occurrence],
    now: datetime,
) -> QuotaTally:
    quotas = {quota.id: quota for _rank, terms in machines for quota in terms.policy.quotas}
    within = TimeSpan(found[0].span.start - _AROUND, found[-1].span.end + _AROUND)
    return QuotaTally(session, wish.member_id, quotas.values(), within, asked_at=now)


def _machine(
    session: Session,
    wish: SeriesWish,
    rank: int,
    terms: MachineTerms,
    found: Sequence[Occurrence],
    held: HeldByPlace,
    now: datetime,
) -> _Machine:
    asked = [wish.wish_for(one.span, terms.machine_id) for one in found]
    broken = wishes.rules_broken_by_many(session, asked, terms.policy, asked_at=now)
    spans = [span for place_id in terms.place_ids for span in held.get(place_id, ())]
    lacks = wish.lacking.get(terms.machine_id, 0)
    machine = _Machine(terms, rank, broken, PlaceCount(len(terms.place_ids), spans), 0, lacks)
    fits = sum(not rules and machine.short(wish, one.span) is None for rules, one in zip(broken, found, strict=True))
    return replace(machine, fits=fits)


def _option(machine: _Machine, wish: SeriesWish, at: int, span: TimeSpan, held: HeldByPlace, used: _Used) -> _Option:
    passed = used.violations(machine.terms, span, wish.places)
    gap = group_choice.gap_around(machine.terms, held, machine.terms.policy.occupied_by(span), wish.places)
    return _Option(machine, (*machine.broken[at], *passed), machine.short(wish, span), gap)


def _planned(one: Occurrence, options: Sequence[_Option], overruling: Overruling | None) -> PlannedDate:
    """Return a date on the best machine; else taken, where the rules of a machine would accept it, else all rules."""
    possible = [option for option in options if option.taken is None and is_allowed(option.violations, overruling)]
    if possible:
        best = min(possible, key=lambda option: option.order)
        machine_id = best.machine.terms.machine_id
        return PlannedDate(one, machine_id, best.violations, is_overruled=bool(best.violations))
    allowed = [option for option in options if is_allowed(option.violations, overruling)]
    if allowed:
        first = min(allowed, key=lambda option: bool(option.violations))
        is_overruled = bool(first.violations)
        return PlannedDate(
            one, first.machine.terms.machine_id, first.violations, first.taken, is_overruled=is_overruled
        )
    broken = tuple(dict.fromkeys(violation for option in options for violation in option.violations))
    return PlannedDate(one, options[0].machine.terms.machine_id, broken)


def _with_alternatives(
    session: Session,
    wish: SeriesWish,
    machines: Sequence[_Machine],
    dates: Sequence[PlannedDate],
    used: _Used,
    overruling: Overruling | None,
    now: datetime,
) -> Iterator[PlannedDate]:
    """Yield the dates; those refused with the nearest time on any machine that the quotas accept as well.

    Rules of a machine that the actor overrules for a date do not count for its other time there either.
    """
    refused = [at for at, one in enumerate(dates) if not one.is_accepted]
    choices: dict[int, list[_Other]] = {at: [] for at in refused}
    for machine in machines if refused else ():
        terms = machine.terms
        kept = [one.occurrence.span for one in dates if one.is_accepted and one.machine_id == terms.machine_id]
        asked = [wish.wish_for(dates[at].occurrence.span, terms.machine_id) for at in refused]
        overruled = [_overruled(machine.broken[at], overruling) for at in refused]
        found = availability.nearest_times(session, terms.machine_id, asked, besides=kept, now=now, overruled=overruled)
        broken = rules_broken_at(session, wish, terms, zip(found, overruled, strict=True), now)
        for at, span in zip(refused, found, strict=True):
            if span is not None:
                off = abs(span.start - dates[at].occurrence.span.start)
                choices[at].append(_Other(machine.lacks, off, machine.rank, span, terms, tuple(broken.get(span, ()))))
    for at, one in enumerate(dates):
        yield one if one.is_accepted else _with_alternative(one, choices[at], wish.places, used, overruling)


def _overruled(violations: Sequence[Violation], overruling: Overruling | None) -> frozenset[str]:
    return frozenset(one.rule for one in violations) if is_allowed(violations, overruling) else frozenset()


def _with_alternative(
    one: PlannedDate, choices: Sequence[_Other], places: int, used: _Used, overruling: Overruling | None
) -> PlannedDate:
    """Return a date with the best time that breaks no rule; else with the best whose rules are overruled."""
    judged = [(other, (*other.broken, *used.violations(other.terms, other.span, places))) for other in choices]
    allowed = [(other, breaks) for other, breaks in judged if is_allowed(breaks, overruling)]
    if not allowed:
        return one
    other, breaks = min(allowed, key=lambda choice: (bool(choice[1]), *choice[0].order))
    used.add(other.terms, other.span, places)
    return replace(one, alternative=other.span, alternative_on=other.terms.machine_id, alternative_breaks=breaks)
