"""The promise of the ring: one machine, one span, one member. The database itself refuses a second one."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from booking.errors.schedule_errors import SlotTaken
from booking.kernel.transaction import write_transaction
from booking.models import Occupancy
from booking.places import occupancies
from booking.places.place_assignment import Taking
from tests.builders import hours, machine, reserve
from tests.conftest import MONDAY


def test_a_taken_span_is_refused(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)

    with pytest.raises(SlotTaken):
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 3, 5), now=MONDAY)


def test_spans_that_only_touch_are_both_served(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 4, 5), now=MONDAY)


def test_cleaning_time_keeps_the_next_member_out(session, sample_ring):
    harvester = machine(session, sample_ring.hall, "harvester", cleaning_min=60)
    reserve(session, harvester, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)

    with pytest.raises(SlotTaken):
        reserve(session, harvester, sample_ring.bernd, hours(MONDAY, 4, 6), now=MONDAY)

    reserve(session, harvester, sample_ring.bernd, hours(MONDAY, 5, 7), now=MONDAY)


def test_places_are_counted(session, sample_ring):
    reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1, 40), now=MONDAY, places=20)

    with pytest.raises(SlotTaken) as refusal:
        reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 30, 50), now=MONDAY, places=5)

    assert refusal.value.facts["places_free"] == 4
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 30, 50), now=MONDAY, places=4)


def test_a_raw_overlapping_insert_is_refused(session, sample_ring):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    unit_id = session.query(Occupancy.unit_id).scalar()
    span = hours(MONDAY, 3, 5)

    with pytest.raises(IntegrityError, match="booking_occupancy_no_overlap"), write_transaction(session):
        session.execute(
            insert(Occupancy).values(
                unit_id=unit_id, occupied_from=span.start, occupied_until=span.end, hold_id=entered.id
            )
        )


def test_only_what_is_taken_is_called_taken_and_any_other_refusal_of_the_database_stays_what_it_is(
    session, sample_ring
):
    unknown_hold = 4711
    place_ids = occupancies.places_of(session, sample_ring.combine)
    taking = Taking(unknown_hold, sample_ring.combine, place_ids, hours(MONDAY, 1, 4), places=1)

    with pytest.raises(IntegrityError), write_transaction(session):
        occupancies.take(session, [taking], now=MONDAY)

    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
