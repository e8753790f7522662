"""Exchanges against cancellations, other exchanges and plans of a breakdown at the same moment: one outcome each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from booking import replan
from booking.closures import blockings, breakdown
from booking.closures.breakdown import Choice, Decision
from booking.exchanges import accepting, ending, proposing
from booking.exchanges.proposing import Proposal
from booking.kernel.errors import DomainError, StaleRevision
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import Exchange, Machine, Reservation
from booking.replan import Outcome
from booking.replan.errors import PlanChanged
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from tests.breakdowns import broken_laser, three_lasers
from tests.builders import SOMEBODY, hours, machine, reserve, workshop
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once
from tests.ring_check import ring_check

NEXT_WEEK = MONDAY + timedelta(days=7)
MORNING, NOON = hours(NEXT_WEEK, 1, 3), hours(NEXT_WEEK, 4, 9)


@pytest.fixture
def reserved(session, sample_ring):
    """Anna has the combine, Bernd the cold store."""
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY).id
    return given, reserve(session, sample_ring.cold_store, sample_ring.bernd, NOON, now=MONDAY).id


def propose(session, given, receiver, wanted=None):
    with write_transaction(session):
        return proposing.propose(
            session, Proposal(given, None if wanted else receiver, wanted), by=SOMEBODY, now=MONDAY
        )


def accepting_(exchange_id):
    return lambda session: accepting.accept(session, exchange_id, by=SOMEBODY, now=MONDAY).made_for_receiver_id


def holders(session):
    """Which members hold what, and how many reservations ended."""
    session.rollback()
    rows = session.execute(select(Reservation.machine_id, Reservation.member_id, Reservation.status)).all()
    return (
        sorted((row.machine_id, row.member_id) for row in rows if row.status == "confirmed"),
        sum(row.status == "cancelled" for row in rows),
    )


def sound(session):
    return ring_check(session) == {}


def test_of_two_devices_one_accepts(app, session, sample_ring, reserved):
    exchange_id = propose(session, reserved[0], sample_ring.bernd, reserved[1])
    results = all_at_once(app, *[accepting_(exchange_id)] * 4)

    assert sorted(isinstance(one, int) for one in results) == [False, False, False, True]
    assert {one.code for one in results if isinstance(one, DomainError)} == {"exchange_closed"}
    swapped = [(sample_ring.combine, sample_ring.bernd), (sample_ring.cold_store, sample_ring.anna)]
    assert holders(session) == (sorted(swapped), 2)
    assert sound(session)


def test_a_swap_is_accepted_or_one_of_its_reservations_is_cancelled(app, session, sample_ring, reserved):
    exchange_id = propose(session, reserved[0], sample_ring.bernd, reserved[1])
    accepted, declined, *cancelled = all_at_once(
        app,
        accepting_(exchange_id),
        lambda session: ending.decline(session, exchange_id, by=SOMEBODY, now=MONDAY),
        *[
            lambda session, one=one: reservations.cancel(session, one, by=SOMEBODY, now=MONDAY).id
            for one in reversed(reserved)
        ],
    )
    held, ended = holders(session)
    if isinstance(accepted, int):
        assert declined.code == "exchange_closed"
        assert [one.code for one in cancelled] == ["wrong_status"] * 2
        assert (len(held), ended) == (2, 2)
    else:
        assert accepted.code == "exchange_closed"
        assert ended == sum(isinstance(one, int) for one in cancelled)
    assert sound(session)


def test_exchanges_in_opposite_order_do_not_wait_for_each_other_for_ever(app, session, sample_ring, reserved):
    there = propose(session, reserved[0], sample_ring.bernd, reserved[1])
    back = propose(session, reserved[1], sample_ring.anna, reserved[0])
    results = all_at_once(app, accepting_(there), accepting_(back), accepting_(back), accepting_(there))

    assert sum(isinstance(one, int) for one in results) == 1
    assert {one.code for one in results if isinstance(one, DomainError)} == {"exchange_closed"}
    assert len(holders(session)[0]) == 2
    assert sound(session)
    assert set(ending.overdue(session, now=MONDAY)) <= {there, back}


def test_a_reservation_is_offered_to_one_at_a_time(app, session, sample_ring, reserved):
    asking = Proposal(reserved[0], sample_ring.bernd)
    results = all_at_once(app, *[lambda session: proposing.propose(session, asking, by=SOMEBODY, now=MONDAY)] * 4)

    assert sorted(isinstance(one, int) for one in results) == [False, False, False, True]
    assert {one.code for one in results if isinstance(one, DomainError)} == {"exchange_pending"}
    assert session.scalars(select(Exchange.state)).all() == ["open"]


def test_it_is_accepted_before_a_closure_or_not_at_all(app, session, sample_ring, reserved):
    exchange_id = propose(session, reserved[0], sample_ring.bernd)
    accepted, closed = all_at_once(
        app,
        accepting_(exchange_id),
        lambda session: blockings.close(
            session, sample_ring.combine, MORNING, "Belt", by=SOMEBODY, now=MONDAY, around_reservations=True
        ),
    )
    assert not isinstance(closed, DomainError)
    assert isinstance(accepted, int) or accepted.facts["status"] == "outdated"
    assert len(holders(session)[0]) == 2
    assert sound(session)


def test_what_a_breakdown_takes_away_is_not_accepted_while_it_is_decided(app, session, sample_ring, reserved):
    exchange_id = propose(session, reserved[0], sample_ring.bernd)
    with write_transaction(session):
        closure = blockings.close(
            session, sample_ring.combine, MORNING, "Belt", by=SOMEBODY, now=MONDAY, around_reservations=True
        )
    accepted, cancelled = all_at_once(
        app,
        accepting_(exchange_id),
        lambda session: breakdown.decide(
            session, closure, [Decision(reserved[0], Choice.CANCEL)], by=SOMEBODY, now=MONDAY
        ),
    )
    assert accepted.code in ("not_exchangeable", "exchange_closed")
    assert not isinstance(cancelled, DomainError)
    assert len(holders(session)[0]) == 1
    assert sound(session)


def test_what_a_plan_calls_at_risk_changes_hands_before_the_plan_or_after_it(app, session, sample_ring):
    ids, closure_id = broken_laser(session, sample_ring, three_lasers(session, sample_ring))
    at_risk = propose(session, ids[Outcome.AT_RISK], sample_ring.anna)
    digest = replan.make_plan(session, closure_id, now=MONDAY).digest
    session.rollback()

    def confirm(session):
        return replan.confirm(session, closure_id, digest, by=SOMEBODY, now=MONDAY)

    accepted, planned, again = all_at_once(app, accepting_(at_risk), confirm, confirm)

    assert isinstance(accepted, int) or accepted.code == "exchange_closed"
    assert sum(isinstance(one, PlanChanged) for one in (planned, again)) >= 1
    assert isinstance(accepted, int) or not all(isinstance(one, PlanChanged) for one in (planned, again))
    assert sound(session)


def test_who_decides_in_one_workshop_approves_nothing_of_another_that_wants_to_decide_since_a_moment_ago(
    app, session, sample_ring
):
    """Bernd manages the hall alone. He accepts, or approves, while the yard begins to decide about its machine."""
    trailer = machine(session, workshop(session, "yard"), "trailer")
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(needs_approval=True))
        asked = Wish(sample_ring.combine, sample_ring.anna, MORNING)
        given = reservations.request_reservation(session, asked, by=SOMEBODY, now=MONDAY, approve=True).id
    wanted = reserve(session, trailer, sample_ring.bernd, NOON, now=MONDAY).id
    exchange_id = propose(session, given, sample_ring.bernd, wanted)
    hall = {"decides_in": {sample_ring.hall}, "by": SOMEBODY, "now": MONDAY}

    def asking_first(of_session):
        data = MachineInput(slug="trailer", name="Trailer", needs_approval=True)
        machines.change_machine(of_session, trailer, data, places=1, by=SOMEBODY, now=MONDAY)
        return trailer

    def accepting_in_hall(of_session):
        return accepting.accept(of_session, exchange_id, **hall).made_for_receiver_id

    changed, made = all_at_once(app, asking_first, accepting_in_hall)

    assert changed == trailer
    one = session.get(Exchange, exchange_id, populate_existing=True)
    assert (one.state, one.agreed_at is None) == (("accepted", True) if made else ("open", False))
    if not made:
        session.rollback()
        with pytest.raises(StaleRevision), write_transaction(session):
            accepting.approve(session, exchange_id, **hall)
    assert sound(session)
