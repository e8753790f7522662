"""Offering what became free to who waits for it: in the transaction that released it, before its commit.

So nobody can reserve it in between. Wired in app/extensions.py; freed_time.py says what was released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session

from booking import replan
from booking.availability import reading
from booking.availability.reading import Held
from booking.availability.starts import Interval, ceil_timestamp, floor_timestamp
from booking.errors.schedule_errors import SlotTaken
from booking.events.offer_events import OfferMade
from booking.kernel.events import Actor
from booking.members import members
from booking.members.members import Eligibilities
from booking.models import DayPart, GroupMachine, HoldKind, Offer, OfferStatus, Unit, WaitingEntry
from booking.offers import offers
from booking.places import freed_time, occupancies
from booking.places.place_assignment import Taking
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.records.publish import publish
from booking.reservations import wishes
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.rules.lending_rules import Policy
from booking.rules.persons import Person
from booking.timespan import TimeSpan
from booking.waiting.matching import WaitingWish, first_span, minutes_of

OFFERING = Actor(job="offer_time")
SECOND = timedelta(seconds=1)
TIME_TO_ANSWER = timedelta(minutes=15)  # at least
CANDIDATES_MAX = 500  # entries that are looked at for one machine, the first in line first
REFUSALS_MAX = 100  # of these, whom a quota may keep from an offer before nobody else is asked
OFFERS_MAX = 100  # made of one machine at once: a series or a long closure may release as many times


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may be served. passed: the times of this machine that its member was offered and did not take."""

    entry_id: int
    wish: WaitingWish
    passed: Sequence[Interval]


def offer_freed(session: Session) -> None:
    """Offer what the present transaction has released to the first in line whom the rules accept."""
    freed = freed_time.take(session)
    if freed is None or freed.at is None or not freed.spans:
        return
    for machine_id, span in _awaited(session, freed.spans, freed.at):
        terms = catalogue.lending_terms(session, machine_id)
        if not terms.is_retired:
            _offer(session, terms, span, freed.at)


def look_again(session: Session, machine_id: int, *, now: datetime) -> int:
    """Offer what is free of a machine by now to who waits for it, though nothing was released at this moment.

    After a rule or quota was loosened, opening hours widened, an induction given; and to an entry that missed a time,
    because another offer of it was open. Call inside write_transaction(), once for each machine. Returns how many.
    """
    occupancies.lock_machines(session, [machine_id])
    terms = catalogue.lending_terms(session, machine_id)
    waits = _waits_for(machine_id, now)
    until = session.scalar(select(func.max(WaitingEntry.window_until)).where(*waits))
    if until is None or until <= now or terms.is_retired:
        return 0
    return _offer(session, terms, TimeSpan(now, until), now)


def awaited_machines(
    session: Session, *, now: datetime, limit: int = 500, lacking: Lacking = none_lacking
) -> Sequence[int]:
    """Return the machines for which somebody waits who has no open offer, in the order of ids.

    Those that lack a variant that somebody chose who waits for their group come last, so that one that has it is
    offered first.
    """
    in_group = select(GroupMachine.machine_id).join(WaitingEntry, WaitingEntry.group_id == GroupMachine.group_id)
    is_waiting = WaitingEntry.left_at.is_(None), WaitingEntry.offer_id.is_(None), WaitingEntry.window_until > now
    alone = select(WaitingEntry.machine_id).where(WaitingEntry.machine_id.is_not(None), *is_waiting)
    found = union(alone, in_group.where(*is_waiting)).subquery()
    machine_ids = session.scalars(select(found.c[0]).order_by(found.c[0]).limit(limit)).all()
    wished = select(GroupMachine.machine_id, WaitingEntry.window_from, WaitingEntry.choices)
    wished = wished.join(WaitingEntry, WaitingEntry.group_id == GroupMachine.group_id)
    chosen = session.execute(wished.where(*is_waiting, WaitingEntry.choices != ()).limit(CANDIDATES_MAX)).all()
    last = {machine_id for machine_id, since, names in chosen if lacking(machine_id, since, names)}
    return sorted(machine_ids, key=lambda one: one in last)


