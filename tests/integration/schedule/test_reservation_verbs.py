"""Request, move, cancel, approve, decline, expire, no-show: what each changes, announces and refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from booking import queries
from booking.errors.schedule_errors import (
    MachineNotFound,
    MemberNotFound,
    RequestRefused,
    ReservationNotFound,
    SlotTaken,
    StaleRevision,
    WrongStatus,
)
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Occupancy, Reservation, Status
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.rule_changes import condition_changes
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, induct, machine, reserve, schedule_version
from tests.conftest import MONDAY


def do(session, verb, *arguments, now=MONDAY, **options):
    with write_transaction(session):
        return verb(session, *arguments, by=SOMEBODY, now=now, **options)


def seen(session, reservation_id):
    return queries.reservation(session, reservation_id)


def last_event(session):
    return session.execute(
        select(RecordedEvent.type, RecordedEvent.facts).order_by(RecordedEvent.id.desc()).limit(1)
    ).one()


def counts(session):
    return tuple(
        session.scalar(select(func.count()).select_from(table)) for table in (Reservation, Occupancy, RecordedEvent)
    )


class TestRequest:
    def test_a_machine_without_approval_is_confirmed_at_once(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)

        assert (entered.status, entered.decide_until) == (Status.CONFIRMED, None)
        assert last_event(session).type == "reservation_confirmed"
        assert last_event(session).facts["was_request"] is False

    def test_a_machine_with_approval_holds_its_span_until_the_deadline(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 72, 73), now=MONDAY)

        assert (entered.status, entered.decide_until) == (Status.REQUESTED, MONDAY + timedelta(hours=48))
        assert last_event(session).type == "reservation_requested"
        with pytest.raises(SlotTaken):
            reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 72, 73), now=MONDAY)

    def test_the_deadline_is_never_later_than_the_start(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)

        assert entered.decide_until == hours(MONDAY, 5, 6).start

    def test_a_refused_request_leaves_nothing_behind(self, session, sample_ring):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)
        before = counts(session)
        versions = schedule_version(session, member_id=sample_ring.bernd)

        with pytest.raises(RequestRefused):
            reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, -3, -2), now=MONDAY)
        with pytest.raises(SlotTaken):
            reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 2, 4), now=MONDAY)
        with pytest.raises(MachineNotFound):
            reserve(session, 4711, sample_ring.bernd, hours(MONDAY, 2, 4), now=MONDAY)
        with pytest.raises(MemberNotFound):
            reserve(session, sample_ring.combine, 4711, hours(MONDAY, 2, 4), now=MONDAY)

        assert counts(session) == before
        assert schedule_version(session, member_id=sample_ring.bernd) == versions

    def test_a_span_over_midnight_and_several_days(self, session, sample_ring):
        span = hours(MONDAY, 14, 24 * 5 + 2)
        entered = reserve(session, sample_ring.combine, sample_ring.anna, span, now=MONDAY)

        assert seen(session, entered.id).span == span
        with pytest.raises(SlotTaken):
            reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 60, 61), now=MONDAY)

    def test_the_two_hours_between_two_and_three_in_autumn_are_different(self, session, sample_ring):
        eve = datetime(2026, 10, 24, 12, tzinfo=UTC)
        first, second = (
            TimeSpan(start, start + timedelta(hours=1))
            for start in (datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC))
        )

        reserve(session, sample_ring.combine, sample_ring.anna, first, now=eve)
        reserve(session, sample_ring.combine, sample_ring.bernd, second, now=eve)
        with pytest.raises(SlotTaken):
            reserve(session, sample_ring.combine, sample_ring.bernd, first, now=eve)

    def test_set_up_and_cleaning_are_real_time_in_the_night_of_the_clock_change(self, session, sample_ring):
        printer = machine(session, sample_ring.hall, "printer", cleaning_min=90)
        eve = datetime(2026, 10, 24, 12, tzinfo=UTC)
        night = TimeSpan(datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC))

        entered = reserve(session, printer, sample_ring.anna, night, now=eve)

        assert entered.occupied.end == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


class TestMove:
    def test_a_moved_reservation_keeps_its_identity_and_frees_its_old_time(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)
        do(session, reservations.move, entered.id, hours(MONDAY, 2, 4))

        after = seen(session, entered.id)
        assert (after.uid, after.revision, after.span) == (entered.uid, 1, hours(MONDAY, 2, 4))
        event = last_event(session)
        assert event.type == "reservation_moved"
        assert (event.facts["old_starts_at"], event.facts["needs_decision"]) == (
            int(hours(MONDAY, 1, 3).start.timestamp()),
            False,
        )
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 1, 2), now=MONDAY)

    def test_a_move_onto_another_reservation_changes_nothing(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 5, 7), now=MONDAY)
        before, rows = seen(session, entered.id), counts(session)

        with pytest.raises(SlotTaken):
            do(session, reservations.move, entered.id, hours(MONDAY, 4, 6))
        with pytest.raises(RequestRefused):
            do(session, reservations.move, entered.id, hours(MONDAY, -4, -2))

        assert (seen(session, entered.id), counts(session)) == (before, rows)

    def test_the_number_of_places_can_be_changed_but_not_to_none(self, session, sample_ring):
        entered = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY, places=4)
        do(session, reservations.move, entered.id, hours(MONDAY, 1, 3), places=24)

        assert seen(session, entered.id).places == 24
        with pytest.raises(RequestRefused):
            do(session, reservations.move, entered.id, hours(MONDAY, 1, 3), places=0)

    def test_moving_an_approved_reservation_needs_approval_again_unless_the_manager_moves_it(
        self, session, sample_ring
    ):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 51), now=MONDAY)
        do(session, decisions.approve, entered.id)

        do(session, reservations.move, entered.id, hours(MONDAY, 52, 53), may_decide=True)
        assert seen(session, entered.id).status is Status.CONFIRMED

        later = MONDAY + timedelta(hours=1)
        do(session, reservations.move, entered.id, hours(MONDAY, 72, 73), now=later)
        after = seen(session, entered.id)
        assert (after.status, after.decide_until) == (Status.REQUESTED, later + timedelta(hours=48))
        assert (after.decided_at, after.decided_by) == (None, None)
        assert last_event(session).facts["needs_decision"] is True

    def test_a_moved_request_gets_a_new_deadline_for_every_actor(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 72, 73), now=MONDAY)
        do(session, reservations.move, entered.id, hours(MONDAY, 10, 11), may_decide=True)

        after = seen(session, entered.id)
        assert (after.status, after.decide_until) == (Status.REQUESTED, hours(MONDAY, 10, 11).start)

    def test_what_is_over_or_ended_is_not_moved(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)
        with pytest.raises(WrongStatus):
            do(session, reservations.move, entered.id, hours(MONDAY, 9, 10), now=hours(MONDAY, 3, 4).start)
        do(session, reservations.cancel, entered.id)
        with pytest.raises(WrongStatus):
            do(session, reservations.move, entered.id, hours(MONDAY, 9, 10))


class TestCancel:
    def test_a_cancelled_span_can_be_had_at_once(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 30, 33), now=MONDAY)
        do(session, reservations.cancel, entered.id, reason="Rain")

        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 30, 33), now=MONDAY)
        after = seen(session, entered.id)
        assert (after.status, after.reason, after.is_late_cancel, after.revision) == ("cancelled", "Rain", False, 1)

    @pytest.mark.parametrize(
        ("before_start", "is_late"),
        [(timedelta(hours=24), False), (timedelta(hours=24, seconds=-1), True), (timedelta(0), True)],
    )
    def test_cancelling_a_confirmed_reservation_within_the_last_day_is_late(
        self, session, sample_ring, before_start, is_late
    ):
        span = hours(MONDAY, 48, 50)
        entered = reserve(session, sample_ring.combine, sample_ring.anna, span, now=MONDAY)
        do(session, reservations.cancel, entered.id, now=span.start - before_start)

        assert seen(session, entered.id).is_late_cancel is is_late
        cancelled = session.execute(
            select(RecordedEvent.facts).where(RecordedEvent.type == "reservation_cancelled")
        ).scalar_one()
        assert cancelled["is_late"] is is_late

    def test_a_request_is_never_cancelled_late(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 2, 3), now=MONDAY)
        do(session, reservations.cancel, entered.id)

        assert seen(session, entered.id).is_late_cancel is False

    def test_what_is_over_is_not_cancelled(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)

        with pytest.raises(WrongStatus):
            do(session, reservations.cancel, entered.id, now=hours(MONDAY, 3, 4).start)


class TestDecide:
    def test_an_approved_request_is_confirmed(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
        do(session, decisions.approve, entered.id)

        after = seen(session, entered.id)
        assert (after.status, after.decided_at, after.decide_until) == (Status.CONFIRMED, MONDAY, None)
        assert (last_event(session).type, last_event(session).facts["was_request"]) == ("reservation_confirmed", True)

    def test_approving_checks_every_rule_again(self, session, sample_ring):
        saw = machine(
            session,
            sample_ring.hall,
            "saw",
            needs_approval=True,
            induction_kind_id=sample_ring.laser_induction,
            places=2,
        )
        entered = reserve(session, saw, sample_ring.anna, hours(MONDAY, 30, 31), now=MONDAY)
        with write_transaction(session):
            session.execute(update(Machine).where(Machine.id == saw).values(shortest_min=120))
        with pytest.raises(RequestRefused) as refusal:
            do(session, decisions.approve, entered.id)

        assert [violation.rule for violation in refusal.value.violations] == ["shortest"]
        assert seen(session, entered.id).status is Status.REQUESTED

    def test_notice_counts_from_the_request_and_not_from_the_approval(self, session, sample_ring):
        saw = machine(session, sample_ring.hall, "saw", needs_approval=True, notice_hours=24)
        entered = reserve(session, saw, sample_ring.anna, hours(MONDAY, 30, 31), now=MONDAY)

        do(session, decisions.approve, entered.id, now=MONDAY + timedelta(hours=20))

        assert seen(session, entered.id).status is Status.CONFIRMED

    def test_how_far_ahead_one_may_reserve_counts_from_the_move_and_not_from_the_request(self, session, sample_ring):
        saw = machine(session, sample_ring.hall, "saw", needs_approval=True, horizon_days=10)
        entered = reserve(session, saw, sample_ring.anna, hours(MONDAY, 5 * 24, 5 * 24 + 1), now=MONDAY)
        later = MONDAY + timedelta(days=1)
        do(session, reservations.move, entered.id, hours(MONDAY, 11 * 24, 11 * 24 + 1), now=later)

        do(session, decisions.approve, entered.id, now=later)

        assert seen(session, entered.id).status is Status.CONFIRMED

    def test_notice_counts_from_the_move_and_not_from_the_request(self, session, sample_ring):
        saw = machine(session, sample_ring.hall, "saw", needs_approval=True)
        entered = reserve(session, saw, sample_ring.anna, hours(MONDAY, 60, 61), now=MONDAY)
        later = MONDAY + timedelta(hours=20)
        do(session, reservations.move, entered.id, hours(MONDAY, 50, 51), now=later)
        with write_transaction(session):
            session.execute(update(Machine).where(Machine.id == saw).values(notice_hours=48))

        with pytest.raises(RequestRefused) as refusal:
            do(session, decisions.approve, entered.id, now=later)

        assert [violation.rule for violation in refusal.value.violations] == ["notice"]

    def test_a_retired_machine_is_not_approved(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
        with write_transaction(session):
            session.execute(update(Machine).where(Machine.id == sample_ring.splitter).values(retired_at=MONDAY))

        with pytest.raises(MachineNotFound):
            do(session, decisions.approve, entered.id)

    def test_after_its_deadline_a_request_is_not_approved_any_more(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)

        with pytest.raises(WrongStatus) as refusal:
            do(session, decisions.approve, entered.id, now=hours(MONDAY, 5, 6).start)
        assert refusal.value.facts["status"] == "expired"

    def test_a_declined_request_frees_its_span_and_keeps_the_reason(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
        do(session, decisions.reject, entered.id, "Chain is being sharpened")

        assert (seen(session, entered.id).status, seen(session, entered.id).reason) == (
            "rejected",
            "Chain is being sharpened",
        )
        assert last_event(session).type == "reservation_rejected"
        reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 5, 6), now=MONDAY)

    @pytest.mark.parametrize("verb", [decisions.approve, reservations.cancel])
    def test_two_decisions_about_one_request_end_in_the_first(self, session, sample_ring, verb):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
        do(session, decisions.reject, entered.id, "No")

        with pytest.raises(WrongStatus):
            do(session, verb, entered.id)
        assert seen(session, entered.id).status is Status.REJECTED

    def test_an_overdue_request_expires_once(self, session, sample_ring):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 60, 61), now=MONDAY)
        deadline = MONDAY + timedelta(hours=48)

        assert do(session, decisions.expire, entered.id, now=deadline - timedelta(seconds=1)) is False
        assert decisions.overdue_requests(session, now=deadline - timedelta(seconds=1)) == []
        assert decisions.overdue_requests(session, now=deadline) == [entered.id]
        assert do(session, decisions.expire, entered.id, now=deadline) is True
        assert do(session, decisions.expire, entered.id, now=deadline) is False

        assert seen(session, entered.id).status is Status.EXPIRED
        assert last_event(session).type == "reservation_expired"
        reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 60, 61), now=deadline)

    def test_a_no_show_is_reported_after_the_start_and_frees_the_rest(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 9), now=MONDAY)
        with pytest.raises(WrongStatus):
            do(session, decisions.report_no_show, entered.id)

        now = hours(MONDAY, 2, 3).start
        do(session, decisions.report_no_show, entered.id, now=now)

        assert seen(session, entered.id).status is Status.NO_SHOW
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 2, 9), now=now)


class TestEveryVerb:
    VERBS = (
        (reservations.move, (hours(MONDAY, 9, 10),)),
        (reservations.cancel, ()),
        (decisions.approve, ()),
        (decisions.reject, ("No",)),
        (decisions.report_no_show, ()),
    )

    @pytest.mark.parametrize(("verb", "arguments"), VERBS)
    def test_a_stale_revision_is_refused_before_anything_is_done(self, session, sample_ring, verb, arguments):
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
        do(session, reservations.move, entered.id, hours(MONDAY, 6, 7))
        before, rows = seen(session, entered.id), counts(session)

        with pytest.raises(StaleRevision) as refusal:
            do(session, verb, entered.id, *arguments, revision=0)

        assert refusal.value.facts == {"expected": 0, "actual": 1}
        assert (seen(session, entered.id), counts(session)) == (before, rows)

    @pytest.mark.parametrize(("verb", "arguments"), VERBS)
    def test_an_unknown_reservation_is_not_found(self, session, sample_ring, verb, arguments):
        with pytest.raises(ReservationNotFound):
            do(session, verb, 4711, *arguments)

    def test_each_change_counts_in_the_schedules_of_member_and_machine(self, session, sample_ring):
        def versions():
            return (
                schedule_version(session, member_id=sample_ring.anna),
                schedule_version(session, machine_id=sample_ring.splitter),
            )

        before = versions()
        entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 51), now=MONDAY)
        do(session, decisions.approve, entered.id)
        do(session, reservations.move, entered.id, hours(MONDAY, 60, 61))
        do(session, reservations.cancel, entered.id)

        assert versions() == tuple(version + 4 for version in before)

    def test_every_event_names_who_did_it(self, session, sample_ring):
        entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
        do(session, reservations.cancel, entered.id)

        assert set(session.scalars(select(RecordedEvent.actor_job))) == {SOMEBODY.job}


def test_an_induction_that_ends_meanwhile_stops_the_approval(session, sample_ring):
    saw = machine(session, sample_ring.hall, "saw", needs_approval=True, induction_kind_id=sample_ring.laser_induction)
    induct(session, sample_ring.bernd, sample_ring.laser_induction, MONDAY.date(), days=1)

    with pytest.raises(RequestRefused):
        reserve(session, saw, sample_ring.bernd, hours(MONDAY, 72, 73), now=MONDAY)
    asked = reserve(session, saw, sample_ring.bernd, hours(MONDAY, 24, 25), now=MONDAY).id
    (one,) = queries.inductions(session, member_id=sample_ring.bernd, kind_id=sample_ring.laser_induction)
    do(session, condition_changes.end_induction, one.id, last_day=None)
    written = session.scalar(select(func.count()).select_from(RecordedEvent))

    with pytest.raises(RequestRefused) as refused:
        do(session, decisions.approve, asked)

    assert [violation.rule for violation in refused.value.violations] == ["induction"]
    assert session.get(Reservation, asked, populate_existing=True).status == Status.REQUESTED
    assert session.scalar(select(func.count()).where(Occupancy.hold_id == asked)) == 1  # it waits, and holds its time
    assert session.scalar(select(func.count()).select_from(RecordedEvent)) == written


def test_a_purpose_is_stored_with_any_characters(session, sample_ring):
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2), purpose="Ernte 🌾 'Feld 7' \u202eתירבע")
    entered = do(session, reservations.request_reservation, wish)

    assert seen(session, entered.id).purpose == wish.purpose
