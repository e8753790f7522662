"""Holds: whatever takes places has exactly one, of its own kind; the database itself refuses anything else."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, event, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from booking import audits
from booking.closures import blockings
from booking.errors.schedule_errors import SlotTaken
from booking.kernel.audit import AuditFinding
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Blocking, Hold, HoldKind, Occupancy, Reservation
from booking.places import occupancies
from booking.reservations import reservation_writer
from booking.reservations.lifecycle import Step
from booking.reservations.reservation_writer import NewReservation
from booking.reservations.wishes import Wish
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

FOREIGN_KEY, NOT_NULL = "(?i)foreign key", "(?i)not null|null value"


@pytest.fixture
def reserved(session, sample_ring):
    """The id of a reservation of the combine, and of its hold."""
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY).id


@pytest.fixture
def closed(session, sample_ring):
    """The id of a closure of the splitter, and of its hold."""
    with write_transaction(session):
        return blockings.close(session, sample_ring.splitter, hours(MONDAY, 1, 4), "Repair", by=SOMEBODY, now=MONDAY)


@pytest.fixture
def statements():
    """Every statement sent to the database, with its parameters."""
    sent = []

    def note(_connection, _cursor, statement, parameters, *_more):
        sent.append((" ".join(statement.split()), parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def row_of(session, reservation_id):
    columns = [column for column in Reservation.__table__.columns if column.name not in ("id", "uid")]
    row = session.execute(select(*columns).where(Reservation.id == reservation_id)).one()
    return dict(row._mapping)


def new(wish, place_ids, step=Step.CONFIRM):
    uid = f"{wish.machine_id}-{wish.span.start}"
    return NewReservation(wish, uid, step, wish.span, place_ids, cancel_until=wish.span.start)


def test_a_reservation_and_a_closure_have_the_ids_of_their_holds(session, reserved, closed):
    kinds = dict(session.execute(select(Hold.id, Hold.kind)).all())

    assert kinds == {reserved: "reservation", closed: "closure"}
    assert set(session.scalars(select(Occupancy.hold_id))) == {reserved, closed}


@pytest.mark.parametrize(("hold_id", "constraint"), [(None, NOT_NULL), (4711, FOREIGN_KEY)])
def test_an_occupancy_without_a_hold_is_refused(session, sample_ring, hold_id, constraint):
    (place_id,) = occupancies.places_of(session, sample_ring.combine)
    span = hours(MONDAY, 1, 2)
    row = {"unit_id": place_id, "occupied_from": span.start, "occupied_until": span.end, "hold_id": hold_id}

    with pytest.raises(IntegrityError, match=constraint), write_transaction(session):
        session.execute(insert(Occupancy).values(**row))


@pytest.mark.parametrize(
    ("changes", "constraint"), [({}, FOREIGN_KEY), ({"hold_kind": "closure"}, "ck_booking_reservation_hold_kind")]
)
def test_a_reservation_on_a_closures_hold_is_refused(session, reserved, closed, changes, constraint):
    columns = row_of(session, reserved)

    with pytest.raises(IntegrityError, match=constraint), write_transaction(session):
        session.execute(insert(Reservation).values(**columns | {"id": closed, "uid": "other"} | changes))


@pytest.mark.parametrize(
    ("changes", "constraint"), [({}, FOREIGN_KEY), ({"hold_kind": "reservation"}, "ck_booking_blocking_hold_kind")]
)
def test_a_closure_on_a_reservations_hold_is_refused(session, sample_ring, reserved, changes, constraint):
    span = hours(MONDAY, 1, 2)
    columns = {"machine_id": sample_ring.laser, "starts_at": span.start, "ends_at": span.end, "created_at": MONDAY}

    with pytest.raises(IntegrityError, match=constraint), write_transaction(session):
        session.execute(insert(Blocking).values(**columns | {"id": reserved} | changes))


def test_a_reservation_without_a_hold_is_refused(session, reserved):
    columns = row_of(session, reserved)

    with pytest.raises(IntegrityError, match=FOREIGN_KEY), write_transaction(session):
        session.execute(insert(Reservation).values(**columns, id=4711, uid="other"))


@pytest.mark.parametrize(
    "change",
    [update(Hold).values(kind="closure"), delete(Hold)],
    ids=["becomes another kind", "is deleted"],
)
def test_the_hold_of_a_reservation_stays(session, reserved, change):
    with pytest.raises(IntegrityError, match=FOREIGN_KEY), write_transaction(session):
        session.execute(change.where(Hold.id == reserved))


def test_a_hold_that_belongs_to_nothing_is_found(session, sample_ring):
    (place_id,) = occupancies.places_of(session, sample_ring.combine)
    span = hours(MONDAY, 1, 2)
    with write_transaction(session):
        (hold_id,) = occupancies.add_holds(session, HoldKind.CLOSURE)
        row = {"unit_id": place_id, "occupied_from": span.start, "occupied_until": span.end, "hold_id": hold_id}
        session.execute(insert(Occupancy).values(**row))

    assert audits.contradictions(session) == (AuditFinding("no_owner", {"kind": "closure", "id": hold_id}),)


def test_machines_are_not_locked_outside_a_write_transaction(session, sample_ring):
    with pytest.raises(RuntimeError, match="write_transaction"):
        occupancies.lock_machines(session, [sample_ring.combine])


def test_machines_are_locked_in_the_order_of_their_ids(session, sample_ring, statements):
    with write_transaction(session):
        occupancies.lock_machines(
            session, [sample_ring.laser, sample_ring.combine, sample_ring.splitter, sample_ring.combine]
        )

    locked = [parameters for statement, parameters in statements if "pg_advisory_xact_lock(" in statement]
    in_order = sorted([sample_ring.laser, sample_ring.combine, sample_ring.splitter])
    wanted = [] if db.engine.name == "sqlite" else in_order
    assert [parameters["machine_id"] for parameters in locked] == wanted


def test_a_request_needs_no_more_statements_than_it_has_rows_to_write(session, sample_ring, statements):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)
    statements.clear()

    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 3, 4), now=MONDAY)

    verbs = [" ".join(statement.split(" ")[:3]) for statement, _parameters in statements]
    writes = [verb for verb in verbs if verb.startswith(("INSERT", "UPDATE"))]
    assert writes == [
        "INSERT INTO booking_hold",
        "INSERT INTO booking_reservation",
        "INSERT INTO booking_occupancy",
        "INSERT INTO booking_event",
        "UPDATE booking_member SET",
        "UPDATE booking_machine SET",
    ]
    reads = [statement for statement, _parameters in statements if statement.startswith("SELECT booking_")]
    assert len(reads) == 2  # the terms of the machine, the eligibility of the member


class TestWriter:
    def test_many_are_entered_in_the_order_of_time_whatever_the_order_given(self, session, sample_ring):
        combine, laser = (occupancies.places_of(session, which) for which in (sample_ring.combine, sample_ring.laser))
        batch = [
            new(Wish(sample_ring.laser, sample_ring.anna, hours(MONDAY, 7, 8)), laser),
            new(Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 3, 4)), combine, Step.IMPORT),
            new(Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2)), combine),
        ]

        with write_transaction(session):
            entered = reservation_writer.enter(session, batch, by=SOMEBODY, now=MONDAY)

        assert [each.machine_id for each in entered] == [sample_ring.combine, sample_ring.combine, sample_ring.laser]
        assert [each.starts_at for each in entered] == [one.wish.span.start for one in reversed(batch)]
        logged = session.execute(select(RecordedEvent.type, RecordedEvent.facts).order_by(RecordedEvent.id)).all()
        assert [facts["reservation_id"] for _type, facts in logged] == [each.id for each in entered]
        assert [each.id for each in entered] == sorted(each.id for each in entered)
        assert [kind for kind, _facts in logged] == [
            "reservation_confirmed",
            "reservation_imported",
            "reservation_confirmed",
        ]
        assert audits.contradictions(session) == ()

    def test_an_earlier_one_takes_the_first_places_whatever_the_order_given(self, session, sample_ring):
        place_ids = occupancies.places_of(session, sample_ring.cold_store)
        batch = [
            new(Wish(sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 2, 4), places=20), place_ids),
            new(Wish(sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1, 3), places=4), place_ids),
        ]

        with write_transaction(session):
            entered = reservation_writer.enter(session, batch, by=SOMEBODY, now=MONDAY)

        held = session.scalars(
            select(Occupancy.unit_id).where(Occupancy.hold_id == entered[0].id).order_by(Occupancy.unit_id)
        )
        assert held.all() == sorted(place_ids[:4])

    def test_every_schedule_gets_one_new_version_members_first_and_each_in_the_order_of_ids(
        self, session, sample_ring, statements
    ):
        combine, laser = (occupancies.places_of(session, which) for which in (sample_ring.combine, sample_ring.laser))
        batch = [
            new(Wish(sample_ring.laser, sample_ring.bernd, hours(MONDAY, 1, 2)), laser),
            new(Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 3, 4)), combine),
            new(Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 5, 6)), combine),
        ]

        with write_transaction(session):
            reservation_writer.enter(session, batch, by=SOMEBODY, now=MONDAY)

        bumps = [
            (statement.split()[1], *(parameters.values() if isinstance(parameters, dict) else parameters))
            for statement, parameters in statements
            if statement.startswith("UPDATE")
        ]
        assert [(table, bump[-1]) for table, *bump in bumps] == [
            ("booking_member", sample_ring.anna),
            ("booking_member", sample_ring.bernd),
            ("booking_machine", sample_ring.combine),
            ("booking_machine", sample_ring.laser),
        ]

    @pytest.mark.parametrize("places", [1, 20])
    def test_where_one_does_not_fit_none_is_entered(self, session, sample_ring, places):
        which = sample_ring.combine if places == 1 else sample_ring.cold_store
        place_ids = occupancies.places_of(session, which)
        batch = [
            new(Wish(which, sample_ring.anna, hours(MONDAY, 1, 4), places), place_ids),
            new(Wish(which, sample_ring.bernd, hours(MONDAY, 3, 5), places), place_ids),
        ]

        with pytest.raises(SlotTaken) as refusal, write_transaction(session):
            reservation_writer.enter(session, batch, by=SOMEBODY, now=MONDAY)

        assert refusal.value.facts["machine_id"] == which
        counted = [session.scalar(select(func.count()).select_from(table)) for table in (Hold, Reservation, Occupancy)]
        assert counted == [0, 0, 0]