def _waits_for(machine_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    group = select(GroupMachine.group_id).where(GroupMachine.machine_id == machine_id).scalar_subquery()
    return (
        WaitingEntry.left_at.is_(None),
        WaitingEntry.offer_id.is_(None),
        WaitingEntry.window_until > now,
        or_(WaitingEntry.machine_id == machine_id, WaitingEntry.group_id == group),
    )


def wish_of(entry: WaitingEntry) -> WaitingWish:
    """Return what an entry waits for."""
    return WaitingWish(
        entry.member_id,
        entry.machine_id,
        entry.group_id,
        TimeSpan(entry.window_from, entry.window_until),
        entry.length_min,
        DayPart(entry.part),
        entry.places,
        entry.purpose,
        entry.is_automatic,
        Person(entry.second_person, entry.second_user_id),
        choices=entry.choices,
    )


def _awaited(
    session: Session, spans: Mapping[int, tuple[datetime, datetime]], now: datetime
) -> Sequence[tuple[int, TimeSpan]]:
    """Return the machines for which somebody waits, in the order of ids, each with the hull of what it released."""
    group = select(GroupMachine.group_id).where(GroupMachine.machine_id == Unit.machine_id).correlate(Unit)
    waits = (
        select(WaitingEntry.id)
        .where(
            WaitingEntry.left_at.is_(None),
            WaitingEntry.window_until > now,
            or_(WaitingEntry.machine_id == Unit.machine_id, WaitingEntry.group_id == group.scalar_subquery()),
        )
        .correlate(Unit)
        .exists()
    )
    rows = session.execute(select(Unit.machine_id, Unit.id).where(Unit.id.in_(list(spans)), waits)).all()
    hulls: dict[int, tuple[datetime, datetime]] = {}
    for machine_id, place_id in rows:
        since, until = spans[place_id]
        before = hulls.get(machine_id, (since, until))
        hulls[machine_id] = (min(since, before[0]), max(until, before[1]))
    return [(one, TimeSpan(max(since, now), until)) for one, (since, until) in sorted(hulls.items()) if until > now]


def _offer(session: Session, terms: MachineTerms, freed: TimeSpan, now: datetime) -> int:
    """Make the offers that a machine has time for; return how many."""
    policy = terms.policy
    reach = freed.widened(timedelta(minutes=policy.cleaning_min), timedelta(minutes=policy.setup_min))
    candidates = _candidates(session, terms, reach, now)
    if not candidates:
        return 0
    eligibilities = members.eligibilities(session, {one.wish.member_id for one in candidates})
    length = timedelta(minutes=max(minutes_of(one.wish, policy) for one in candidates), days=1)
    around = policy.occupied_by(reach.widened(length, length))
    during = floor_timestamp(around.start), ceil_timestamp(around.end)
    held, made, refused = _held(session, terms, during, now), 0, 0
    for one in candidates:
        span = _span_for(one, terms, eligibilities, held, reach, now)
        if span is None:
            continue
        asked = _asked(one.wish, terms.machine_id, span)
        if wishes.violations_of(session, asked, policy, asked_at=now):  # quotas above all, which are read one by one
            refused += 1
            if refused < REFUSALS_MAX:
                continue
            return made
        if _make(session, one, terms, span, now):
            held = _held(session, terms, during, now)
            made += 1
        if made == OFFERS_MAX:
            break
    return made


def _asked(wish: WaitingWish, machine_id: int, span: TimeSpan) -> Wish:
    return Wish(machine_id, wish.member_id, span, wish.places, second=wish.named_second, choices=wish.choices)


def _held(session: Session, terms: MachineTerms, during: Interval, now: datetime) -> Held:
    """Return what holds a machine, with what may be taken back by whom a breakdown moved: they come first."""
    held = reading.held_places(session, [terms.machine_id], during)
    for span, places in replan.old_times(session, terms.machine_id, now=now):
        taken = terms.policy.occupied_by(span)
        for place_id in terms.place_ids[:places]:  # places are only counted
            times = [*held.get(place_id, ()), (floor_timestamp(taken.start), ceil_timestamp(taken.end))]
            held[place_id] = sorted(times)
    return held


def _span_for(
    one: Candidate,
    terms: MachineTerms,
    eligibilities: Eligibilities,
    held: Held,
    reach: TimeSpan,
    now: datetime,
) -> TimeSpan | None:
    """Return what a machine could offer to an entry of the time that was released; None for nothing.

    Nothing that overlaps a time that its member was offered before and did not take.
    """
    wish = one.wish if one.wish.is_exact else _near(one.wish, terms.policy, reach)
    if wish is None:
        return None
    if one.passed:
        held = {place_id: sorted([*held.get(place_id, ()), *one.passed]) for place_id in terms.place_ids}
    eligibility = eligibilities.of(wish.member_id, terms.policy.induction_kind_id)
    return first_span(wish, terms, eligibility, held, asked_at=now + TIME_TO_ANSWER)


def _near(wish: WaitingWish, policy: Policy, reach: TimeSpan) -> WaitingWish | None:
    """Return a wish for what reaches into a span: what only touches it was free before, too."""
    # A day by the clock may last longer than 24 hours.
    length = timedelta(minutes=minutes_of(wish, policy), hours=2 if policy.is_lent_by_day else 0) - SECOND
    start, end = max(wish.window.start, reach.start - length), min(wish.window.end, reach.end + length)
    return replace(wish, window=TimeSpan(start, end)) if start < end else None


def _candidates(session: Session, terms: MachineTerms, reach: TimeSpan, now: datetime) -> list[Candidate]:
    """Return the entries that wait for a machine in a span and have no offer, the first in line first."""
    group = select(GroupMachine.group_id).where(GroupMachine.machine_id == terms.machine_id).scalar_subquery()
    found = session.scalars(
        select(WaitingEntry)
        .where(
            WaitingEntry.left_at.is_(None),
            WaitingEntry.offer_id.is_(None),
            WaitingEntry.window_until > max(now, reach.start),
            WaitingEntry.window_from < reach.end,
            WaitingEntry.places <= len(terms.place_ids),
            or_(WaitingEntry.machine_id == terms.machine_id, WaitingEntry.group_id == group),
        )
        .order_by(WaitingEntry.id)
        .limit(CANDIDATES_MAX)
        .execution_options(populate_existing=True)
    ).all()
    passed: dict[int, list[Interval]] = {}
    if found:
        before = select(Offer.entry_id, Offer.starts_at, Offer.ends_at).where(
            Offer.machine_id == terms.machine_id,
            Offer.entry_id.in_([entry.id for entry in found]),
            Offer.state.in_((OfferStatus.DECLINED.value, OfferStatus.LAPSED.value)),
        )
        for entry_id, starts_at, ends_at in session.execute(before):
            passed.setdefault(entry_id, []).append((floor_timestamp(starts_at), ceil_timestamp(ends_at)))
    return [Candidate(one.id, wish_of(one), passed.get(one.id, ())) for one in found]


def _make(session: Session, one: Candidate, terms: MachineTerms, span: TimeSpan, now: datetime) -> bool:
    """Hold a span for an entry; return whether it could be held.

    It cannot where somebody answers for the entry, or serves it from another machine, at this moment: nobody waits
    for that here, because locks are held that others wait for.
    """
    entry = offers.lock_entry(session, one.entry_id, skip_locked=True)
    if entry is None or entry.offer_id is not None or entry.left_at is not None:
        return False
    policy, occupied = terms.policy, terms.policy.occupied_by(span)
    try:
        with session.begin_nested():
            (offer_id,) = occupancies.add_holds(session, HoldKind.OFFER)
            taking = Taking(offer_id, terms.machine_id, terms.place_ids, occupied, one.wish.places)
            occupancies.take(session, [taking], now=now)
    except SlotTaken:  # by counting there is room, but something that has begun is in the way
        return False
    offer = Offer(
        id=offer_id,
        entry_id=entry.id,
        machine_id=terms.machine_id,
        member_id=entry.member_id,
        starts_at=span.start,
        ends_at=span.end,
        occupied_from=occupied.start,
        occupied_until=occupied.end,
        places=one.wish.places,
        state=OfferStatus.OPEN.value,
        offered_at=now,
        lapses_at=min(now + timedelta(hours=policy.offer_hours), span.start - timedelta(hours=policy.notice_hours)),
        revision=0,
    )
    session.add(offer)
    entry.offer_id = offer_id
    entry.revision += 1
    session.flush()
    publish(session, OfferMade.of(offer, is_automatic=one.wish.is_automatic), by=OFFERING, now=now)
    return True
