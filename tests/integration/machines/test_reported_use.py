"""A use that nobody reserved is reported by a meter, a machine controller or a slip on paper."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.extensions import db
from booking.errors.schedule_errors import MachineNotFound, MemberNotFound, UsageRefused, UseCovered, UseOverlaps
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from booking.timespan import TimeSpan
from booking.use import objections, usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import hours, reserve
from tests.conftest import MONDAY

WANDA = Actor(user_id=3)


def test_a_meter_may_report_a_use_nobody_reserved(session, sample_ring):
    span = TimeSpan(MONDAY - timedelta(hours=3), MONDAY - timedelta(hours=1))
    use = UnreservedUse(sample_ring.combine, sample_ring.anna, span, Measurement(amount=320))

    with write_transaction(session):
        slip, _is_new = usage.record_usage(session, use, by=WANDA, now=MONDAY)

    assert (slip.used_amount, slip.reservation_id) == (320, None)


@pytest.mark.parametrize(("ends_later", "is_refused"), [(0, False), (1, True)])
def test_a_use_that_is_not_over_is_not_reported(session, sample_ring, ends_later, is_refused):
    span = TimeSpan(MONDAY - timedelta(hours=1), MONDAY + timedelta(seconds=ends_later))
    use = UnreservedUse(sample_ring.combine, sample_ring.anna, span, Measurement(amount=320))

    if is_refused:
        with pytest.raises(UsageRefused) as refusal, write_transaction(session):
            usage.record_usage(session, use, by=WANDA, now=MONDAY)
        assert [violation.rule for violation in refusal.value.violations] == ["in_future"]
    else:
        with write_transaction(session):
            usage.record_usage(session, use, by=WANDA, now=MONDAY)


def test_a_reported_use_needs_a_machine_and_a_member_of_the_ring(session, sample_ring):
    span = TimeSpan(MONDAY - timedelta(hours=3), MONDAY - timedelta(hours=1))

    with pytest.raises(MachineNotFound), write_transaction(session):
        usage.record_usage(
            session, UnreservedUse(4711, sample_ring.anna, span, Measurement(amount=1)), by=WANDA, now=MONDAY
        )
    with pytest.raises(MemberNotFound), write_transaction(session):
        usage.record_usage(
            session, UnreservedUse(sample_ring.combine, 4711, span, Measurement(amount=1)), by=WANDA, now=MONDAY
        )


def test_a_reported_use_is_counted_by_the_clock_for_one_place_and_announced(session, sample_ring):
    span = TimeSpan(MONDAY - timedelta(hours=3), MONDAY - timedelta(hours=1))

    with write_transaction(session):
        use = UnreservedUse(sample_ring.cold_store, sample_ring.anna, span, Measurement())
        slip, _is_new = usage.record_usage(session, use, by=WANDA, now=MONDAY)

    assert (slip.used_amount, slip.places, slip.booked_amount) == (2 * 3600, 1, None)
    assert (slip.handed_out_at, slip.handed_back_at) == (span.start, span.end)
    assert session.scalars(select(RecordedEvent.type)).all() == ["machine_handed_back"]


def report(session, machine_id, member_id, span, amount=None, **more):
    with write_transaction(session):
        use = UnreservedUse(machine_id, member_id, span, Measurement(amount=amount), **more)
        slip, is_new = usage.record_usage(session, use, by=WANDA, now=MONDAY)
        return slip.id, is_new


def events_of(session, kind="machine_handed_back"):
    return session.scalar(select(func.count()).where(RecordedEvent.type == kind))


def test_the_same_use_reported_again_is_the_slip_that_there_is(session, sample_ring):
    span = hours(MONDAY, -3, -1)
    first, is_new = report(session, sample_ring.combine, sample_ring.anna, span, 320)
    assert is_new

    for allowed in (False, True):
        again = report(session, sample_ring.combine, sample_ring.anna, span, 320, allow_overlap=allowed)
        assert again == (first, False)
    assert events_of(session) == 1


def test_the_same_use_reported_twice_at_once_is_one_slip(app, session, sample_ring):
    def report_in_its_own_session(_number):
        with app.app_context():
            try:
                span = hours(MONDAY, -3, -1)
                return report(db.session(), sample_ring.combine, sample_ring.anna, span, 320)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as threads:
        reported = list(threads.map(report_in_its_own_session, range(4)))

    assert len({slip_id for slip_id, _is_new in reported}) == 1
    assert sorted(is_new for _slip_id, is_new in reported) == [False, False, False, True]
    assert events_of(session) == 1


def test_a_machine_with_one_place_is_not_used_twice_at_a_time_unless_said_on_purpose(session, sample_ring):
    first, _is_new = report(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, -5, -3), 100)

    report(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, -3, -2), 100)  # right after it
    for other, error in ((sample_ring.bernd, UseOverlaps), (sample_ring.anna, UseCovered)):
        with pytest.raises(error) as refusal:
            report(session, sample_ring.combine, other, hours(MONDAY, -4.5, -4), 50)
        assert refusal.value.facts["usage_id"] == first

    assert report(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, -4, -3.5), 50, allow_overlap=True)[1]


def test_what_is_used_at_a_time_is_counted_in_places(session, sample_ring):
    store, span = sample_ring.cold_store, hours(MONDAY, -5, -1)
    report(session, store, sample_ring.anna, hours(MONDAY, -5, -4), places=20)
    report(session, store, sample_ring.anna, hours(MONDAY, -4, -3), places=10)

    with pytest.raises(UseOverlaps) as refusal:
        report(session, store, sample_ring.bernd, span, places=5)
    assert [(wrong.rule, wrong.limit, wrong.actual) for wrong in refusal.value.violations] == [("places_used", 24, 25)]
    assert report(session, store, sample_ring.bernd, span, places=4)[1]
    with pytest.raises(UsageRefused) as refusal:
        report(session, store, sample_ring.bernd, span, places=25)
    assert [wrong.rule for wrong in refusal.value.violations] == ["places"]


def test_a_use_that_a_reservation_in_use_or_its_slip_covers_is_not_reported_again(session, sample_ring):
    hour_ago = MONDAY - timedelta(hours=1)
    reserved = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 4), now=hour_ago)
    with write_transaction(session):
        slip = usage.hand_out(session, reserved.id, Measurement(), by=WANDA, now=hour_ago).id
    within = hours(MONDAY, -0.5, 0)

    with pytest.raises(UseCovered) as refusal:
        report(session, sample_ring.combine, sample_ring.anna, within, 50)
    assert refusal.value.facts["usage_id"] == slip

    with write_transaction(session):
        usage.hand_back(session, reserved.id, Measurement(amount=50), by=WANDA, now=MONDAY)
    with pytest.raises(UseCovered):
        report(session, sample_ring.combine, sample_ring.anna, within, 50)


def test_a_use_is_covered_by_several_slips_together_however_many_places_there_are(session, sample_ring):
    for span in (hours(MONDAY, -10, -8), hours(MONDAY, -8, -6), hours(MONDAY, -5, -4)):
        report(session, sample_ring.cold_store, sample_ring.anna, span, None)

    with pytest.raises(UseCovered):
        report(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, -9, -7), None)
    report(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, -7, -4.5), None)  # an hour of it is new
    report(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, -9, -7), None)


@pytest.mark.parametrize(
    ("machine", "span", "amount", "rules"),
    [
        ("splitter", hours(MONDAY, -3, -1), 4_419 * 3_600, ["amount_beyond_time"]),
        ("splitter", hours(MONDAY, -3, -1), 7_200, []),
        ("splitter", hours(MONDAY, -4_420, -1), None, ["use_too_long"]),
        ("splitter", hours(MONDAY, -2 * 365 * 24, -2 * 365 * 24 + 2), None, ["use_too_old"]),
        ("splitter", hours(MONDAY, -365 * 24, -365 * 24 + 2), None, []),
        ("cold_store", hours(MONDAY, -3, -1), 3 * 86_400, ["amount_beyond_time"]),
        ("combine", hours(MONDAY, -3, -1), 99_999_999_900, ["amount_too_large"]),
        ("combine", hours(MONDAY, -3, -1), -1, ["amount_negative"]),
    ],
)
def test_a_use_beyond_what_can_be_is_refused(session, sample_ring, machine, span, amount, rules):
    machine_id = getattr(sample_ring, machine)
    if not rules:
        assert report(session, machine_id, sample_ring.anna, span, amount)[1]
        return
    with pytest.raises(UsageRefused) as refusal:
        report(session, machine_id, sample_ring.anna, span, amount)
    assert [wrong.rule for wrong in refusal.value.violations] == rules
    assert session.scalar(select(func.count()).select_from(UsageRecord)) == 0


def test_hours_that_a_use_cannot_have_are_refused_at_hand_back_and_as_a_correction(session, sample_ring):
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)
    with write_transaction(session):
        usage.hand_out(session, reserved.id, Measurement(), by=WANDA, now=MONDAY + timedelta(hours=1))
    back = MONDAY + timedelta(hours=3)

    with pytest.raises(UsageRefused), write_transaction(session):
        usage.hand_back(session, reserved.id, Measurement(amount=4_419 * 3_600), by=WANDA, now=back)
    with write_transaction(session):
        slip = usage.hand_back(session, reserved.id, Measurement(amount=3 * 3_600), by=WANDA, now=back).id
        objections.object_to(session, slip, "Less.", by=WANDA, now=back)
    with pytest.raises(UsageRefused) as refusal, write_transaction(session):
        objections.answer(session, slip, "So it was.", by=WANDA, now=back, corrected_amount=4_419 * 3_600)
    assert [wrong.rule for wrong in refusal.value.violations] == ["amount_beyond_time"]
