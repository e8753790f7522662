"""From hand-out to hand-back: the slip, the freed rest, the objection."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import audits
from booking.errors.schedule_errors import SlotTaken, StaleRevision, UsageRefused, WrongStatus
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Reservation, UsageRecord
from booking.timespan import TimeSpan
from booking.use import objections, usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import hours, machine, reserve, schedule_version
from tests.conftest import MONDAY

WANDA = Actor(user_id=3)


def hand_out(session, reservation_id, *, after=1.0, **measured):
    with write_transaction(session):
        now = MONDAY + timedelta(hours=after)
        return usage.hand_out(session, reservation_id, Measurement(**measured), by=WANDA, now=now).id


def hand_back(session, reservation_id, *, after=3.0, **measured):
    with write_transaction(session):
        now = MONDAY + timedelta(hours=after)
        return usage.hand_back(session, reservation_id, Measurement(**measured), by=WANDA, now=now).id


def rules_of(refusal):
    return [violation.rule for violation in refusal.value.violations]


@pytest.fixture
def harvest(session, sample_ring):
    """Anna has the combine from 1 to 4 hours after MONDAY."""
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY).id


def test_the_difference_of_meter_readings_is_the_use(session, harvest):
    hand_out(session, harvest, reading=10_000)
    slip = session.get(UsageRecord, hand_back(session, harvest, reading=11_730))

    assert slip.used_amount == 1_730
    assert session.get(Reservation, harvest).status == "completed"


def test_early_return_frees_the_rest_at_once(session, sample_ring, harvest):
    hand_out(session, harvest)
    hand_back(session, harvest, after=2, amount=500)

    now = MONDAY + timedelta(hours=2)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 2, 4), now=now)


def test_a_machine_that_is_back_early_is_cleaned_before_the_next_member_has_it(session, sample_ring):
    harvester = machine(session, sample_ring.hall, "harvester", setup_min=15, cleaning_min=60)
    entered = reserve(session, harvester, sample_ring.anna, hours(MONDAY, 1, 6), now=MONDAY)
    hand_out(session, entered.id)
    hand_back(session, entered.id, after=2)
    now = MONDAY + timedelta(hours=2)

    with pytest.raises(SlotTaken):
        reserve(session, harvester, sample_ring.bernd, hours(MONDAY, 3, 4), now=now)  # set-up would begin at 2:45
    reserve(session, harvester, sample_ring.bernd, hours(MONDAY, 3.25, 4), now=now)


def test_late_return_takes_nothing_from_the_next_member(session, sample_ring, harvest):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 4, 6), now=MONDAY)
    hand_out(session, harvest)
    hand_back(session, harvest, after=5, amount=500)

    assert session.get(Reservation, harvest).ends_at == MONDAY + timedelta(hours=5)  # when it really was
    assert audits.overlapping_pairs(session) == audits.contradictions(session) == ()


def test_a_machine_back_before_its_start_is_free_for_all_of_it(session, sample_ring, harvest):
    hand_out(session, harvest, after=0.5)
    hand_back(session, harvest, after=0.75, amount=0)

    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 1, 4), now=MONDAY)


def test_time_is_counted_by_the_clock(session, sample_ring):
    entered = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1, 25), now=MONDAY, places=3)
    hand_out(session, entered.id)
    slip = session.get(UsageRecord, hand_back(session, entered.id, after=13))

    assert (slip.booked_amount, slip.used_amount) == (24 * 3600 * 3, 12 * 3600 * 3)


def test_time_on_a_machine_that_is_paid_as_a_whole_is_counted_once_for_all_its_places(session, sample_ring):
    shelf = machine(session, sample_ring.hall, "shelf", places=3, charge_unit="hour")
    entered = reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 5), now=MONDAY, places=3)
    hand_out(session, entered.id)
    slip = session.get(UsageRecord, hand_back(session, entered.id, after=3))

    assert (slip.booked_amount, slip.used_amount, slip.places) == (4 * 3600, 2 * 3600, 3)


@pytest.mark.parametrize(
    ("after", "free_from", "ends_after"), [(1, 1, 1), (4, 4, 4)], ids=["at its start", "at its end"]
)
def test_a_machine_that_is_back_at_its_start_or_at_its_end_is_free_from_then_on(
    session, sample_ring, harvest, after, free_from, ends_after
):
    hand_out(session, harvest, after=0.5)
    hand_back(session, harvest, after=after, amount=0)
    now = MONDAY + timedelta(hours=after)

    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, free_from, 6), now=now)
    assert session.get(Reservation, harvest, populate_existing=True).ends_at == MONDAY + timedelta(hours=ends_after)


def test_readings_do_not_run_backwards(session, harvest):
    hand_out(session, harvest, reading=10_000)

    with pytest.raises(UsageRefused) as refusal:
        hand_back(session, harvest, reading=9_999)

    assert "reading_backwards" in rules_of(refusal)
    assert session.get(Reservation, harvest, populate_existing=True).status == "in_use"


def test_the_next_reading_continues_the_last(session, sample_ring, harvest):
    hand_out(session, harvest, reading=10_000)
    hand_back(session, harvest, after=2, reading=12_000)
    later = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 3, 4), now=MONDAY).id

    with pytest.raises(UsageRefused) as refusal:
        hand_out(session, later, after=3, reading=11_999)

    assert refusal.value.violations[0].limit == 12_000


@pytest.mark.parametrize(
    ("measured", "rule"),
    [
        ({}, "amount_missing"),
        ({"reading": 500}, "amount_missing"),
        ({"amount": -1}, "amount_negative"),
        ({"reading": -1}, "reading_negative"),
    ],
)
def test_a_slip_needs_a_sensible_amount(session, harvest, measured, rule):
    hand_out(session, harvest)

    with pytest.raises(UsageRefused) as refusal:
        hand_back(session, harvest, **measured)

    assert rule in rules_of(refusal)
    assert {wrong.limit for wrong in refusal.value.violations if wrong.rule == "amount_negative"} <= {0}


def test_a_machine_is_not_handed_out_hours_before_its_time(session, sample_ring):
    tomorrow = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY).id

    with pytest.raises(UsageRefused) as refusal:
        hand_out(session, tomorrow)

    assert rules_of(refusal) == ["too_early"]


def test_a_machine_is_handed_out_from_an_hour_before_its_time(session, sample_ring):
    noon = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 4, 6), now=MONDAY).id

    with pytest.raises(UsageRefused) as refusal:
        hand_out(session, noon, after=3 - 1 / 3600)
    hand_out(session, noon, after=3)

    assert refusal.value.violations[0].limit == MONDAY + timedelta(hours=3)


def test_a_reading_may_be_nothing_and_may_stay_as_it_was(session, harvest):
    hand_out(session, harvest, reading=0)
    slip = session.get(UsageRecord, hand_back(session, harvest, reading=0))

    assert (slip.reading_before, slip.reading_after, slip.used_amount) == (0, 0, 0)


def test_a_machine_may_come_back_without_having_been_used(session, harvest):
    hand_out(session, harvest)

    assert session.get(UsageRecord, hand_back(session, harvest, amount=0)).used_amount == 0


def test_an_amount_that_is_named_wins_over_the_reading(session, harvest):
    hand_out(session, harvest, reading=10_000)

    assert session.get(UsageRecord, hand_back(session, harvest, reading=11_000, amount=700)).used_amount == 700


def test_the_slip_has_time_and_state_of_hand_out_and_hand_back(session, sample_ring, harvest):
    hand_out(session, harvest, after=1, reading=10_000, note="Tank full")
    slip = session.get(UsageRecord, hand_back(session, harvest, after=3, reading=11_000, note="A tine is bent"))

    assert (slip.handed_out_at, slip.handed_back_at) == (MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=3))
    assert (slip.handed_out_by, slip.handed_back_by) == (WANDA.user_id, WANDA.user_id)
    assert (slip.note_before, slip.note_after) == ("Tank full", "A tine is bent")
    assert (slip.member_id, slip.machine_id, slip.places) == (sample_ring.anna, sample_ring.combine, 1)
    assert (slip.booked_amount, slip.revision) == (None, 1)


def test_hand_out_and_hand_back_are_announced_and_count_as_changes_of_the_schedule(session, sample_ring, harvest):
    before = (
        schedule_version(session, member_id=sample_ring.anna),
        schedule_version(session, machine_id=sample_ring.combine),
    )
    hand_out(session, harvest)
    hand_back(session, harvest, amount=500)

    after = (
        schedule_version(session, member_id=sample_ring.anna),
        schedule_version(session, machine_id=sample_ring.combine),
    )
    assert after == (before[0] + 2, before[1] + 2)
    assert session.get(Reservation, harvest, populate_existing=True).revision == 2
    types = session.scalars(select(RecordedEvent.type).order_by(RecordedEvent.id.desc()).limit(2)).all()
    assert types == ["machine_handed_back", "machine_handed_out"]


@pytest.mark.parametrize("verb", [hand_out, hand_back])
def test_what_somebody_else_changed_meanwhile_is_looked_at_again(session, harvest, verb):
    if verb is hand_back:
        hand_out(session, harvest)
    now = MONDAY + timedelta(hours=1)
    called = usage.hand_out if verb is hand_out else usage.hand_back

    with pytest.raises(StaleRevision), write_transaction(session):
        called(session, harvest, Measurement(amount=1), by=WANDA, now=now, revision=7)


def test_a_second_hand_out_is_refused(session, harvest):
    hand_out(session, harvest)

    with pytest.raises(WrongStatus):
        hand_out(session, harvest)


def test_a_member_objects_once_and_is_answered(session, harvest):
    hand_out(session, harvest)
    slip_id = hand_back(session, harvest, amount=1_800)

    with write_transaction(session):
        objections.object_to(session, slip_id, "It was 17.3 ha.", by=Actor(user_id=1), now=MONDAY)
    with pytest.raises(WrongStatus), write_transaction(session):
        objections.object_to(session, slip_id, "Again.", by=Actor(user_id=1), now=MONDAY)
    with pytest.raises(UsageRefused), write_transaction(session):
        objections.answer(session, slip_id, "Right.", by=WANDA, now=MONDAY, corrected_amount=-1)
    with write_transaction(session):
        slip = objections.answer(session, slip_id, "Right.", by=WANDA, now=MONDAY, corrected_amount=1_730)

    assert slip.used_amount == 1_730


def test_objections_end_after_the_rings_number_of_days(session, harvest):
    hand_out(session, harvest)
    slip_id = hand_back(session, harvest, amount=1_800)
    too_late = MONDAY + timedelta(days=15)

    with pytest.raises(UsageRefused) as refusal, write_transaction(session):
        objections.object_to(session, slip_id, "Too much.", by=Actor(user_id=1), now=too_late)

    assert rules_of(refusal) == ["objection_late"]


def test_the_last_reading_is_that_of_the_latest_use_whenever_it_was_entered(session, sample_ring):
    later = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 3, 4), now=MONDAY).id
    hand_out(session, later, after=3, reading=500)
    hand_back(session, later, after=4, reading=900)
    earlier = TimeSpan(MONDAY - timedelta(hours=3), MONDAY - timedelta(hours=1))
    with write_transaction(session):
        slip = usage.record_usage(
            session,
            UnreservedUse(sample_ring.combine, sample_ring.bernd, earlier, Measurement(amount=5)),
            by=WANDA,
            now=MONDAY,
        ).slip
        slip.reading_after = 400

    assert usage.last_reading(session, sample_ring.combine) == 900
    assert usage.last_reading(session, sample_ring.splitter) is None
