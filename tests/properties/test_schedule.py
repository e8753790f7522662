"""Whatever is asked in whatever order: nothing overlaps, what is foretold comes true, what is given back is free."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from booking import audits, availability, blockings, decisions, queries, reservations
from booking.errors import DomainError, RequestRefused, SlotTaken, WrongStatus
from booking.holds import Wish
from booking.kernel.transaction import write_transaction
from booking.models import HOLDING, Status
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, machine
from tests.conftest import MONDAY

HALF_HOUR = timedelta(minutes=30)
names = itertools.count()

spans = st.builds(
    lambda start, length: TimeSpan(MONDAY + start * HALF_HOUR, MONDAY + (start + length) * HALF_HOUR),
    st.integers(0, 24),
    st.integers(1, 8),
)
places = st.sampled_from([1, 1, 1, 2, 3])


class TakenBack(Exception):
    """Ends a trial, so that nothing of it is stored."""


class Schedule(RuleBasedStateMachine):
    """Anna and Bernd reserve a wood splitter (one place, cleaning, approval) and a shelf of three printers."""

    session = village = None
    held = Bundle("held")
    closed = Bundle("closed")
    which = st.sampled_from(["splitter", "shelf"])
    who = st.sampled_from(["anna", "bernd"])

    def __init__(self):
        super().__init__()
        hall, kind, number = self.village.hall, f"kind-{next(names)}", next(names)
        self.machines = {
            "splitter": machine(
                self.session, hall, f"splitter-{number}", kind=kind, cleaning_min=30, setup_min=15, needs_approval=True
            ),
            "shelf": machine(self.session, hall, f"shelf-{number}", kind=kind, places=3, notice_hours=1),
        }
        self.members = {"anna": self.village.anna, "bernd": self.village.bernd}

    @rule(target=held, which=which, who=who, span=spans, places=places)
    def request(self, which, who, span, places):
        wish = Wish(self.machines[which], self.members[who], span, places)
        foretold = availability.check_wish(self.session, wish, now=MONDAY)
        entered, refusal = self.tried(reservations.request_reservation, wish)
        assert (refusal is None) == foretold.is_accepted
        assert isinstance(refusal, RequestRefused) == bool(foretold.violations)
        if refusal is not None:
            self.each_alternative_would_be_accepted(wish)
            return multiple()
        return entered.id

    def tried(self, verb, *arguments):
        """What a verb gave back, and its refusal."""
        try:
            with write_transaction(self.session):
                return verb(self.session, *arguments, by=SOMEBODY, now=MONDAY), None
        except DomainError as refusal:
            return None, refusal

    def each_alternative_would_be_accepted(self, wish):
        for other in availability.alternatives(self.session, wish, now=MONDAY):
            self.would_be_accepted(Wish(other.machine_id, wish.member_id, other.span, wish.places))

    def would_be_accepted(self, wish):
        try:
            with write_transaction(self.session):
                reservations.request_reservation(self.session, wish, by=SOMEBODY, now=MONDAY)
                raise TakenBack
        except TakenBack:
            pass

    @rule(reservation_id=held, span=spans)
    def move(self, reservation_id, span):
        before = queries.reservation(self.session, reservation_id)
        wish = Wish(before.machine_id, before.member_id, span, before.places)
        foretold = availability.check_wish(self.session, wish, now=MONDAY, excluding=reservation_id)
        _, refusal = self.tried(reservations.move, reservation_id, span)
        after = queries.reservation(self.session, reservation_id)
        if isinstance(refusal, WrongStatus):
            assert before.status not in (Status.REQUESTED, Status.CONFIRMED)
        elif refusal is not None:
            assert not foretold.is_accepted
            assert after == before
        else:
            assert foretold.is_accepted
            assert (after.span, after.uid, after.revision) == (span, before.uid, before.revision + 1)

    @rule(reservation_id=consumes(held))
    def cancel(self, reservation_id):
        before = queries.reservation(self.session, reservation_id)
        try:
            with write_transaction(self.session):
                reservations.cancel(self.session, reservation_id, by=SOMEBODY, now=MONDAY)
        except WrongStatus:
            assert before.status not in (Status.REQUESTED, Status.CONFIRMED)
        else:
            self.would_be_accepted(Wish(before.machine_id, before.member_id, before.span, before.places))

    @rule(reservation_id=held, verb=st.sampled_from([decisions.approve, decisions.reject, decisions.expire]))
    def decide(self, reservation_id, verb):
        before = queries.reservation(self.session, reservation_id)
        arguments = ["Too wet"] if verb is decisions.reject else []
        now = MONDAY if verb is not decisions.expire else MONDAY + timedelta(days=3)
        try:
            with write_transaction(self.session):
                verb(self.session, reservation_id, *arguments, by=SOMEBODY, now=now)
        except WrongStatus:
            assert before.status != Status.REQUESTED or before.decide_until <= now
        after = queries.reservation(self.session, reservation_id)
        assert (after.revision != before.revision) == (after.status != before.status)

    @rule(target=closed, which=which, span=spans)
    def close(self, which, span):
        is_hit = bool(queries.hit_by(self.session, self.machines[which], span))
        try:
            with write_transaction(self.session):
                return blockings.close(self.session, self.machines[which], span, "", by=SOMEBODY, now=MONDAY)
        except SlotTaken:
            others = queries.closures(self.session, now=MONDAY, machine_id=self.machines[which])
            assert is_hit or any(span.overlaps(TimeSpan(one.starts_at, one.ends_at)) for one in others)
            return multiple()

    @rule(closure_id=consumes(closed))
    def lift(self, closure_id):
        with write_transaction(self.session):
            blockings.lift(self.session, closure_id, by=SOMEBODY, now=MONDAY)

    @invariant()
    def nothing_overlaps_and_everything_holds_what_it_says(self):
        assert audits.overlapping_pairs(self.session) == ()
        assert audits.contradictions(self.session) == ()

    @invariant()
    def the_board_shows_what_holds(self):
        machine_ids = list(self.machines.values())
        day = TimeSpan(MONDAY - timedelta(hours=1), MONDAY + timedelta(days=2))
        board = queries.board(self.session, day, machine_ids=machine_ids)
        shown = {entry.reservation_id for row in board.rows for entry in row.entries if not entry.is_closure}
        holding = {
            one.id
            for machine_id in machine_ids
            for one in queries.reservations(self.session, machine_id=machine_id, statuses=HOLDING, limit=1_000)
        }
        assert shown == holding


def test_the_schedule_keeps_its_promises_in_any_order(session, village):
    Schedule.session, Schedule.village = session, village
    run_state_machine_as_test(
        Schedule,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
