"""The preview of a series: each of its dates with the rules it breaks, what is in its way, and another time for it.

Reads alone. Entering a series plans it once more under the lock of its machine, so both say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from booking import availability
from booking.errors.schedule_errors import Violation
from booking.members.second_persons import OfDates
from booking.places import held_spans, place_choice
from booking.places.place_assignment import Taking
from booking.places.place_counts import PlaceCount
from booking.quotas.quota_tally import QuotaTally
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling, is_allowed
from booking.reservations import wishes
from booking.rules.lacking_variants import Lacking, counts_of
from booking.series import series_group_plan
from booking.series.series_wishes import PlannedDate, RankedTerms, SeriesPlan, SeriesWish
from booking.times import series_times
from booking.times.series_times import Occurrence
from booking.timespan import TimeSpan

_AROUND = timedelta(days=2)  # further off there is no other time for a date


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
    machines = lent(session, wish)
    found = series_times.occurrences(wish.times(machines[0].terms.policy.hours.zone), most=wish.dates_max)
    return judge(session, wish, machines, found, now=now, overruling=overruling, proposes=proposes)


def of_date(
    session: Session, wish: SeriesWish, occurrence: Occurrence, lacking: Lacking, *, now: datetime
) -> SeriesPlan:
    """Return the plan of one date, without other times.

    lacking: of a group, it gets a machine that lacks the fewest of its variants. Raises as plan().
    """
    machines = lent(session, wish)
    ids = [each.terms.machine_id for each in machines]
    wish = replace(wish, lacking=counts_of(lacking, ids, occurrence.span.start, wish.choices))
    return judge(session, wish, machines, [occurrence], now=now, proposes=False)


def lent(session: Session, wish: SeriesWish) -> Sequence[RankedTerms]:
    """Return the terms of the machine that is wished, or of those of the group that are lent, in the order of ranks.

    Raises MachineNotFound, GroupRefused for a group without any.
    """
    if wish.group_id is None:
        return [RankedTerms(1, catalogue.bookable_machine(session, wish.machine_id))]
    return series_group_plan.lent_machines(session, wish.group_id)


def judge(
    session: Session,
    wish: SeriesWish,
    machines: Sequence[RankedTerms],
    found: Sequence[Occurrence],
    *,
    now: datetime,
    overruling: Overruling | None = None,
    proposes: bool = True,
) -> SeriesPlan:
    """Return dates of a series with what speaks against each. machines: as lent() returns them.

    Raises MemberNotFound.
    """
    options: dict[str, Any] = {"now": now, "overruling": overruling, "proposes": proposes}
    if wish.group_id is None:
        dates = _on_machine(session, wish, machines[0].terms, found, **options)
    else:
        dates = series_group_plan.judge(session, wish, machines, found, **options)
    return _plan_of(dates, {terms.machine_id: terms for _rank, terms in machines})


def _plan_of(dates: Sequence[PlannedDate], terms_of: Mapping[int, MachineTerms]) -> SeriesPlan:
    """Return the plan, under the terms of the machine that most dates get; of equal ones the first."""
    used = Counter(one.machine_id for one in dates if one.is_accepted)
    used.update(one.alternative_on for one in dates if one.alternative_on is not None)
    return SeriesPlan(max(terms_of.values(), key=lambda terms: used[terms.machine_id]), tuple(dates), terms_of)


def _on_machine(
    session: Session,
    wish: SeriesWish,
    terms: MachineTerms,
    found: Sequence[Occurrence],
    *,
    now: datetime,
    overruling: Overruling | None,
    proposes: bool,
) -> list[PlannedDate]:
    asked = [wish.wish_for(one.span) for one in found]
    broken = wishes.rules_broken_by_many(session, asked, terms.policy, asked_at=now)
    dates = [
        _judged(one, terms.machine_id, violations, overruling) for one, violations in zip(found, broken, strict=True)
    ]
    within = TimeSpan(found[0].span.start - _AROUND, found[-1].span.end + _AROUND)
    tally = QuotaTally(session, wish.member_id, terms.policy.quotas, within, asked_at=now)
    planned = list(_possible_together(session, wish, terms, dates, tally, overruling))
    return _with_alternatives(session, wish, terms, planned, tally, overruling, now) if proposes else planned


def _judged(
    occurrence: Occurrence, machine_id: int, violations: Sequence[Violation], overruling: Overruling | None
) -> PlannedDate:
    is_overruled = bool(violations) and is_allowed(violations, overruling)
    return PlannedDate(occurrence, machine_id, tuple(violations), is_overruled=is_overruled)


def _possible_together(
    session: Session,
    wish: SeriesWish,
    terms: MachineTerms,
    dates: Sequence[PlannedDate],
    tally: QuotaTally,
    overruling: Overruling | None,
) -> Iterator[PlannedDate]:
    """Count what is held and used, and the dates one after the other, because they may be in each other's way."""
    takings = [_taking(wish, terms, one.occurrence.span) for one in dates]
    held = held_spans.by_place(session, [terms.machine_id], place_choice.hull(takings))
    count = PlaceCount(len(terms.place_ids), (span for place_id in terms.place_ids for span in held.get(place_id, ())))
    for one, taking in zip(dates, takings, strict=True):
        if not one.is_accepted:
            yield one
        elif short := count.first_shortage(taking.occupied, wish.places):
            yield replace(one, taken=place_choice.slot_taken(taking, max(short.places_free, 0), short.span))
        else:
            passed = tally.violations(one.occurrence.span, wish.places)
            judged = _judged(one.occurrence, one.machine_id, (*one.violations, *passed), overruling)
            if judged.is_accepted:
                count.add(taking.occupied, wish.places)
                tally.add(one.occurrence.span, wish.places)
            yield judged


def _taking(wish: SeriesWish, terms: MachineTerms, span: TimeSpan) -> Taking:
    return Taking(0, terms.machine_id, terms.place_ids, terms.policy.occupied_by(span), wish.places)


def _with_alternatives(
    session: Session,
    wish: SeriesWish,
    terms: MachineTerms,
    dates: Sequence[PlannedDate],
    tally: QuotaTally,
    overruling: Overruling | None,
    now: datetime,
) -> list[PlannedDate]:
    """Look for other times; rules that the actor overrules for a date do not count for its other time either.

    On a machine with several places one may overlap a date that needs the second person.
    """
    refused = [one for one in dates if not one.is_accepted]
    kept = [one.occurrence.span for one in dates if one.is_accepted]
    asked = [wish.wish_for(one.occurrence.span) for one in refused]
    overruled = [one.overruled for one in refused]
    found = availability.nearest_times(session, wish.machine_id, asked, besides=kept, now=now, overruled=overruled)
    others = dict(zip((one.occurrence.day for one in refused), found, strict=True))
    broken = series_group_plan.rules_broken_at(session, wish, terms, zip(found, overruled, strict=True), now)
    second = OfDates(wish.second, kept)
    planned = []
    for one in dates:
        span = others.get(one.occurrence.day)
        breaks = (*broken.get(span, ()), *tally.violations(span, wish.places)) if span is not None else ()
        if span is None or not is_allowed(breaks, overruling) or second.violations(terms.policy, span):
            planned.append(one)
        else:
            second.add(span)
            tally.add(span, wish.places)
            planned.append(replace(one, alternative=span, alternative_on=one.machine_id, alternative_breaks=breaks))
    return planned
