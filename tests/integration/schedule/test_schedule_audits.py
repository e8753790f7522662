"""The audits find what the guard would have refused, and nothing in a sound schedule."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, text, update

from booking import audits
from booking.closures import blockings
from booking.kernel.audit import AuditFinding
from booking.kernel.transaction import write_transaction
from booking.models import Blocking, Occupancy, Reservation, Unit
from booking.reservations import decisions, reservations
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY


@pytest.fixture
def unguarded(session):
    """A database whose guard was taken away, as after a careless repair by hand."""
    with write_transaction(session):
        if session.get_bind().dialect.name == "sqlite":
            for when in ("insert", "update"):
                session.execute(text(f"DROP TRIGGER booking_occupancy_no_overlap_{when}"))
        else:
            session.execute(text("ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap"))


def occupy(session, unit_id, span, hold_id):
    with write_transaction(session):
        row = {"unit_id": unit_id, "occupied_from": span.start, "occupied_until": span.end, "hold_id": hold_id}
        session.execute(insert(Occupancy).values(**row))


def test_a_sound_schedule_has_nothing_to_tell(session, sample_ring):
    kept = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1, 9), now=MONDAY, places=7)
    lost = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 1, 9), now=MONDAY)
    gone = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 1, 9), now=MONDAY)
    with write_transaction(session):
        decisions.reject(session, lost.id, "No", by=SOMEBODY, now=MONDAY)
        reservations.cancel(session, gone.id, by=SOMEBODY, now=MONDAY)
        reservations.move(session, kept.id, hours(MONDAY, 2, 8), by=SOMEBODY, now=MONDAY, places=4)
        closure_id = blockings.close(session, sample_ring.combine, hours(MONDAY, 1, 9), "", by=SOMEBODY, now=MONDAY)
        blockings.lift(session, closure_id, by=SOMEBODY, now=MONDAY)
        blockings.close(session, sample_ring.combine, hours(MONDAY, 2, 9), "", by=SOMEBODY, now=MONDAY)

    assert audits.overlapping_pairs(session) == ()
    assert audits.contradictions(session) == ()


def test_overlaps_are_found_with_both_partners(session, sample_ring, unguarded):
    long = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 20), now=MONDAY)
    unit_id = session.query(Occupancy.unit_id).filter_by(hold_id=long.id).scalar()
    other = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 2, 3), now=MONDAY)
    # The second lies inside the first, the third overlaps the first only, the fourth nothing.
    occupy(session, unit_id, hours(MONDAY, 2, 3), other.id)
    occupy(session, unit_id, hours(MONDAY, 19, 22), other.id)
    occupy(session, unit_id, hours(MONDAY, 22, 23), other.id)

    pair = AuditFinding(
        "overlap",
        {
            "unit_id": unit_id,
            "first_kind": "reservation",
            "first_id": long.id,
            "second_kind": "reservation",
            "second_id": other.id,
        },
    )
    assert audits.overlapping_pairs(session) == (pair, pair)


def test_two_rows_for_the_very_same_span_are_one_pair(session, sample_ring, unguarded):
    first = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)
    unit_id = session.query(Occupancy.unit_id).scalar()
    occupy(session, unit_id, hours(MONDAY, 1, 2), first.id)

    assert len(audits.overlapping_pairs(session)) == 1


def test_a_reservation_with_wrong_occupancies_is_found(session, sample_ring):
    few = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY, places=3)
    ended = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)
    other = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)
    strange = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
    with write_transaction(session):
        one_row = session.query(Occupancy.id).filter_by(hold_id=few.id).limit(1).scalar()
        session.execute(delete(Occupancy).where(Occupancy.id == one_row))
        session.execute(update(Reservation).where(Reservation.id == ended.id).values(status="cancelled"))
        session.execute(
            update(Occupancy).where(Occupancy.hold_id == other.id).values(occupied_until=hours(MONDAY, 1, 3).end)
        )
        laser_place = session.query(Unit.id).filter_by(machine_id=sample_ring.laser).scalar()
        session.execute(update(Occupancy).where(Occupancy.hold_id == strange.id).values(unit_id=laser_place))

    assert audits.contradictions(session) == (
        AuditFinding("places_missing", {"kind": "reservation", "id": few.id}),
        AuditFinding("held_after_end", {"kind": "reservation", "id": ended.id}),
        AuditFinding("other_span", {"kind": "reservation", "id": other.id}),
        AuditFinding("other_machine", {"kind": "reservation", "id": strange.id}),
    )


def test_a_closure_that_does_not_hold_is_found(session, sample_ring):
    with write_transaction(session):
        first = blockings.close(session, sample_ring.combine, hours(MONDAY, 1, 2), "", by=SOMEBODY, now=MONDAY)
        second = blockings.close(session, sample_ring.combine, hours(MONDAY, 3, 4), "", by=SOMEBODY, now=MONDAY)
        session.execute(delete(Occupancy).where(Occupancy.hold_id == first))
        session.execute(update(Blocking).where(Blocking.id == second).values(lifted_at=MONDAY))

    assert audits.contradictions(session) == (
        AuditFinding("places_missing", {"kind": "closure", "id": first}),
        AuditFinding("held_after_end", {"kind": "closure", "id": second}),
    )
