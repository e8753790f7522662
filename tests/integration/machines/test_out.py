"""Where a machine is: never more places out than there are, fetched early, brought back late, not fetched at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.storage.audits import run_audit
from booking import audits, queries
from booking.errors.schedule_errors import MachineNotFound, RecordRefused, SlotTaken, UsageRefused, WrongStatus
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.models import Occupancy, Reservation, UsageRecord
from booking.reservations import decisions, reservations
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY

HOUR = timedelta(hours=1)


def at(hour):
    return MONDAY + timedelta(hours=hour)


def do(session, verb, reservation_id, hour, *arguments):
    with write_transaction(session):
        return verb(session, reservation_id, *arguments, by=SOMEBODY, now=at(hour)).id


def hand_out(session, reservation_id, hour):
    return do(session, usage.hand_out, reservation_id, hour, Measurement())


def hand_back(session, reservation_id, hour):
    return do(session, usage.hand_back, reservation_id, hour, Measurement(amount=1))


def refused(session, reservation_id, hour):
    """The violation with which a hand-out is refused."""
    with pytest.raises(UsageRefused) as refusal:
        hand_out(session, reservation_id, hour)
    (violation,) = refusal.value.violations
    return violation


def stored(session, reservation_id):
    one = session.get(Reservation, reservation_id, populate_existing=True)
    return one.status, (one.starts_at, one.ends_at)


def held(session, reservation_id):
    """The hours for which a reservation holds places, once for each place."""
    rows = session.query(Occupancy).where(Occupancy.hold_id == reservation_id).order_by(Occupancy.unit_id)
    return [((row.occupied_from - MONDAY) / HOUR, (row.occupied_until - MONDAY) / HOUR) for row in rows]


@pytest.fixture
def book(session, sample_ring):
    """Reserve hours of a machine, the combine unless said, for Anna or Bernd."""

    def reserved(first, last, *, of=None, who="anna", places=1):
        machine_id = of or sample_ring.combine
        return reserve(
            session, machine_id, getattr(sample_ring, who), hours(MONDAY, first, last), now=MONDAY, places=places
        ).id

    return reserved


@pytest.fixture(autouse=True)
def _audits_are_clean(session):
    yield
    session.rollback()
    assert audits.overlapping_pairs(session) == audits.contradictions(session) == audits.too_many_out(session) == ()


def test_a_machine_that_is_still_out_is_handed_to_nobody_else(session, book):
    first, second = book(8, 18), book(18.75, 20, who="bernd")
    hand_out(session, first, 8)

    assert (refused(session, second, 18.75).rule, refused(session, second, 18.75).limit) == ("all_out", at(18))
    hand_back(session, first, 19)
    hand_out(session, second, 19)


def test_the_next_member_does_not_get_early_what_is_out(session, book):
    first, second = book(8, 10), book(10, 12, who="bernd")
    hand_out(session, first, 8)

    assert (refused(session, second, 9.1).rule, refused(session, second, 9.1).limit) == ("all_out", at(10))


def test_places_are_counted_with_those_of_each_reservation(session, sample_ring, book):
    shelf = machine(session, sample_ring.hall, "shelf", places=3)
    first, second, third = (book(8, 10, of=shelf, places=2), book(10, 12, of=shelf, places=2), book(10, 12, of=shelf))
    hand_out(session, first, 8)

    assert (refused(session, second, 10.5).rule, refused(session, second, 10.5).actual) == ("all_out", 1)
    hand_out(session, third, 10.5)  # the third place is there


def test_an_early_hand_out_takes_the_time_from_now_on(session, sample_ring, book):
    early = book(10, 12)
    hand_out(session, early, 9.25)

    assert held(session, early) == [(9.25, 12)]
    with pytest.raises(SlotTaken):
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 9.5, 10), now=at(9.25))


def test_an_early_hand_out_does_not_take_the_time_of_somebody_else(session, book):
    book(8, 10)
    second = book(10, 12, who="bernd")

    assert (refused(session, second, 9.5).rule, refused(session, second, 9.5).limit) == ("time_before_taken", at(10))
    hand_out(session, second, 10)


def test_set_up_belongs_to_the_reservation_and_may_be_used_early(session, sample_ring, book):
    mill = machine(session, sample_ring.hall, "mill", setup_min=30)
    book(8, 9.5, of=mill)
    second = book(10, 12, of=mill, who="bernd")

    assert refused(session, second, 9.25).limit == at(9.5)
    hand_out(session, second, 9.75)
    hand_back(session, second, 11)
    assert stored(session, second) == ("completed", (at(9.75), at(11)))
    assert held(session, second) == [(9.5, 11)]


def test_an_early_hand_out_may_get_another_place_of_the_machine(session, sample_ring, book):
    shelf = machine(session, sample_ring.hall, "shelf", places=2)
    book(8, 10, of=shelf, who="bernd")
    early = book(10, 12, of=shelf)

    hand_out(session, early, 9.5)
    assert held(session, early) == [(9.5, 12)]


def test_a_use_before_the_start_is_history_as_it_was(session, book):
    early = book(8, 12)
    hand_out(session, early, 7.5)
    hand_back(session, early, 7.75)

    assert stored(session, early) == ("completed", (at(7.5), at(7.75)))
    assert held(session, early) == [(7.5, 7.75)]


def test_booked_is_what_was_reserved_whenever_it_was_fetched(session, sample_ring, book):
    shelf = machine(session, sample_ring.hall, "shelf", charge_unit="hour")
    early = book(8, 12, of=shelf)
    slip_id = hand_out(session, early, 7.5)
    hand_back(session, early, 7.75)

    assert session.get(UsageRecord, slip_id).booked_amount == 4 * 3600


def test_a_use_that_began_late_and_ended_late_is_history_as_it_was(session, book):
    late = book(8, 10)
    hand_out(session, late, 9)
    hand_back(session, late, 11.5)

    assert stored(session, late) == ("completed", (at(9), at(11.5)))
    assert held(session, late) == [(9, 11.5)]


def test_a_late_return_leaves_the_next_reservation_its_time(session, book):
    late, following = book(8, 10), book(11, 12, who="bernd")
    hand_out(session, late, 8)
    hand_back(session, late, 11.5)

    assert stored(session, late) == ("completed", (at(8), at(11.5)))
    assert (held(session, late), held(session, following)) == ([(8, 11)], [(11, 12)])
    hand_out(session, following, 11.5)


def test_a_machine_that_comes_back_at_once_was_used_for_a_moment(session, book):
    moment = book(8, 10)
    hand_out(session, moment, 8)
    hand_back(session, moment, 8)

    assert stored(session, moment) == ("completed", (at(8), at(8) + timedelta(seconds=1)))


def test_a_machine_is_not_handed_out_once_the_time_is_over(session, book):
    over = book(8, 10)

    with pytest.raises(WrongStatus) as refusal:
        hand_out(session, over, 10)
    assert refusal.value.facts["status"] == "over"


def test_a_no_show_that_is_taken_back_has_the_rest_of_its_time_unless_somebody_else_has_it(session, sample_ring, book):
    absent = book(8, 12)
    do(session, decisions.report_no_show, absent, 8.5)
    assert held(session, absent) == []
    do(session, decisions.take_back_no_show, absent, 9)
    assert (stored(session, absent)[0], held(session, absent)) == ("confirmed", [(8, 12)])

    do(session, decisions.report_no_show, absent, 9)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 10, 11), now=at(9))
    with pytest.raises(SlotTaken):
        do(session, decisions.take_back_no_show, absent, 9.5)
    assert stored(session, absent)[0] == "no_show"

    do(session, decisions.take_back_no_show, absent, 11.5)
    assert (stored(session, absent), held(session, absent)) == (("confirmed", (at(8), at(12))), [(11, 12)])
    assert audits.contradictions(session) == ()
    board = queries.board(session, TimeSpan(at(8), at(13)), now=at(11.5), machine_ids=[sample_ring.combine])
    assert [(one.starts_at, one.ends_at) for row in board.rows for one in row.entries] == [
        (at(10), at(11)),
        (at(11), at(12)),
    ]
    hand_out(session, absent, 11.5)
    with write_transaction(session):
        reservations.move(session, absent, TimeSpan(at(8), at(13)), by=SOMEBODY, now=at(11.75))
    hand_back(session, absent, 12.5)
    assert (held(session, absent), audits.contradictions(session)) == ([(11.5, 12.5)], ())


def test_a_no_show_that_is_taken_back_after_its_end_holds_nothing_and_can_be_reported_again(session, book):
    absent = book(8, 12)
    do(session, decisions.report_no_show, absent, 13)
    do(session, decisions.take_back_no_show, absent, 14)

    assert (stored(session, absent)[0], held(session, absent)) == ("confirmed", [])
    assert audits.contradictions(session) == ()
    do(session, decisions.report_no_show, absent, 14)


def test_a_machine_is_retired_when_nothing_is_to_come_and_nothing_is_out(session, sample_ring, book):
    def retire(hour):
        with write_transaction(session):
            machines.retire(session, sample_ring.combine, by=SOMEBODY, now=at(hour))

    book(1, 2)  # never fetched
    out = book(8, 10)
    with pytest.raises(RecordRefused):
        retire(7)
    hand_out(session, out, 8)
    with pytest.raises(RecordRefused):
        retire(11)
    hand_back(session, out, 12)
    retire(12)


def test_what_a_retired_machine_had_promised_cannot_be_taken_back(session, sample_ring, book):
    """Neither a missed reservation whose time still runs nor a declined request: nobody could bring them to an end."""
    splitter = machine(session, sample_ring.hall, "old-splitter", needs_approval=True)
    asked = book(30, 32, of=splitter)
    declined = do(session, decisions.reject, asked, 1, "Broken for good.")
    missed = book(8, 12)
    do(session, decisions.report_no_show, missed, 8.5)
    with write_transaction(session):
        for retired in (splitter, sample_ring.combine):
            machines.retire(session, retired, by=SOMEBODY, now=at(9))

    with pytest.raises(MachineNotFound), write_transaction(session):
        decisions.take_back(session, declined, by=SOMEBODY, now=at(9.5), revision=1)
    with pytest.raises(MachineNotFound):
        do(session, decisions.take_back_no_show, missed, 9.5)

    assert (stored(session, declined)[0], stored(session, missed)[0]) == ("rejected", "no_show")
    assert held(session, declined) == held(session, missed) == []


def test_ring_check_names_a_machine_of_which_more_is_out_than_there_is(session, sample_ring, book):
    first, second = book(8, 10), book(10, 12, who="bernd")
    hand_out(session, first, 8)
    with write_transaction(session):
        session.get(Reservation, second).status = "in_use"

    (finding,) = audits.too_many_out(session)
    assert finding.facts == {"machine_id": sample_ring.combine, "out": 2, "places": 1}
    (message,) = run_audit(session, "out")
    assert message.is_broken
    with write_transaction(session):
        session.get(Reservation, second).status = "confirmed"
