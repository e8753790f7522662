"""Serving who waits for a machine, one after the other: what it could offer to each, and the hold of the offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
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
from booking.models import DayPart, GroupMachine, HoldKind, Offer, OfferStatus, WaitingEntry
from booking.offers import offers
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.records.catalogue import MachineTerms
from booking.records.publish import publish
from booking.reservations import wishes
from booking.reservations.wishes import Wish
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


@dataclass(slots=True)
class Serving:
    """A machine that has time for who waits. candidates: by id of their entries, the first in line first.

    reach: the time that counts, with set-up and cleaning. during: in which `held` says what holds the machine by now.
    made, refused: how many offers there were, and how many that a rule refused.
    """

    terms: MachineTerms
    reach: TimeSpan
    now: datetime
    candidates: Mapping[int, Candidate]
    eligibilities: Eligibilities
    during: Interval
    held: Held
    made: int = 0
    refused: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nobody else is asked."""
        return self.made >= OFFERS_MAX or self.refused >= REFUSALS_MAX

    def span_for(self, entry_id: int) -> TimeSpan | None:
        """Return what the machine has for an entry by now; None for nothing."""
        return _span_for(self.candidates[entry_id], self.terms, self.eligibilities, self.held, self.reach, self.now)

    def serve(self, session: Session, entry_id: int) -> bool:
        """Offer an entry what the machine has for it; return whether there was something."""
        one, span = self.candidates[entry_id], self.span_for(entry_id)
        if span is None:
            return False
        asked = _asked(one.wish, self.terms.machine_id, span)
        # quotas above all, which are read one by one
        if wishes.violations_of(session, asked, self.terms.policy, asked_at=self.now):
            self.refused += 1
            return False
        if not _make(session, one, self.terms, span, self.now):
            return False
        self.held = _held(session, self.terms, self.during, self.now)
        self.made += 1
        return True


def begin(session: Session, terms: MachineTerms, freed: TimeSpan, now: datetime) -> Serving | None:
    """Return what a machine has for those who wait for it in a span; None where nobody waits."""
    policy = terms.policy
    reach = freed.widened(timedelta(minutes=policy.cleaning_min), timedelta(minutes=policy.setup_min))
    candidates = _candidates(session, terms, reach, now)
    if not candidates:
        return None
    eligibilities = members.eligibilities(session, {one.wish.member_id for one in candidates})
    length = timedelta(minutes=max(minutes_of(one.wish, policy) for one in candidates), days=1)
    around = policy.occupied_by(reach.widened(length, length))
    during = floor_timestamp(around.start), ceil_timestamp(around.end)
    by_entry = {one.entry_id: one for one in candidates}
    return Serving(terms, reach, now, by_entry, eligibilities, during, _held(session, terms, during, now))


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
