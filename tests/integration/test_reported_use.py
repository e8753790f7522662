"""A use that nobody reserved is reported by a meter, a machine controller or a slip on paper."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import usage
from booking.errors import MachineNotFound, MemberNotFound, UsageRefused
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.timespan import TimeSpan
from booking.usage import Measurement, UnreservedUse
from tests.conftest import MONDAY

WANDA = Actor(user_id=3)


def test_a_meter_may_report_a_use_nobody_reserved(session, sample_ring):
    span = TimeSpan(MONDAY - timedelta(hours=3), MONDAY - timedelta(hours=1))
    use = UnreservedUse(sample_ring.combine, sample_ring.anna, span, Measurement(amount=320))

    with write_transaction(session):
        slip = usage.record_usage(session, use, by=WANDA, now=MONDAY)

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
        slip = usage.record_usage(session, use, by=WANDA, now=MONDAY)

    assert (slip.used_amount, slip.places, slip.booked_amount) == (2 * 3600, 1, None)
    assert (slip.handed_out_at, slip.handed_back_at) == (span.start, span.end)
    assert session.scalars(select(RecordedEvent.type)).all() == ["machine_handed_back"]
