"""What a series holds: its machine and its places stay, and two series that change places do not deadlock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.storage import audits
from app.wording.rules import violation_sentence
from booking import replan
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import Machine, Occupancy, Replanned, Reservation
from booking.replan import Outcome
from booking.series import series
from booking.series.series import OnConflict
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from tests.breakdowns import book, close, do, three_lasers
from tests.builders import SOMEBODY, machine
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once
from tests.integration.schedule.test_series_verbs import enter, wish_of
from tests.ring_check import ring_check

BY = {"by": SOMEBODY, "now": MONDAY}


def sound(session):
    session.rollback()
    return all(audits.run_audit(session, name) == [] for name in ("overlaps", "out", "quotas"))


def test_neither_the_machine_nor_a_place_that_a_series_holds_is_retired(session, sample_ring):
    made = enter(session, wish_of(sample_ring, machine_id=sample_ring.cold_store, places=20))
    rack = MachineInput(slug="cold-store", name="Cold-store", charge_unit="place_day")
    for rule, field, words, verb, more in (
        ("place_held", "places", "20 von 19 Plätzen", machines.change_machine, {"data": rack, "places": 19}),
        ("still_reserved", "machine", ": 4. Verschieben oder stornieren", machines.retire, {}),
    ):
        with pytest.raises(RecordRefused) as refusal, write_transaction(session):
            verb(session, sample_ring.cold_store, **more, **BY)
        (found,) = refusal.value.violations
        assert (found.rule, found.field) == (rule, field)
        assert words in str(violation_sentence(found))
    assert session.get(Machine, sample_ring.cold_store).retired_at is None

    with write_transaction(session):
        machines.change_machine(session, sample_ring.cold_store, rack, places=20, **BY)
    assert {one.places for one in session.scalars(select(Reservation))} == {20}
    with write_transaction(session):
        assert len(series.cancel_rest(session, made.id, **BY)) == 4
        machines.retire(session, sample_ring.cold_store, **BY)
    assert sound(session)


def test_two_series_that_change_to_each_others_machine_at_once_do_not_deadlock(app, session, sample_ring):
    other = machine(session, sample_ring.hall, "baler")
    first = enter(session, wish_of(sample_ring)).id
    second = enter(session, wish_of(sample_ring, machine_id=other, member_id=sample_ring.bernd)).id
    with write_transaction(session):  # so that each finds the other machine free
        later = SeriesChange(Scope.ALL, starts_at=MONDAY.replace(hour=15).time())
        carry_out.change_series(session, second, later, on_conflict=OnConflict.REFUSE, **BY)
    session.rollback()

    def moving(series_id, machine_id):
        change, options = SeriesChange(Scope.ALL, machine_id=machine_id), {"on_conflict": OnConflict.REFUSE, **BY}
        return lambda of_session: len(
            carry_out.change_series(of_session, series_id, change, decides_in=None, **options).dates
        )

    assert all_at_once(app, moving(first, other), moving(second, sample_ring.combine)) == [4, 4]
    assert ring_check(session) == {}


@pytest.mark.parametrize("leave", ["cancel the rest", "another time"])
def test_what_a_plan_holds_for_a_date_is_free_at_once_when_its_series_leaves(session, sample_ring, leave):
    twin, broken, third = three_lasers(session, sample_ring)
    made = enter(session, wish_of(sample_ring, "FREQ=WEEKLY;COUNT=2", machine_id=broken))
    first = made.dates[0].id
    since = (made.dates[0].starts_at - MONDAY) // timedelta(hours=1)
    book(session, twin, sample_ring.bernd, since, since + 2)
    closure = close(session, broken, since, since + 2)
    plan = replan.make_plan(session, closure, now=MONDAY)
    assert [line.target.machine_id for line in plan.of(Outcome.OFFER)] == [third]
    do(session, replan.confirm, closure, plan.digest)
    held = session.get(Replanned, first).hold_id
    assert session.scalars(select(Occupancy.id).where(Occupancy.hold_id == held)).all()

    if leave == "another time":
        later = SeriesChange(Scope.ALL, starts_at=MONDAY.replace(hour=15).time())
        do(session, carry_out.change_series, made.id, later, on_conflict=OnConflict.REFUSE)
    else:
        do(session, series.cancel_rest, made.id)

    assert session.scalars(select(Occupancy.id).where(Occupancy.hold_id == held)).all() == []
    told = select(RecordedEvent.type).where(RecordedEvent.type == "proposal_withdrawn")
    assert len(session.scalars(told).all()) == 1
    assert replan.overdue(session, now=MONDAY) == []
    book(session, third, sample_ring.bernd, since, since + 2)
    assert sound(session)
