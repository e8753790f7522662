"""A closed machine is not to be had; a lifted closure frees it at once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from booking import audits, queries
from booking.closures import blockings, closure_series
from booking.errors.schedule_errors import (
    ClosureNotFound,
    MachineNotFound,
    RequestRefused,
    SlotTaken,
    StaleRevision,
    WrongStatus,
)
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import Blocking, ClosureDate, Occupancy
from booking.times.recurrence import parse
from booking.times.series_times import SeriesTimes
from booking.times.wall_clock import to_wall
from tests.builders import SOMEBODY, hours, machine, reserve, schedule_version
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once


def close(session, machine_id, span, reason="Repair", now=MONDAY):
    with write_transaction(session):
        return blockings.close(session, machine_id, span, reason, by=SOMEBODY, now=now)


def lift(session, closure_id, now=MONDAY, **revision):
    with write_transaction(session):
        blockings.lift(session, closure_id, by=SOMEBODY, now=now, **revision)


def change(session, closure_id, span, reason="Repair", now=MONDAY, **revision):
    with write_transaction(session):
        blockings.change(session, closure_id, span, reason, by=SOMEBODY, now=now, **revision)


def announced(session):
    return session.execute(select(RecordedEvent.type, RecordedEvent.facts).order_by(RecordedEvent.id)).all()


def test_a_closed_machine_cannot_be_reserved(session, sample_ring):
    close(session, sample_ring.cold_store, hours(MONDAY, 10, 20))

    with pytest.raises(SlotTaken):
        reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 19, 21), now=MONDAY)
    reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 20, 21), now=MONDAY, places=24)


def test_a_closure_over_a_reservation_is_refused_without_names(session, sample_ring):
    entered = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY)

    with pytest.raises(SlotTaken) as refusal:
        close(session, sample_ring.cold_store, hours(MONDAY, 15, 30))

    assert set(refusal.value.facts) == {"machine_id", "span", "short", "places", "places_free", "machine_places"}
    assert queries.closures(session, now=MONDAY) == ()
    hit = queries.hit_by(session, sample_ring.cold_store, hours(MONDAY, 15, 30))
    assert [(one.id, one.member_name) for one in hit] == [(entered.id, "Anna")]
    assert queries.hit_by(session, sample_ring.cold_store, hours(MONDAY, 20, 30)) == ()


def test_a_lifted_closure_frees_the_machine_at_once(session, sample_ring):
    closure_id = close(session, sample_ring.combine, hours(MONDAY, 10, 20))
    lift(session, closure_id, now=hours(MONDAY, 12, 13).start)

    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 12, 15), now=hours(MONDAY, 12, 13).start)
    assert queries.closures(session, now=MONDAY) == ()
    assert queries.closure(session, closure_id).lifted_at == hours(MONDAY, 12, 13).start
    with pytest.raises(WrongStatus):
        lift(session, closure_id)


def test_a_changed_closure_frees_what_it_no_longer_covers(session, sample_ring):
    closure_id = close(session, sample_ring.combine, hours(MONDAY, 10, 20))
    change(session, closure_id, hours(MONDAY, 15, 25), "Spare part is late", revision=0)

    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 15), now=MONDAY)
    with pytest.raises(SlotTaken):
        change(session, closure_id, hours(MONDAY, 14, 25))
    (closure,) = queries.closures(session, now=MONDAY, workshop_ids=[sample_ring.hall])
    assert (closure.starts_at, closure.reason, closure.revision) == (
        hours(MONDAY, 15, 25).start,
        "Spare part is late",
        1,
    )
    with pytest.raises(StaleRevision):
        lift(session, closure_id, revision=0)


def test_closures_are_announced_and_count_as_a_change_of_the_schedule(session, sample_ring):
    before = schedule_version(session, machine_id=sample_ring.combine)
    closure_id = close(session, sample_ring.combine, hours(MONDAY, 10, 20))
    change(session, closure_id, hours(MONDAY, 10, 21))
    lift(session, closure_id)

    assert [event for event, _ in announced(session)] == ["machine_closed", "closure_changed", "closure_lifted"]
    assert announced(session)[0].facts["ends_at"] == int(hours(MONDAY, 10, 20).end.timestamp())
    assert schedule_version(session, machine_id=sample_ring.combine) == before + 3


def test_a_closure_of_the_past_or_of_a_retired_machine_is_refused(session, sample_ring):
    with pytest.raises(RequestRefused):
        close(session, sample_ring.combine, hours(MONDAY, -3, 0))
    with pytest.raises(MachineNotFound):
        close(session, machine(session, sample_ring.hall, "old", retired_at=MONDAY), hours(MONDAY, 1, 2))
    with pytest.raises(ClosureNotFound):
        lift(session, 4711)

    assert session.scalars(select(Occupancy.id)).all() == []


def test_a_closure_is_on_the_board(session, sample_ring):
    closure_id = close(session, sample_ring.cold_store, hours(MONDAY, 10, 20), "Defrosting")

    rows = queries.board(session, hours(MONDAY, 0, 24), now=MONDAY).rows
    (entry,) = next(row.entries for row in rows if row.machine.id == sample_ring.cold_store)

    assert entry.is_closure
    assert (entry.blocking_id, entry.places, entry.text, entry.status) == (closure_id, 24, "Defrosting", "closed")


def test_places_added_during_a_closure_are_closed_as_well(session, sample_ring):
    shelf = machine(session, sample_ring.hall, "shelf", places=2)
    close(session, shelf, hours(MONDAY, 10, 20))
    with write_transaction(session):
        facts = MachineInput(slug="shelf", name="Shelf")
        machines.change_machine(session, shelf, facts, places=4, by=SOMEBODY, now=MONDAY)

    with pytest.raises(SlotTaken):
        reserve(session, shelf, sample_ring.anna, hours(MONDAY, 12, 13), now=MONDAY)
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 20, 21), now=MONDAY, places=4)


def test_places_added_while_a_machine_is_closed_are_closed_until_the_end(session, sample_ring):
    shelf = machine(session, sample_ring.hall, "shelf", places=2)
    close(session, shelf, hours(MONDAY, 10, 20))
    at_noon = hours(MONDAY, 12, 13).start
    with write_transaction(session):
        facts = MachineInput(slug="shelf", name="Shelf")
        machines.change_machine(session, shelf, facts, places=4, by=SOMEBODY, now=at_noon)

    with pytest.raises(SlotTaken):
        reserve(session, shelf, sample_ring.anna, hours(MONDAY, 19, 20), now=at_noon)
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 20, 21), now=at_noon, places=4)


def test_places_added_after_a_closure_was_lifted_can_be_had(session, sample_ring):
    shelf = machine(session, sample_ring.hall, "shelf", places=2)
    lift(session, close(session, shelf, hours(MONDAY, 10, 20)))
    with write_transaction(session):
        facts = MachineInput(slug="shelf", name="Shelf")
        machines.change_machine(session, shelf, facts, places=4, by=SOMEBODY, now=MONDAY)

    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 12, 13), now=MONDAY, places=4)


def test_two_managers_who_change_all_dates_at_once_leave_one_of_both_changes(app, session, sample_ring):
    """Both lock the rule, its closures by id and then the machine: none waits for the other in a circle."""
    zone, span = ZoneInfo("Europe/Berlin"), hours(MONDAY, 24, 26)
    rule = parse("FREQ=DAILY;COUNT=4", to_wall(span.start, zone), zone)
    times = SeriesTimes(rule, zone, to_wall(span.start, zone), span.length)
    with write_transaction(session):
        combine = sample_ring.combine
        series_id = closure_series.close_repeatedly(session, combine, times, "Service", by=SOMEBODY, now=MONDAY)
    ids = closures_of(session, series_id)

    def changing(at, start, reason):
        moved = hours(MONDAY, 24 * (at + 1) + start, 24 * (at + 1) + start + 2)
        return lambda session: closure_series.change_all(
            session, ids[at], moved, reason, zone, by=SOMEBODY, now=MONDAY, revision=0
        )

    results = all_at_once(app, changing(0, 1, "Later"), changing(3, -3, "Earlier"))
    session.rollback()
    assert sorted(isinstance(one, int) for one in results) in ([False, True], [True, True])
    found = session.scalars(select(Blocking).order_by(Blocking.id)).all()
    assert len({one.reason for one in found}) == 1
    assert {one.starts_at - before.starts_at for one, before in zip(found[1:], found[:-1], strict=True)} == {
        timedelta(days=1)
    }
    assert audits.contradictions(session) == () == audits.overlapping_pairs(session)


def closures_of(session, series_id):
    return session.scalars(select(ClosureDate.blocking_id).filter_by(series_id=series_id)).all()
