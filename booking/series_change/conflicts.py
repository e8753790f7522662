"""What stands against the dates of a changed series: who holds their time, and quotas; and other times for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from booking import availability
from booking.errors.schedule_errors import SlotTaken
from booking.members.second_persons import OfDates
from booking.places import held_spans, place_choice
from booking.places.place_assignment import Taking
from booking.places.place_counts import PlaceCount
from booking.quotas.quota_tally import QuotaTally
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling
from booking.rules.persons import Person
from booking.series_change.models import ChangedDate
from booking.timespan import TimeSpan

_AROUND = timedelta(days=40)  # the weeks and months in which the quotas of all dates count


def with_taken(session: Session, dates: Sequence[ChangedDate], terms: MachineTerms) -> list[ChangedDate]:
    """Say which dates find their new time taken: also by dates of the series that cannot be changed and stay."""
    dates = [replace(one, taken=None) for one in dates]
    takings = [_taking(one, terms) for one in dates]
    hull = place_choice.hull(takings)
    held = list(held_spans.by_hold(session, [terms.machine_id], hull))
    taken: dict[date, SlotTaken] = {}
    while True:
        more = _find_taken(dates, taken, held, terms)
        if not more:
            return [replace(one, taken=taken.get(one.day)) for one in dates]
        taken |= more


def _find_taken(
    dates: Sequence[ChangedDate],
    taken: Mapping[date, SlotTaken],
    held: Sequence[tuple[datetime, datetime, int]],
    terms: MachineTerms,
) -> dict[date, SlotTaken]:
    going = [one for one in dates if one.is_accepted and one.day not in taken and not one.is_unchanged]
    leaving = {one.reservation_id for one in going if not one.keeps_former}
    spans = [(since, until, hold_id) for since, until, hold_id in held if hold_id not in leaving]
    short: dict[date, SlotTaken] = {}
    for one in going:
        taking = _taking(one, terms)
        near = [
            (since, until)
            for since, until, hold_id in spans
            if hold_id != one.reservation_id and since < taking.occupied.end and taking.occupied.start < until
        ]
        shortage = PlaceCount(len(terms.place_ids), near).first_shortage(taking.occupied, one.after.places)
        if shortage and not one.keeps_less:
            short[one.day] = place_choice.slot_taken(taking, max(shortage.places_free, 0), shortage.span)
        else:
            new = (taking.occupied.start, taking.occupied.end, one.reservation_id)
            spans += [new] * one.after.places
    return short


def _taking(one: ChangedDate, terms: MachineTerms) -> Taking:
    occupied = one.occupied or terms.policy.occupied_by(one.after.span)
    return Taking(one.reservation_id, terms.machine_id, terms.place_ids, occupied, one.after.places)


def within_quotas(
    session: Session,
    dates: Sequence[ChangedDate],
    terms_of: Mapping[int, MachineTerms],
    now: datetime,
    overruling: Overruling | None,
) -> tuple[list[ChangedDate], QuotaTally | None]:
    """Judge what more the dates count of the quotas of the member, one after the other; the others count as they are.

    What the dates give back is free for all of them, whichever is judged first; one that is refused keeps it from those
    that were judged before, so judge again until nothing more is refused. dates: on whatever machines, in the order in
    which they are judged; terms_of: of all machines before and after. Return them with what counts then; None where
    there are no quotas.
    """
    quotas = {quota.id: quota for terms in terms_of.values() for quota in terms.policy.quotas}
    if not quotas:
        return list(dates), None
    spans = [each.span for one in dates for each in (one.before, one.after)]
    within = TimeSpan(min(one.start for one in spans) - _AROUND, max(one.end for one in spans) + _AROUND)
    tally = QuotaTally(session, dates[0].after.member_id, quotas.values(), within, asked_at=now)
    going = [one for one in dates if one.is_accepted and not one.is_unchanged]
    judged = {one.day: one for one in _counted(going, tally, terms_of, overruling)}
    return [judged.get(one.day, one) for one in dates], tally


def judge_alternatives(
    dates: Sequence[ChangedDate],
    tally: QuotaTally | None,
    terms_of: Mapping[int, MachineTerms],
    overruling: Overruling | None,
) -> tuple[list[ChangedDate], set[date]]:
    """Return the dates with the quotas that their other times pass, and the days of those where one is not overruled.

    tally: what counts so far, these as they are; it is the same afterwards.
    """
    if tally is None:
        return list(dates), set()
    others = [
        replace(one, after=replace(one.after, span=one.alternative), violations=(), taken=None)
        for one in dates
        if one.alternative is not None
    ]
    judged = {one.day: one for one in _counted(others, tally.copy(), terms_of, overruling)}
    beyond = {one.day for one in judged.values() if not one.is_accepted}
    return [
        replace(one, alternative_breaks=judged[one.day].violations) if one.day in judged else one for one in dates
    ], beyond


def _counted(
    going: Sequence[ChangedDate],
    tally: QuotaTally,
    terms_of: Mapping[int, MachineTerms],
    overruling: Overruling | None,
) -> Iterator[ChangedDate]:
    """Yield dates with the quotas that they pass, one after the other, when none counts any more what it gives back."""
    amounts = []
    for one in going:
        left, wished = (terms_of[wish.machine_id].policy.quotas for wish in (one.before, one.after))
        amounts.append((tally.amounts(one.counted_before, left), tally.amounts(one.counted_after, wished)))
    for before, after in amounts:
        tally.replace(before, before & after)
    for one, (before, after) in zip(going, amounts, strict=True):
        is_here = one.before.machine_id == one.after.machine_id
        held = one.counted_before if is_here else None
        tally.replace(before & after, Counter())
        counting = terms_of[one.after.machine_id].policy.quotas
        passed = tally.violations(one.after.span, one.after.places, held=held, counting=counting)
        judged = one.judged((*one.violations, *passed), overruling)
        tally.replace(Counter(), after if judged.is_accepted else before)
        yield judged


def with_alternatives(
    session: Session,
    dates: Sequence[ChangedDate],
    terms: MachineTerms,
    now: datetime,
    needed: Mapping[Person | None, OfDates],
    excluding: Collection[int],
    without: Collection[date],
) -> Iterator[ChangedDate]:
    """Look for another time for what is taken; nobody is proposed to pass a rule at another time, quotas apart.

    needed: by second person, the dates of all machines in which it is needed. excluding: all dates that are changed.
    without: the days of those that get no other time.
    """
    short = [one for one in dates if one.taken is not None and one.day not in without]
    kept = [one.after.span for one in dates if one.is_accepted and not one.is_unchanged]
    wishes = [one.after for one in short]
    if terms.is_retired or not wishes:
        yield from dates
        return
    found = iter(
        availability.nearest_times(session, terms.machine_id, wishes, besides=kept, now=now, excluding=excluding)
    )
    for one in dates:
        is_short = one.taken is not None and one.day not in without
        span, of_person = next(found) if is_short else None, needed[one.after.second]
        if span is None or of_person.violations(terms.policy, span):
            yield one
        else:
            of_person.add(span)
            yield replace(one, alternative=span)
