"""What holds which place of a machine, and what a refusal says about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import audits
from booking.closures import blockings
from booking.errors.schedule_errors import RecordRefused, SlotTaken
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import HoldKind, Occupancy, Unit
from booking.places import occupancies
from booking.places.place_assignment import Taking
from booking.reservation_import import ImportedReservation, import_reservations
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY


def do(session, verb, *arguments, now=MONDAY, **options):
    with write_transaction(session):
        return verb(session, *arguments, by=SOMEBODY, now=now, **options)


def held(session, machine_id):
    """(number of the place, from hour, until hour) of all that is held, in order."""
    rows = session.execute(
        select(Unit.number, Occupancy.occupied_from, Occupancy.occupied_until)
        .join(Unit, Unit.id == Occupancy.unit_id)
        .where(Unit.machine_id == machine_id)
        .order_by(Unit.number, Occupancy.occupied_from)
    )
    return [(number, *((at - MONDAY) / timedelta(hours=1) for at in span)) for number, *span in rows]


@pytest.fixture
def shelf(session, sample_ring):
    """Three printers of which each print is followed by half an hour of cleaning."""
    return machine(session, sample_ring.hall, "shelf", places=3, cleaning_min=30)


def test_the_first_free_places_are_held_and_no_more_than_were_wished(session, sample_ring, shelf):
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)
    reserve(session, shelf, sample_ring.bernd, hours(MONDAY, 2, 4), now=MONDAY, places=2)
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY, places=2)

    assert held(session, shelf) == [(1, 1, 3.5), (1, 5, 6.5), (2, 2, 4.5), (2, 5, 6.5), (3, 2, 4.5)]


def test_one_of_several_places_is_held_although_others_are_taken(session, sample_ring, shelf):
    for _ in range(3):
        reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)

    with pytest.raises(SlotTaken):
        reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)
    assert [number for number, *_ in held(session, shelf)] == [1, 2, 3]


def test_holds_that_are_taken_together_for_one_time_get_different_places(session, sample_ring, shelf):
    with write_transaction(session):
        place_ids = occupancies.places_of(session, shelf)
        takings = [
            Taking(hold_id, shelf, place_ids, hours(MONDAY, 1, 3), places)
            for hold_id, places in zip(occupancies.add_holds(session, HoldKind.CLOSURE, 2), (1, 2), strict=True)
        ]
        occupancies.take(session, takings, now=MONDAY)

    assert held(session, shelf) == [(1, 1, 3), (2, 1, 3), (3, 1, 3)]


def test_a_refusal_has_the_requested_and_the_free_places(session, sample_ring, shelf):
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY, places=2)
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)

    for machine_id, places, free in ((shelf, 2, 1), (sample_ring.combine, 1, 0)):
        with pytest.raises(SlotTaken) as refusal:
            reserve(session, machine_id, sample_ring.bernd, hours(MONDAY, 2, 4), now=MONDAY, places=places)

        facts = refusal.value.facts
        assert (facts["machine_id"], facts["places"], facts["places_free"]) == (machine_id, places, free)
        assert facts["span"].start == hours(MONDAY, 2, 4).start


def test_a_refused_closure_names_the_first_time_in_which_a_place_is_held(session, sample_ring, shelf):
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)

    with pytest.raises(SlotTaken) as refusal:
        do(session, blockings.close, shelf, hours(MONDAY, 2, 5), "Repair")

    facts = refusal.value.facts
    assert (facts["machine_id"], facts["span"], facts["short"]) == (shelf, hours(MONDAY, 2, 5), hours(MONDAY, 2, 3.5))
    assert (facts["places"], facts["machine_places"], facts["places_free"]) == (3, 3, 2)


def test_a_machine_without_a_place_can_be_neither_reserved_nor_closed(session, sample_ring):
    bare = machine(session, sample_ring.hall, "bare", places=0)

    with pytest.raises(SlotTaken) as refusal:
        do(session, blockings.close, bare, hours(MONDAY, 2, 5), "Repair")
    assert refusal.value.facts["places"] == 0


def test_what_ends_frees_its_own_places_and_nothing_else(session, sample_ring, shelf):
    annas = reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)
    bernds = reserve(session, shelf, sample_ring.bernd, hours(MONDAY, 1, 2), now=MONDAY)
    first = do(session, blockings.close, shelf, hours(MONDAY, 10, 11), "Repair")
    do(session, blockings.close, shelf, hours(MONDAY, 12, 13), "Paint")
    later_closure = [(number, 12, 13) for number in (1, 2, 3)]

    do(session, blockings.lift, first)
    assert sorted(held(session, shelf)) == sorted([(1, 1, 2.5), (2, 1, 2.5), *later_closure])

    do(session, reservations.cancel, annas.id)
    assert sorted(held(session, shelf)) == sorted([(2, 1, 2.5), *later_closure])

    now = MONDAY + timedelta(hours=1.5)
    do(session, decisions.report_no_show, bernds.id, now=now)
    assert held(session, shelf) == later_closure


def test_a_machine_that_is_back_early_shortens_its_own_time_and_nobody_elses(session, sample_ring, shelf):
    annas = reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY, places=2)
    reserve(session, shelf, sample_ring.bernd, hours(MONDAY, 1, 4), now=MONDAY)
    now = MONDAY + timedelta(hours=1)
    do(session, usage.hand_out, annas.id, Measurement(amount=1), now=now)
    do(session, usage.hand_back, annas.id, Measurement(amount=1), now=now + timedelta(hours=1))

    assert held(session, shelf) == [(1, 1, 2.5), (2, 1, 2.5), (3, 1, 4.5)]


def test_places_that_were_taken_away_are_not_given_to_anybody(session, sample_ring, shelf):
    fewer = MachineInput(slug="shelf", name="Shelf")
    do(session, machines.change_machine, shelf, fewer, places=1)

    assert len(occupancies.places_of(session, shelf)) == 1
    do(session, blockings.close, shelf, hours(MONDAY, 10, 11), "Repair")
    assert held(session, shelf) == [(1, 10, 11)]


def test_what_is_imported_holds_its_places_on_every_machine(session, sample_ring, shelf):
    wishes = (
        Wish(shelf, sample_ring.anna, hours(MONDAY, 5, 6), places=2),
        Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 3, 4)),
        Wish(shelf, sample_ring.bernd, hours(MONDAY, 1, 2)),
        Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2)),
    )

    do(session, import_reservations, [ImportedReservation.of(wish) for wish in wishes])

    assert held(session, shelf) == [(1, 1, 2.5), (1, 5, 6.5), (2, 5, 6.5)]
    assert held(session, sample_ring.combine) == [(1, 1, 2), (1, 3, 4)]


def test_places_that_are_out_are_not_taken_away_though_the_first_should_be_back(session, sample_ring, shelf):
    """The second one was handed out on the place on which the first is overdue: two are out, on one place."""
    for hour in (1, 3):
        entered = reserve(session, shelf, sample_ring.anna, hours(MONDAY, hour, hour + 1), now=MONDAY)
        do(session, usage.hand_out, entered.id, Measurement(), now=MONDAY + timedelta(hours=hour))
    assert {number for number, *_span in held(session, shelf)} == {1}
    later, data = MONDAY + timedelta(hours=3), MachineInput(slug="shelf", name="Shelf")

    with pytest.raises(RecordRefused) as refusal:
        do(session, machines.change_machine, shelf, data, places=1, now=later)

    assert [(one.rule, one.actual, one.limit) for one in refusal.value.violations] == [("places_in_use", 2, 1)]
    do(session, machines.change_machine, shelf, data, places=2, now=later)
    assert audits.too_many_out(session) == ()
