"""Whatever is asked in whatever order: nothing overlaps, what is foretold comes true, what is given back is free.

The clock only goes forward, at hand-out and hand-back. Reservations are drawn in half hours from its next full one.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from booking import audits, availability, queries
from booking.closures import blockings
from booking.errors.schedule_errors import DomainError, RequestRefused, SlotTaken, WrongStatus
from booking.kernel.transaction import write_transaction
from booking.models import HOLDING, Occupancy, Status, Unit
from booking.places import held_spans, occupancies
from booking.places.place_calendar import PlaceCalendar
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, machine
from tests.conftest import MONDAY

HALF_HOUR, MINUTE = timedelta(minutes=30), timedelta(minutes=1)
names = itertools.count()

half_hours = st.tuples(st.integers(0, 24), st.integers(1, 8))  # from now until the start, and how long
places = st.sampled_from([1, 1, 1, 2, 3])


class Rollback(Exception):
    """Raised at the end of a trial, so that nothing of it is stored."""


class Schedule(RuleBasedStateMachine):
    """Anna and Bernd reserve and use a wood splitter (one place), a shelf of three printers and a rack of two places.

    Splitter and rack need approval, splitter and shelf set-up and cleaning.
    """

    session = sample_ring = None
    held = Bundle("held")
    out = Bundle("out")
    closed = Bundle("closed")
    which = st.sampled_from(["splitter", "shelf", "rack"])
    who = st.sampled_from(["anna", "bernd"])

    def __init__(self):
        super().__init__()
        self.now = MONDAY
        self.fetched = {}  # reservation id -> when it was handed out
        self.used = {}  # reservation id -> the occupancies that are to stay as they are from hand-out or hand-back on
        hall, kind, number = self.sample_ring.hall, f"kind-{next(names)}", next(names)
        self.machines = {
            "splitter": machine(
                self.session, hall, f"splitter-{number}", kind=kind, cleaning_min=30, setup_min=15, needs_approval=True
            ),
            "rack": machine(self.session, hall, f"rack-{number}", places=2, needs_approval=True),
            "shelf": machine(
                self.session,
                hall,
                f"shelf-{number}",
                kind=kind,
                places=3,
                notice_hours=1,
                setup_min=10,
                cleaning_min=20,
            ),
        }
        self.members = {"anna": self.sample_ring.anna, "bernd": self.sample_ring.bernd}

    @initialize(targets=(held, out), which=which, half_hours=st.tuples(st.integers(2, 6), st.integers(2, 8)))
    def anna_has_a_machine_out(self, which, half_hours):
        reservation_id = self.request(which, "anna", half_hours, places=1)
        return self.hand_out(reservation_id, after_start=0)

    def span_of(self, half_hours):
        """The span that begins so many half hours after the next full one."""
        next_half_hour = MONDAY - (MONDAY - self.now) // HALF_HOUR * HALF_HOUR
        start, length = half_hours
        return TimeSpan(next_half_hour + start * HALF_HOUR, next_half_hour + (start + length) * HALF_HOUR)

    @rule(target=held, which=which, who=who, half_hours=half_hours, places=places)
    def request(self, which, who, half_hours, places):
        wish = Wish(self.machines[which], self.members[who], self.span_of(half_hours), places)
        foretold = availability.check_wish(self.session, wish, now=self.now)
        entered, refusal = self.tried(reservations.request_reservation, wish)
        assert (refusal is None) == foretold.is_accepted
        assert isinstance(refusal, RequestRefused) == bool(foretold.violations)
        if refusal is not None:
            self.each_alternative_would_be_accepted(wish)
            return multiple()
        return entered.id

    def tried(self, verb, *arguments):
        """Return the result of a use case and its refusal."""
        try:
            with write_transaction(self.session):
                return verb(self.session, *arguments, by=SOMEBODY, now=self.now), None
        except DomainError as refusal:
            return None, refusal

    def each_alternative_would_be_accepted(self, wish):
        for other in availability.alternatives(self.session, wish, now=self.now):
            self.would_be_accepted(Wish(other.machine_id, wish.member_id, other.span, wish.places))

    def would_be_accepted(self, wish):
        try:
            with write_transaction(self.session):
                reservations.request_reservation(self.session, wish, by=SOMEBODY, now=self.now)
                raise Rollback
        except Rollback:
            pass

    @rule(reservation_id=held, half_hours=half_hours, may_decide=st.booleans())
    def move(self, reservation_id, half_hours, may_decide):
        span = self.span_of(half_hours)
        before = queries.reservation(self.session, reservation_id)
        wish = Wish(before.machine_id, before.member_id, span, before.places)
        foretold = availability.check_wish(
            self.session, wish, now=self.now, excluding=reservation_id, may_decide=may_decide
        )
        _, refusal = self.tried(partial(reservations.move, may_decide=may_decide), reservation_id, span)
        after = queries.reservation(self.session, reservation_id)
        if isinstance(refusal, WrongStatus):
            assert not self.may_be_changed(before, Status.IN_USE)
        elif refusal is not None:
            assert not foretold.is_accepted
            assert after == before
        else:
            assert foretold.is_accepted
            is_sent_twice = span == before.span and not (may_decide and before.status is Status.REQUESTED)
            changes = 0 if is_sent_twice else 1
            assert (after.span, after.uid, after.revision) == (span, before.uid, before.revision + changes)
            assert not is_sent_twice or after == before
            assert before.status in (after.status, Status.REQUESTED) or after.former.span == before.span
            assert after.decide_until is None or self.now <= before.span.start or self.now < after.decide_until
        if reservation_id in self.used and before.status is Status.IN_USE:
            places, kept = self.used[reservation_id], self.held_by(reservation_id)
            assert [place_id for place_id, *_ in kept] == [place_id for place_id, *_ in places]
            self.used[reservation_id] = kept

    def may_be_changed(self, reservation, *others):
        is_to_come = reservation.status in (Status.REQUESTED, Status.CONFIRMED, *others)
        return is_to_come and self.now < reservation.span.end

    @rule(reservation_id=consumes(held))
    def cancel(self, reservation_id):
        before = queries.reservation(self.session, reservation_id)
        _, refusal = self.tried(reservations.cancel, reservation_id)
        assert (refusal is None) == self.may_be_changed(before)
        if refusal is not None:
            assert isinstance(refusal, WrongStatus)
            return
        wish = Wish(before.machine_id, before.member_id, before.span, before.places)
        foretold = availability.check_wish(self.session, wish, now=self.now)
        assert foretold.is_free
        assert self.held_by(reservation_id) == []
        if not foretold.violations:  # it is not too late to ask for it again
            self.would_be_accepted(wish)

    @rule(reservation_id=held, verb=st.sampled_from([decisions.approve, decisions.reject, decisions.expire]))
    def decide(self, reservation_id, verb):
        before = queries.reservation(self.session, reservation_id)
        arguments = ["Too wet"] if verb is decisions.reject else []
        now = self.now if verb is not decisions.expire else self.now + timedelta(days=3)
        try:
            with write_transaction(self.session):
                verb(self.session, reservation_id, *arguments, by=SOMEBODY, now=now)
        except WrongStatus:
            assert before.status != Status.REQUESTED or before.decide_until <= now
        after = queries.reservation(self.session, reservation_id)
        assert (after.revision != before.revision) == (after.status != before.status)

    @rule(reservation_id=held)
    def withdraw_a_move(self, reservation_id):
        before = queries.reservation(self.session, reservation_id)
        _, refusal = self.tried(reservations.withdraw_move, reservation_id)
        assert isinstance(refusal, WrongStatus) == (before.former is None)
        after = queries.reservation(self.session, reservation_id)
        assert before.former is None or (after.status, after.span) == (Status.CONFIRMED, before.former.span)

    @rule(reservation_id=held)
    def report_a_no_show_and_take_it_back(self, reservation_id):
        before = queries.reservation(self.session, reservation_id)
        if self.now >= before.span.end:
            return
        _, refusal = self.tried(decisions.report_no_show, reservation_id)
        assert (refusal is None) == (before.status is Status.CONFIRMED and before.span.start <= self.now)
        if refusal is None:
            assert self.held_by(reservation_id) == []
            _, refusal = self.tried(decisions.take_back_no_show, reservation_id)
            assert refusal is None
            assert queries.reservation(self.session, reservation_id).span == before.span

    @rule(target=out, reservation_id=held, after_start=st.sampled_from([0, 40, -60, -61, 300]))
    def hand_out(self, reservation_id, after_start):
        self.tried(decisions.approve, reservation_id)  # it may be waiting for that
        before = queries.reservation(self.session, reservation_id)
        held_before = self.held_by(reservation_id)
        self.now = max(self.now, before.span.start + after_start * MINUTE)

        foretold = self.refusals_of_a_hand_out(before)
        may_be_taken = self.now < before.occupied_from and not self.are_all_free(
            held_before, TimeSpan(self.now, before.occupied_from), reservation_id
        )
        _, refusal = self.tried(usage.hand_out, reservation_id, Measurement())

        if isinstance(refusal, WrongStatus):
            assert before.status is not Status.CONFIRMED or self.now >= before.span.end
        elif refusal is not None:
            rules = {violation.rule for violation in refusal.violations}
            assert rules == foretold or (not foretold and may_be_taken and rules == {"time_before_taken"})
        if refusal is not None:
            assert self.held_by(reservation_id) == held_before
            return multiple()
        assert not foretold
        assert queries.reservation(self.session, reservation_id).status is Status.IN_USE
        self.used[reservation_id], self.fetched[reservation_id] = self.held_by(reservation_id), self.now
        since = min(self.now, before.occupied_from)
        assert [row[1:] for row in self.used[reservation_id]] == [(since, before.occupied_until)] * before.places
        return reservation_id

    def refusals_of_a_hand_out(self, reservation):
        """The rules that a hand-out breaks now, but for the time before the start."""
        machine_id = reservation.machine_id
        out = sum(one.places for one in queries.machine_out(self.session, machine_id))
        too_many = out + reservation.places > len(occupancies.places_of(self.session, machine_id))
        broken = {
            "too_early": self.now < reservation.span.start - timedelta(hours=1),
            "all_out": out > 0 and too_many,
            "machine_closed": queries.closure_now(self.session, machine_id, now=self.now) is not None,
        }
        return {rule for rule, is_broken in broken.items() if is_broken}

    @rule(reservation_id=consumes(out), minutes=st.sampled_from([7, 25, 0, 60, 400]))
    def hand_back(self, reservation_id, minutes):
        before, fetched = queries.reservation(self.session, reservation_id), self.fetched[reservation_id]
        held_before = self.held_by(reservation_id)
        self.now += minutes * MINUTE

        _, refusal = self.tried(usage.hand_back, reservation_id, Measurement())

        assert refusal is None
        after, held = queries.reservation(self.session, reservation_id), self.held_by(reservation_id)
        assert after.status is Status.COMPLETED
        assert after.span == TimeSpan(fetched, max(self.now, fetched + timedelta(seconds=1)))
        cleaned = after.span.end + self.cleaning_of(before.machine_id)
        assert [place_id for place_id, *_ in held] == [place_id for place_id, *_ in held_before]
        for place_id, since, until in held:
            assert since == after.occupied_from <= fetched
            assert until == cleaned or (until < cleaned and self.is_held_from(place_id, until))
        self.are_free(held_before, cleaned)
        self.used[reservation_id] = held

    def are_all_free(self, held, span, reservation_id):
        """Whether nobody else holds the places of a reservation during a span."""
        places = [place_id for place_id, *_ in held]
        others = select(Occupancy.id).where(
            Occupancy.unit_id.in_(places),
            Occupancy.hold_id != reservation_id,
            Occupancy.occupied_from < span.end,
            Occupancy.occupied_until > span.start,
        )
        return self.session.scalar(others.limit(1)) is None

    def is_held_from(self, place_id, since):
        """Whether something else begins on a place at an instant."""
        begins = select(Occupancy.id).where(Occupancy.unit_id == place_id, Occupancy.occupied_from == since)
        return self.session.scalar(begins) is not None

    def cleaning_of(self, machine_id):
        cleaning = {"splitter": 30, "shelf": 20, "rack": 0}
        return next(cleaning[name] for name, one in self.machines.items() if one == machine_id) * MINUTE

    def are_free(self, held, since):
        """What was held can be had by others from an instant on."""
        for place_id, held_from, until in held:
            if until <= max(held_from, since):
                continue
            rest = TimeSpan(max(held_from, since), until)
            machine_id = self.session.get(Unit, place_id).machine_id
            held = held_spans.by_place(self.session, [machine_id], rest)
            assert PlaceCalendar(held).free([place_id], rest) == [place_id]

    def held_by(self, reservation_id):
        """What a reservation holds: (place id, from, until)."""
        rows = self.session.execute(
            select(Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until)
            .where(Occupancy.hold_id == reservation_id)
            .order_by(Occupancy.unit_id)
        )
        return [tuple(row) for row in rows]

    @rule(target=closed, which=which, half_hours=st.tuples(st.integers(0, 24), st.integers(1, 2)))
    def close(self, which, half_hours):
        span = self.span_of(half_hours)
        is_hit = bool(queries.hit_by(self.session, self.machines[which], span))
        closure_id, refusal = self.tried(blockings.close, self.machines[which], span, "")
        if refusal is None:
            return closure_id
        assert isinstance(refusal, SlotTaken)
        others = queries.closures(self.session, now=self.now, machine_id=self.machines[which])
        assert is_hit or any(span.overlaps(TimeSpan(one.starts_at, one.ends_at)) for one in others)
        return multiple()

    @rule(closure_id=consumes(closed))
    def lift(self, closure_id):
        ends_at = queries.closure(self.session, closure_id).ends_at
        _, refusal = self.tried(blockings.lift, closure_id)
        assert (refusal is None) == (self.now < ends_at)

    @invariant()
    def nothing_overlaps_and_everything_holds_what_it_says(self):
        assert audits.overlapping_pairs(self.session) == ()
        assert audits.contradictions(self.session) == ()

    @invariant()
    def no_place_is_held_twice_at_once(self):
        its_machines = [unit for one in self.machines.values() for unit in occupancies.places_of(self.session, one)]
        rows = self.session.execute(
            select(Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until)
            .where(Occupancy.unit_id.in_(its_machines))
            .order_by(Occupancy.unit_id, Occupancy.occupied_from)
        )
        for (place, _, until), (next_place, since, _) in itertools.pairwise(rows):
            assert place != next_place or until <= since

    @invariant()
    def a_machine_in_use_keeps_its_places_and_one_that_is_back_only_its_past_and_its_cleaning(self):
        for reservation_id, as_it_was in self.used.items():
            assert self.held_by(reservation_id) == as_it_was

    @invariant()
    def the_board_shows_what_holds(self):
        machine_ids = list(self.machines.values())
        days = TimeSpan(MONDAY - timedelta(hours=1), self.now + timedelta(days=2))
        board = queries.board(self.session, days, machine_ids=machine_ids, now=self.now)
        shown = {entry.reservation_id for row in board.rows for entry in row.entries if not entry.is_closure}
        holding = {
            one.id
            for machine_id in machine_ids
            for one in queries.reservations(self.session, machine_id=machine_id, statuses=HOLDING, limit=1_000)
        }
        holding |= {reservation_id for reservation_id, past in self.used.items() if past}
        assert shown == holding


def test_the_schedule_keeps_its_invariants_in_any_order(session, sample_ring):
    Schedule.session, Schedule.sample_ring = session, sample_ring
    run_state_machine_as_test(
        Schedule,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
