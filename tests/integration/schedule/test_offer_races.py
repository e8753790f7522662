"""Answers to offers, requests, cancellations and closures at the same moment: one outcome each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import select

from app.extensions import db
from booking import replan
from booking.closures import blockings
from booking.errors.schedule_errors import SlotTaken
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Offer, Replanned, Reservation, WaitingEntry
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.replan import Outcome
from booking.reservations import reservations
from booking.reservations.reservations import request_reservation
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from booking.waiting import answers, entries
from booking.waiting.matching import WaitingWish
from tests.breakdowns import broken_laser, three_lasers
from tests.builders import SOMEBODY, hours, member, reserve
from tests.conftest import MONDAY
from tests.ring_check import ring_check

WISHED = hours(MONDAY + timedelta(days=7), 1, 3)
LAPSED = MONDAY + timedelta(hours=24)


def all_at_once(app, *use_cases):
    """Run use cases at the same moment, each with a session of its own; return their results, or their errors."""
    start_together = Barrier(len(use_cases))

    def run(use_case):
        with app.app_context():
            session = db.session()
            start_together.wait()
            try:
                return in_write_transaction(session, partial(use_case, session))
            except DomainError as refusal:
                return refusal
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(use_cases)) as pool:
        return list(pool.map(run, use_cases))


@pytest.fixture
def waiting(session, sample_ring):
    """Bernd has the combine; Anna and Carla wait for it."""
    taken = reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)
    for one in (sample_ring.anna, member(session, "Carla")):
        with write_transaction(session):
            entries.join(session, WaitingWish(one, sample_ring.combine, None, WISHED), by=SOMEBODY, now=MONDAY)
    return taken.id


@pytest.fixture
def offered(session, waiting):
    """What Bernd cancelled is offered to Anna."""
    with write_transaction(session):
        reservations.cancel(session, waiting, by=SOMEBODY, now=MONDAY)
    return session.scalars(select(Offer.id)).one()


def cancelling(reservation_id):
    return lambda session: reservations.cancel(session, reservation_id, by=SOMEBODY, now=MONDAY).id


def accepting(offer_id, now=MONDAY):
    return lambda session: answers.accept(session, offer_id, by=SOMEBODY, now=now)


def sound(session):
    return ring_check(session) == {}


def statuses(session):
    session.rollback()
    return session.scalars(select(Offer.state).order_by(Offer.id)).all()


def test_nobody_gets_in_between_a_cancellation_and_its_offer(app, session, sample_ring, waiting):
    """Requests for the time that is being cancelled are all refused: it goes from the one hold to the other."""
    wish = Wish(sample_ring.combine, sample_ring.bernd, WISHED)
    asking = [
        lambda session: request_reservation(session, wish, by=SOMEBODY, now=MONDAY),
    ] * 4
    results = all_at_once(app, *asking[:2], cancelling(waiting), *asking[2:])

    assert [isinstance(one, SlotTaken) for one in results] == [True, True, False, True, True]
    assert statuses(session) == ["open"]
    assert sound(session)


def test_of_two_devices_one_accepts(app, session, offered):
    results = all_at_once(app, *[accepting(offered)] * 4)

    assert sorted(isinstance(one, int) for one in results) == [False, False, False, True]
    refused = [one for one in results if isinstance(one, DomainError)]
    (reservation_id,) = (one for one in results if isinstance(one, int))
    assert [(one.code, one.facts["status"]) for one in refused] == [("offer_closed", "accepted")] * 3
    assert {one.facts["reservation_id"] for one in refused} == {reservation_id}
    assert statuses(session) == ["accepted"]
    assert sound(session)


def test_an_offer_is_accepted_or_withdrawn_by_leaving_and_by_a_closure_never_both(app, session, sample_ring, offered):
    entry_id = session.scalars(select(WaitingEntry.id).order_by(WaitingEntry.id)).first()
    session.rollback()
    accepted, *_rest = all_at_once(
        app,
        accepting(offered),
        lambda session: entries.leave(session, entry_id, by=SOMEBODY, now=MONDAY),
        lambda session: blockings.close(
            session, sample_ring.combine, WISHED, "Belt", by=SOMEBODY, now=MONDAY, around_reservations=True
        ),
        lambda session: answers.decline(session, offered, by=SOMEBODY, now=MONDAY),
    )
    assert (statuses(session)[0] == "accepted") == isinstance(accepted, int)
    assert "open" not in statuses(session)  # the closure takes what is left
    assert sound(session)


def test_at_its_last_moment_an_offer_is_accepted_or_lapses(app, session, offered):
    moment = LAPSED - timedelta(microseconds=1)
    accepted, lapsed, again = all_at_once(
        app,
        accepting(offered, now=moment),
        lambda session: answers.lapse(session, offered, by=SOMEBODY, now=LAPSED),
        lambda session: answers.lapse(session, offered, by=SOMEBODY, now=LAPSED),
    )
    assert [isinstance(accepted, int), lapsed, again].count(True) == 1
    assert statuses(session) == (["accepted"] if isinstance(accepted, int) else ["lapsed", "open"])
    assert sound(session)


def test_two_machines_that_become_free_at_once_make_one_offer_to_who_waits_for_either(app, session, sample_ring):
    machines = sample_ring.combine, sample_ring.splitter
    with write_transaction(session):
        entered = GroupInput("Both", tuple(RankedMachine(one) for one in machines))
        group_id = groups.make(session, sample_ring.hall, entered, by=SOMEBODY, now=MONDAY)
    taken = [reserve(session, one, sample_ring.bernd, WISHED, now=MONDAY).id for one in machines]
    with write_transaction(session):
        entries.join(session, WaitingWish(sample_ring.anna, None, group_id, WISHED), by=SOMEBODY, now=MONDAY)

    results = all_at_once(app, *(cancelling(one) for one in taken))

    assert sorted(results) == sorted(taken)
    assert statuses(session) == ["open"]
    assert session.scalars(select(Reservation.status).where(Reservation.id.in_(taken))).all() == ["cancelled"] * 2
    assert sound(session)


def test_who_joins_while_the_time_becomes_free_gets_it_or_is_told(app, session, sample_ring):
    taken = reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)
    wish = WaitingWish(sample_ring.anna, sample_ring.combine, None, WISHED)
    joined, _cancelled = all_at_once(
        app, lambda session: entries.join(session, wish, by=SOMEBODY, now=MONDAY), cancelling(taken.id)
    )
    assert statuses(session) == (["open"] if isinstance(joined, int) else [])
    assert isinstance(joined, int) or joined.code == "time_is_free"
    assert sound(session)


def test_who_asks_for_offered_time_gets_it_only_when_nobody_is_left_in_line(app, session, sample_ring, offered):
    """Requests beside an answer to the offer: declined, it is held for Carla; declined again, it is free for one."""
    wish = Wish(sample_ring.combine, sample_ring.bernd, WISHED)
    asking = [lambda session: request_reservation(session, wish, by=SOMEBODY, now=MONDAY).id] * 3

    def declining(offer_id):
        return lambda session: answers.decline(session, offer_id, by=SOMEBODY, now=MONDAY)

    *asked, declined = all_at_once(app, *asking, declining(offered))
    assert ([one.code for one in asked], declined) == (["slot_taken"] * 3, None)
    assert statuses(session) == ["declined", "open"]
    assert sound(session)

    carlas = session.scalars(select(Offer.id).where(Offer.state == "open")).one()
    session.rollback()
    *asked, declined = all_at_once(app, *asking, declining(carlas))
    served = [one for one in asked if isinstance(one, int)]
    assert (declined, len(served) <= 1) == (None, True)
    assert {one.code for one in asked if isinstance(one, DomainError)} <= {"slot_taken"}
    assert statuses(session) == ["declined", "declined"]
    assert session.scalars(select(Reservation.id).where(Reservation.status == "confirmed")).all() == served
    assert sound(session)


def test_who_asks_for_offered_time_while_it_is_accepted_is_refused(app, session, sample_ring, offered):
    wish = Wish(sample_ring.combine, sample_ring.bernd, WISHED)
    asking = [lambda session: request_reservation(session, wish, by=SOMEBODY, now=MONDAY).id] * 3
    *asked, accepted = all_at_once(app, *asking, accepting(offered))
    assert [one.code for one in asked] == ["slot_taken"] * 3
    session.rollback()
    assert session.scalars(select(Reservation.id).where(Reservation.status == "confirmed")).all() == [accepted]
    assert sound(session)


@pytest.fixture
def proposed(session, sample_ring):
    """A proposal of the larger laser for Bernd, whose laser is broken; its reservation and the closure."""
    ids, closure_id = broken_laser(session, sample_ring, three_lasers(session, sample_ring))
    digest = replan.make_plan(session, closure_id, now=MONDAY).digest
    with write_transaction(session):
        replan.confirm(session, closure_id, digest, by=SOMEBODY, now=MONDAY)
    return ids[Outcome.OFFER], closure_id


def test_a_proposal_is_taken_declined_or_lapses_while_others_ask_for_its_time(app, session, sample_ring, proposed):
    reservation_id, _closure_id = proposed
    noted = session.get_one(Replanned, reservation_id)
    wish = Wish(noted.to_machine_id, sample_ring.anna, TimeSpan(noted.to_starts_at, noted.to_ends_at))
    lapses_at = noted.lapses_at
    session.rollback()
    moment = lapses_at - timedelta(microseconds=1)
    answers_of = [
        lambda session: replan.take_offer(session, reservation_id, by=SOMEBODY, now=moment).id,
        lambda session: replan.decline(session, reservation_id, by=SOMEBODY, now=moment).id,
        *[lambda session: replan.lapse(session, reservation_id, by=SOMEBODY, now=lapses_at)] * 2,
    ]
    asked, *results = all_at_once(
        app, lambda session: request_reservation(session, wish, by=SOMEBODY, now=MONDAY).id, *answers_of
    )
    won = [one is not False and not isinstance(one, DomainError) for one in results]
    assert won.count(True) == 1
    session.rollback()
    after = session.get_one(Reservation, reservation_id)
    assert (after.status, after.machine_id == wish.machine_id) == (
        ("confirmed", True) if won[0] else ("cancelled", False)
    )
    assert not (won[0] and isinstance(asked, int))
    assert session.get(Replanned, reservation_id) is None
    assert sound(session)


def test_a_proposal_is_taken_or_withdrawn_by_a_plan_a_repair_and_a_closure_of_its_machine(app, session, proposed):
    """Nothing of it stays held, and no two verbs wait for each other: each locks both machines in the order of ids."""
    reservation_id, closure_id = proposed
    noted, stale = session.get_one(Replanned, reservation_id), replan.make_plan(session, closure_id, now=MONDAY).digest
    machine_id, span = noted.to_machine_id, TimeSpan(noted.to_starts_at, noted.to_ends_at)
    session.rollback()
    results = all_at_once(
        app,
        lambda session: replan.take_offer(session, reservation_id, by=SOMEBODY, now=MONDAY).id,
        lambda session: replan.confirm(session, closure_id, stale, by=SOMEBODY, now=MONDAY).digest,
        lambda session: blockings.lift(session, closure_id, by=SOMEBODY, now=MONDAY),
        lambda session: blockings.close(
            session, machine_id, span, "Belt", by=SOMEBODY, now=MONDAY, around_reservations=True
        ),
    )
    codes = {one.code for one in results if isinstance(one, DomainError)}
    assert codes <= {"old_time_gone", "plan_changed", "wrong_status"}
    assert results[2] is None
    session.rollback()
    after = session.get_one(Reservation, reservation_id)
    assert (after.status, after.machine_id == machine_id) == ("confirmed", isinstance(results[0], int))
    held = select(Replanned.hold_id).where(Replanned.reservation_id == reservation_id)
    assert session.scalar(held) is None
    assert sound(session)
