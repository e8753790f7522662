"""Giving time back, asking for more, and moves that wait for approval: nothing that was confirmed is lost by asking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from booking import audits, availability, queries
from booking.closures import blockings
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, SlotTaken, WrongStatus
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Occupancy, Status
from booking.records.overruling import Overruling
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY

WEDNESDAY = hours(MONDAY, 48, 52)  # 8 to 12


def do(session, verb, *arguments, now=MONDAY, **options):
    with write_transaction(session):
        return verb(session, *arguments, by=SOMEBODY, now=now, **options)


def seen(session, reservation_id):
    return queries.reservation(session, reservation_id)


def last_event(session, kind):
    return session.scalars(
        select(RecordedEvent.facts).where(RecordedEvent.type == kind).order_by(RecordedEvent.id.desc()).limit(1)
    ).one()


def change_rules(session, machine_id, **rules):
    with write_transaction(session):
        session.execute(update(Machine.__table__).where(Machine.id == machine_id).values(**rules))


def confirmed(session, machine_id, member_id, span=WEDNESDAY, places=1):
    entered = reserve(session, machine_id, member_id, span, now=MONDAY, places=places)
    if entered.status == Status.REQUESTED:
        do(session, decisions.approve, entered.id)
    return entered.id


def rows_held(session, reservation_id):
    return session.scalar(select(func.count()).where(Occupancy.hold_id == reservation_id))


@pytest.fixture
def moving(session, sample_ring):
    """A confirmed reservation of the splitter, which needs approval, with an hour more that waits for it."""
    reservation_id = confirmed(session, sample_ring.splitter, sample_ring.anna)
    do(session, reservations.move, reservation_id, hours(MONDAY, 48, 53))
    return reservation_id


class TestKeepingLess:
    def test_it_works_whatever_the_rules_have_become(self, session, sample_ring):
        reservation_id = confirmed(session, sample_ring.splitter, sample_ring.anna)
        change_rules(
            session, sample_ring.splitter, notice_hours=500, longest_min=60, cleaning_min=600, retired_at=MONDAY
        )
        with write_transaction(session):
            session.get(Member, sample_ring.anna).left_on = MONDAY.date()

        do(session, reservations.move, reservation_id, hours(MONDAY, 49, 51))

        after = seen(session, reservation_id)
        assert (after.status, after.span, after.former) == (Status.CONFIRMED, hours(MONDAY, 49, 51), None)
        assert (after.occupied_from, after.occupied_until) == (after.starts_at, after.ends_at)
        with pytest.raises(MachineNotFound):
            do(session, reservations.move, reservation_id, hours(MONDAY, 49, 52))

    def test_places_are_given_back_and_free_at_once(self, session, sample_ring):
        reservation_id = confirmed(session, sample_ring.cold_store, sample_ring.anna, places=24)
        do(session, reservations.move, reservation_id, WEDNESDAY, places=10)

        reserve(session, sample_ring.cold_store, sample_ring.bernd, WEDNESDAY, now=MONDAY, places=14)
        assert rows_held(session, reservation_id) == 10
        assert audits.contradictions(session) == ()

    def test_what_has_begun_or_is_out_ends_earlier_and_what_is_over_is_not_changed(self, session, sample_ring):
        started = WEDNESDAY.start + timedelta(hours=1)
        reservation_id = confirmed(session, sample_ring.combine, sample_ring.anna)
        do(session, reservations.move, reservation_id, hours(MONDAY, 48, 51), now=started)
        do(session, usage.hand_out, reservation_id, Measurement(), now=started)
        do(session, reservations.move, reservation_id, hours(MONDAY, 48, 50), now=started)

        after = seen(session, reservation_id)
        assert (after.status, after.ends_at) == (Status.IN_USE, hours(MONDAY, 50, 51).start)
        with pytest.raises(RequestRefused):
            do(session, reservations.move, reservation_id, hours(MONDAY, 49, 50), now=started)
        with pytest.raises(WrongStatus):
            do(session, reservations.move, reservation_id, hours(MONDAY, 48, 49), now=after.ends_at)

    def test_a_smaller_request_stays_the_request_that_it_was(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, WEDNESDAY, now=MONDAY)
        do(session, reservations.move, entered.id, hours(MONDAY, 48, 51), now=MONDAY + timedelta(hours=5))

        after = seen(session, entered.id)
        assert (after.status, after.decide_until, after.asked_at) == (Status.REQUESTED, entered.decide_until, MONDAY)


class TestMore:
    def test_a_use_is_extended_while_the_time_is_free(self, session, sample_ring):
        started = WEDNESDAY.start
        reservation_id = confirmed(session, sample_ring.splitter, sample_ring.anna)
        change_rules(session, sample_ring.splitter, notice_hours=500)
        do(session, usage.hand_out, reservation_id, Measurement(), now=started)
        do(session, reservations.move, reservation_id, hours(MONDAY, 48, 54), now=started)
        assert (seen(session, reservation_id).status, seen(session, reservation_id).former) == (Status.IN_USE, None)

        do(session, blockings.close, sample_ring.splitter, hours(MONDAY, 55, 60), "Repair")
        with pytest.raises(SlotTaken):
            do(session, reservations.move, reservation_id, hours(MONDAY, 48, 56), now=started)
        assert seen(session, reservation_id).ends_at == hours(MONDAY, 54, 55).start
        assert audits.contradictions(session) == ()

    def test_it_is_refused_for_what_is_added_unless_the_manager_gives_a_reason(self, session, sample_ring):
        reservation_id = confirmed(session, sample_ring.combine, sample_ring.anna)
        change_rules(session, sample_ring.combine, notice_hours=60)
        with pytest.raises(RequestRefused) as refused:
            do(session, reservations.move, reservation_id, hours(MONDAY, 48, 53))
        assert [each.rule for each in refused.value.violations] == ["notice"]

        why = Overruling("The weather turns")
        do(session, reservations.move, reservation_id, hours(MONDAY, 48, 53), may_decide=True, overruling=why)

        assert seen(session, reservation_id).ends_at == hours(MONDAY, 53, 54).start
        overruled = last_event(session, "rules_overruled")
        assert (overruled["rules"], overruled["reason"]) == ("notice", "The weather turns")
        assert overruled["reservation_id"] == reservation_id

    def test_the_check_counts_the_set_up_that_was_promised(self, session, sample_ring):
        confirmed(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 46, 48))
        reservation_id = confirmed(session, sample_ring.combine, sample_ring.anna)
        change_rules(session, sample_ring.combine, setup_min=30)
        longer = hours(MONDAY, 48, 53)

        wish = Wish(sample_ring.combine, sample_ring.anna, longer)
        assert availability.check_wish(session, wish, now=MONDAY, excluding=reservation_id).is_accepted
        do(session, reservations.move, reservation_id, longer)

        assert seen(session, reservation_id).span == longer

    def test_a_manager_enters_and_approves_what_breaks_a_rule_of_planning(self, session, sample_ring):
        change_rules(session, sample_ring.splitter, notice_hours=500)
        with write_transaction(session):
            entered = reservations.request_reservation(
                session,
                Wish(sample_ring.splitter, sample_ring.anna, WEDNESDAY),
                by=SOMEBODY,
                now=MONDAY,
                overruling=Overruling("Agreed by phone"),
            )

        assert entered.status is Status.CONFIRMED
        assert last_event(session, "rules_overruled")["rules"] == "notice"


class TestWaitingMove:
    def test_the_former_and_the_wished_time_are_held(self, session, sample_ring, moving):
        view = seen(session, moving)
        assert (view.status, view.span, view.former.span) == (Status.REQUESTED, hours(MONDAY, 48, 53), WEDNESDAY)
        assert view.decide_until == WEDNESDAY.start
        assert audits.contradictions(session) == ()
        for taken in (WEDNESDAY, hours(MONDAY, 52, 53)):
            with pytest.raises(SlotTaken):
                reserve(session, sample_ring.splitter, sample_ring.bernd, taken, now=MONDAY)

    def test_declining_leaves_the_reservation_as_it_was(self, session, sample_ring, moving):
        until = seen(session, moving).cancel_until
        do(session, decisions.reject, moving, "Somebody else needs it")

        after = seen(session, moving)
        assert (after.status, after.span, after.former) == (Status.CONFIRMED, WEDNESDAY, None)
        assert (after.reason, after.cancel_until, after.decide_until) == ("Somebody else needs it", until, None)
        facts = last_event(session, "reservation_rejected")
        assert (facts["is_restored"], facts["starts_at"]) == (True, int(WEDNESDAY.start.timestamp()))
        assert facts["old_ends_at"] == int(hours(MONDAY, 53, 54).start.timestamp())
        reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 52, 53), now=MONDAY)

    def test_nobody_decides_and_it_falls_back_before_the_former_start(self, session, moving):
        assert not do(session, decisions.expire, moving, now=WEDNESDAY.start - timedelta(seconds=1))
        assert do(session, decisions.expire, moving, now=WEDNESDAY.start)

        after = seen(session, moving)
        assert (after.status, after.span) == (Status.CONFIRMED, WEDNESDAY)
        assert last_event(session, "reservation_expired")["is_restored"] is True
        do(session, usage.hand_out, moving, Measurement(), now=WEDNESDAY.start)

    def test_more_of_what_has_begun_is_decided_before_its_end(self, session, sample_ring):
        reservation_id = confirmed(session, sample_ring.splitter, sample_ring.anna)
        now = WEDNESDAY.start + timedelta(minutes=10)  # nobody has fetched it yet
        do(session, reservations.move, reservation_id, hours(MONDAY, 48, 53), now=now)
        assert seen(session, reservation_id).decide_until == WEDNESDAY.end

        do(session, decisions.approve, reservation_id, now=now)
        assert (seen(session, reservation_id).status, seen(session, reservation_id).former) == (Status.CONFIRMED, None)

    def test_one_that_nobody_decides_until_the_wished_time_runs_falls_back_to_its_own_places(
        self, session, sample_ring
    ):
        shelf = machine(session, sample_ring.hall, "shelf", places=2, needs_approval=True)
        early, wished = hours(MONDAY, 2, 4), hours(MONDAY, 6, 8)
        moved, other, later = (confirmed(session, shelf, sample_ring.anna, span) for span in (early, early, wished))
        do(session, reservations.move, moved, wished)

        assert do(session, decisions.expire, moved, now=wished.start + timedelta(minutes=30))  # the worker was stopped

        assert (seen(session, moved).span, rows_held(session, moved)) == (early, 1)
        assert rows_held(session, other) == rows_held(session, later) == 1
        assert audits.contradictions(session) == audits.overlapping_pairs(session) == ()

    def test_the_former_time_comes_back_with_its_own_set_up(self, session, sample_ring):
        change_rules(session, sample_ring.splitter, setup_min=0)
        before = confirmed(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 46, 48))
        reservation_id = confirmed(session, sample_ring.splitter, sample_ring.anna)
        change_rules(session, sample_ring.splitter, setup_min=30)
        do(session, reservations.move, reservation_id, hours(MONDAY, 80, 84))

        do(session, reservations.move, reservation_id, WEDNESDAY)

        after = seen(session, reservation_id)
        assert (after.status, after.span, after.occupied_from) == (Status.CONFIRMED, WEDNESDAY, WEDNESDAY.start)
        assert rows_held(session, before) == 1

    def test_approving_drops_the_former_time(self, session, sample_ring):
        reservation_id = confirmed(session, sample_ring.splitter, sample_ring.anna)
        do(session, reservations.move, reservation_id, hours(MONDAY, 72, 74))
        change_rules(session, sample_ring.splitter, late_cancel_hours=1)
        do(session, decisions.approve, reservation_id)

        after = seen(session, reservation_id)
        assert (after.status, after.span, after.former) == (Status.CONFIRMED, hours(MONDAY, 72, 74), None)
        assert after.cancel_until == hours(MONDAY, 71, 72).start
        assert last_event(session, "reservation_confirmed")["old_starts_at"] == int(WEDNESDAY.start.timestamp())
        reserve(session, sample_ring.splitter, sample_ring.bernd, WEDNESDAY, now=MONDAY)
        assert audits.contradictions(session) == ()

    def test_the_member_withdraws_it_or_keeps_less_of_the_former_time(self, session, sample_ring, moving):
        do(session, reservations.withdraw_move, moving)
        assert (seen(session, moving).status, seen(session, moving).span) == (Status.CONFIRMED, WEDNESDAY)
        with pytest.raises(WrongStatus):
            do(session, reservations.withdraw_move, moving)

        do(session, reservations.move, moving, hours(MONDAY, 80, 82))
        do(session, reservations.move, moving, hours(MONDAY, 49, 50))
        after = seen(session, moving)
        assert (after.status, after.span, after.former) == (Status.CONFIRMED, hours(MONDAY, 49, 50), None)
        assert rows_held(session, moving) == 1

    def test_a_second_move_keeps_the_first_former_time(self, session, sample_ring, moving):
        do(session, reservations.move, moving, hours(MONDAY, 80, 82))
        assert (seen(session, moving).former.span, seen(session, moving).span) == (WEDNESDAY, hours(MONDAY, 80, 82))
        reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 52, 53), now=MONDAY)

    def test_who_may_decide_moves_what_is_confirmed_and_settles_the_wish(self, session, sample_ring, moving):
        other = hours(MONDAY, 80, 82)
        do(session, reservations.move, moving, other, may_decide=True)

        after = seen(session, moving)
        assert (after.status, after.span, after.former, after.decide_until) == (Status.CONFIRMED, other, None, None)
        assert (rows_held(session, moving), audits.contradictions(session)) == (1, ())
        reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 48, 53), now=MONDAY)

    def test_cancelling_gives_both_up_and_is_late_by_the_former_time(self, session, sample_ring, moving):
        do(session, reservations.cancel, moving, now=WEDNESDAY.start - timedelta(hours=23))

        after = seen(session, moving)
        assert (after.status, after.is_late_cancel, after.former) == (Status.CANCELLED, True, None)
        assert rows_held(session, moving) == 0

    def test_more_places_for_a_part_of_the_time_hold_no_more_than_both_need(self, session, sample_ring):
        change_rules(session, sample_ring.cold_store, needs_approval=True)
        reservation_id = confirmed(session, sample_ring.cold_store, sample_ring.anna, places=10)
        do(session, reservations.move, reservation_id, hours(MONDAY, 50, 54), places=20)

        assert audits.contradictions(session) == ()
        free = {(48, 50): 14, (50, 52): 4, (52, 54): 4}
        for (since, until), places in free.items():
            with pytest.raises(SlotTaken):
                reserve(
                    session,
                    sample_ring.cold_store,
                    sample_ring.bernd,
                    hours(MONDAY, since, until),
                    now=MONDAY,
                    places=places + 1,
                )
        do(session, decisions.reject, reservation_id, "Full")
        assert rows_held(session, reservation_id) == 10

    def test_half_a_former_time_is_refused_by_the_database(self, session, moving):
        for change in ("former_places = NULL", "status = 'confirmed'", "former_ends_at = former_starts_at"):
            with pytest.raises(IntegrityError, match="former_"), write_transaction(session):
                session.execute(text(f"UPDATE booking_reservation SET {change} WHERE id = {moving}"))


class TestDeadlineOfCancelling:
    def test_it_stays_when_the_rule_changes(self, session, sample_ring):
        span = hours(MONDAY, 240, 244)
        reservation_id = confirmed(session, sample_ring.combine, sample_ring.anna, span)
        change_rules(session, sample_ring.combine, late_cancel_hours=240)

        assert seen(session, reservation_id).cancel_until == span.start - timedelta(hours=24)
        do(session, reservations.cancel, reservation_id, now=span.start - timedelta(hours=24))
        assert seen(session, reservation_id).is_late_cancel is False

    def test_what_was_just_confirmed_can_be_cancelled_for_a_quarter_of_an_hour(self, session, sample_ring):
        soon = hours(MONDAY, 1, 3)
        first, second = (
            confirmed(session, machine_id, sample_ring.anna, soon)
            for machine_id in (sample_ring.combine, sample_ring.splitter)
        )
        do(session, reservations.cancel, first, now=MONDAY + timedelta(minutes=15))
        do(session, reservations.cancel, second, now=MONDAY + timedelta(minutes=15, seconds=1))

        assert [seen(session, each).is_late_cancel for each in (first, second)] == [False, True]

    def test_an_approval_later_on_never_brings_it_forward(self, session, sample_ring):
        span = hours(MONDAY, 240, 244)
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, span, now=MONDAY)
        change_rules(session, sample_ring.splitter, late_cancel_hours=240)
        do(session, decisions.approve, entered.id, now=MONDAY + timedelta(hours=1))

        assert seen(session, entered.id).cancel_until == entered.cancel_until == span.start - timedelta(hours=24)

    @pytest.mark.parametrize(
        ("wished", "until"),
        [
            (hours(MONDAY, 240, 241), hours(MONDAY, 216, 217).start),  # less
            (hours(MONDAY, 240, 250), hours(MONDAY, 216, 217).start),  # longer
            (hours(MONDAY, 300, 304), hours(MONDAY, 216, 217).start),  # later
            (hours(MONDAY, 200, 204), hours(MONDAY, 0.25, 1).start),  # earlier: by the rule of now
        ],
    )
    def test_only_an_earlier_start_brings_it_forward(self, session, sample_ring, wished, until):
        reservation_id = confirmed(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 240, 244))
        change_rules(session, sample_ring.combine, late_cancel_hours=240)
        do(session, reservations.move, reservation_id, wished)

        assert seen(session, reservation_id).cancel_until == until


def test_a_move_with_more_places_is_declined_after_the_start_whoever_had_the_places_before(session, sample_ring):
    rack = machine(session, sample_ring.hall, "rack", places=4, needs_approval=True, decision_hours=240)
    begun = hours(MONDAY, 48, 58)
    others = confirmed(session, rack, sample_ring.bernd, hours(MONDAY, 48, 51), places=2)
    asked = confirmed(session, rack, sample_ring.anna, begun, places=2)
    now = begun.start + timedelta(hours=2)
    do(session, usage.hand_out, others, Measurement(), now=begun.start)
    do(session, reservations.move, asked, hours(MONDAY, 52, 56), places=3, now=now)
    in_the_way = confirmed(session, rack, sample_ring.bernd, hours(MONDAY, 51, 58))
    do(session, usage.hand_out, in_the_way, Measurement(), now=now + timedelta(hours=1))
    assert audits.contradictions(session) == ()

    do(session, decisions.reject, asked, "No", now=now + timedelta(hours=4))

    after = seen(session, asked)
    assert (after.status, after.span, after.places, after.former) == (Status.CONFIRMED, begun, 2, None)
    assert rows_held(session, asked) == 2
    assert audits.contradictions(session) == ()


def test_a_waiting_move_is_found_by_the_time_that_is_confirmed_too(session, sample_ring):
    former, wished = hours(MONDAY, 48, 50), hours(MONDAY, 24 * 60, 24 * 60 + 2)
    asked = confirmed(session, sample_ring.splitter, sample_ring.anna, former)
    other = confirmed(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 50, 52))
    do(session, reservations.move, asked, wished)

    def found(since, until, **filters):
        listed = queries.reservations(session, since=since, until=until, **filters)
        return [one.id for one in listed]

    day = hours(MONDAY, 47, 60)
    assert found(day.start, day.end) == [other, asked]
    assert found(day.start, day.end, machine_id=sample_ring.splitter, member_id=sample_ring.anna) == [asked]
    assert found(day.start, day.end, member_id=sample_ring.bernd) == [other]
    assert found(day.start, day.end, workshop_ids=[]) == []
    assert found(day.start, day.end, limit=1) == [other]
    last = queries.reservation(session, other)
    assert found(day.start, day.end, after=last.cursor) == [asked]
    assert found(former.end, former.end + timedelta(hours=1)) == [other]
    assert found(wished.start, None) == [asked]
    feed = queries.feed_reservations(session, member_id=sample_ring.anna, since=day.start, until=day.end)
    assert [one.id for one in feed] == [asked]
