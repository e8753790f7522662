"""Handing a reservation over, and swapping two: by the rules of both, all or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DatabaseError

from booking import audits
from booking.closures import blockings
from booking.errors.exchange_errors import ExchangeClosed, ExchangePending, NotExchangeable, PartnerRefused
from booking.errors.schedule_errors import RequestRefused
from booking.exchanges import accepting, ending, proposing
from booking.exchanges.proposing import Proposal
from booking.kernel.errors import StaleRevision
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Exchange, Induction, Member, Occupancy, QuotaUse, Reservation
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.reservations import reservations
from tests.builders import SOMEBODY, hours, machine, member, reserve, schedule_version
from tests.conftest import MONDAY

NEXT_WEEK = MONDAY + timedelta(days=7)
MORNING, NOON = hours(NEXT_WEEK, 1, 3), hours(NEXT_WEEK, 4, 9)


def propose(session, given, receiver, wanted=None, *, now=MONDAY, **details):
    with write_transaction(session):
        return proposing.propose(
            session, Proposal(given, None if wanted else receiver, wanted, **details), by=SOMEBODY, now=now
        )


def accept(session, exchange_id, *, now=MONDAY, **details):
    with write_transaction(session):
        accepting.accept(session, exchange_id, by=SOMEBODY, now=now, **details)
    return found(session, exchange_id)


def found(session, exchange_id):
    session.rollback()
    return session.get(Exchange, exchange_id, populate_existing=True)


def rows_of(session, reservation_id):
    rows = select(Occupancy.id).where(Occupancy.hold_id == reservation_id).order_by(Occupancy.id)
    return session.scalars(rows).all()


def sound(session):
    session.rollback()
    return not (audits.overlapping_pairs(session) or audits.contradictions(session) or audits.quota_use(session))


def state_of(session):
    """What must be as before after a refusal: reservations, occupancies and events."""
    session.rollback()
    reserved = select(Reservation.id, Reservation.status, Reservation.revision, Reservation.member_id)
    held = select(Occupancy.id, Occupancy.hold_id)
    return (
        session.execute(reserved.order_by(Reservation.id)).all(),
        session.execute(held.order_by(Occupancy.id)).all(),
        session.scalar(select(func.count()).select_from(RecordedEvent)),
    )


def test_what_is_handed_over_ends_and_is_entered_for_the_other_on_the_same_places(session, sample_ring):
    anna, bernd, combine = sample_ring.anna, sample_ring.bernd, sample_ring.combine
    given = reserve(session, combine, anna, MORNING, now=MONDAY)
    held, versions = rows_of(session, given.id), [schedule_version(session, member_id=one) for one in (anna, bernd)]
    late = given.cancel_until + timedelta(minutes=1)

    exchange_id = propose(session, given.id, bernd, note="I am ill")
    assert found(session, exchange_id).lapses_at == MONDAY + timedelta(hours=48)
    assert session.get(Reservation, given.id).status == "confirmed"  # still bound
    with pytest.raises(ExchangePending):
        propose(session, given.id, member(session, "Carla"))
    exchange = accept(session, exchange_id)

    old, new = session.get(Reservation, given.id), session.get(Reservation, exchange.made_for_receiver_id)
    assert (old.member_id, old.status, old.is_late_cancel) == (anna, "cancelled", False)
    assert (new.member_id, new.status, new.purpose) == (bernd, "confirmed", "")
    assert (new.starts_at, new.ends_at, new.asked_at) == (old.starts_at, old.ends_at, old.asked_at)
    assert new.uid != old.uid
    assert rows_of(session, new.id) == held
    assert rows_of(session, old.id) == []
    after = [schedule_version(session, member_id=one) for one in (anna, bernd)]
    assert all(new > old for new, old in zip(after, versions, strict=True))
    assert old.cancel_until < late
    with pytest.raises(ExchangeClosed):  # on another device
        accept(session, exchange_id)
    assert sound(session)


def test_two_reservations_of_different_machines_and_lengths_are_swapped(session, sample_ring):
    anna, bernd = sample_ring.anna, sample_ring.bernd
    given = reserve(session, sample_ring.combine, anna, MORNING, now=MONDAY)
    wanted = reserve(session, sample_ring.cold_store, bernd, NOON, now=MONDAY, places=3)
    held = rows_of(session, given.id), rows_of(session, wanted.id)

    exchange = accept(session, propose(session, given.id, bernd, wanted.id))

    for_bernd, for_anna = exchange.made_for_receiver_id, exchange.made_for_proposer_id
    assert (rows_of(session, for_bernd), rows_of(session, for_anna)) == held
    assert [session.get(Reservation, one).member_id for one in (for_bernd, for_anna)] == [bernd, anna]
    assert session.get(Reservation, for_anna).places == 3
    assert {session.get(Reservation, one).status for one in (given.id, wanted.id)} == {"cancelled"}
    assert sound(session)


def test_who_lost_the_induction_gets_nothing_and_nothing_is_half_done(session, sample_ring):
    anna, bernd, laser = sample_ring.anna, sample_ring.bernd, sample_ring.laser
    given = reserve(session, laser, anna, MORNING, now=MONDAY)
    wanted = reserve(session, sample_ring.combine, bernd, NOON, now=MONDAY)
    with pytest.raises(PartnerRefused) as refused:  # without the figures, which are Bernd's affair
        propose(session, given.id, bernd, wanted.id)
    assert refused.value.facts == {"rules": ["induction"]}

    with write_transaction(session):
        session.add(
            Induction(
                member_id=bernd,
                kind_id=sample_ring.laser_induction,
                given_on=MONDAY.date(),
                valid_until=MONDAY.date() + timedelta(days=90),
            )
        )
    exchange_id = propose(session, given.id, bernd, wanted.id)
    with write_transaction(session):
        session.execute(delete(Induction).where(Induction.member_id == bernd))
    before = state_of(session)
    with pytest.raises(RequestRefused) as of_receiver:
        accept(session, exchange_id)
    assert [one.rule for one in of_receiver.value.violations] == ["induction"]
    assert state_of(session) == before
    assert found(session, exchange_id).state == "open"


def test_the_proposer_is_judged_too_when_it_is_accepted(session, sample_ring):
    anna, bernd = sample_ring.anna, sample_ring.bernd
    given = reserve(session, sample_ring.combine, anna, MORNING, now=MONDAY)
    wanted = reserve(session, sample_ring.cold_store, bernd, NOON, now=MONDAY)
    exchange_id = propose(session, given.id, bernd, wanted.id)
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == anna).values(left_on=MONDAY.date() + timedelta(days=1)))
    before = state_of(session)

    with pytest.raises(PartnerRefused) as refused:
        accept(session, exchange_id)

    assert refused.value.facts == {"rules": ["member_left"]}
    assert state_of(session) == before


def test_a_full_quota_is_no_obstacle_to_a_swap_and_is_one_to_a_gift(session, sample_ring):
    anna, bernd, combine = sample_ring.anna, sample_ring.bernd, sample_ring.combine
    with write_transaction(session):
        quotas.enter_quota(session, QuotaInput(measure="time", most=120, period="week"), by=SOMEBODY, now=MONDAY)
    given = reserve(session, combine, anna, MORNING, now=MONDAY)
    wanted = reserve(session, combine, bernd, hours(NEXT_WEEK, 4, 6), now=MONDAY)
    with pytest.raises(PartnerRefused) as refused:
        propose(session, given.id, bernd)
    assert [rule.startswith("quota") for rule in refused.value.facts["rules"]] == [True]

    exchange = accept(session, propose(session, given.id, bernd, wanted.id))

    used = session.execute(select(QuotaUse.member_id, QuotaUse.reservation_id, QuotaUse.seconds)).all()
    assert {tuple(row) for row in used} == {
        (bernd, exchange.made_for_receiver_id, 7200),
        (anna, exchange.made_for_proposer_id, 7200),
    }
    assert sound(session)


def test_where_the_machine_needs_approval_it_is_a_request_of_the_other(session, sample_ring):
    anna, bernd = sample_ring.anna, sample_ring.bernd
    with write_transaction(session):
        asked = reservations.Wish(sample_ring.splitter, anna, MORNING)
        given = reservations.request_reservation(session, asked, by=SOMEBODY, now=MONDAY, approve=True)

    exchange = accept(session, propose(session, given.id, bernd))

    new = session.get(Reservation, exchange.made_for_receiver_id)
    assert (new.status, new.member_id) == ("requested", bernd)
    assert new.decide_until is not None
    assert sound(session)


def test_what_cannot_change_hands_is_refused_by_its_reason(session, sample_ring):
    anna, bernd, combine = sample_ring.anna, sample_ring.bernd, sample_ring.combine
    asked = reserve(session, sample_ring.splitter, anna, MORNING, now=MONDAY)
    given = reserve(session, combine, anna, MORNING, now=MONDAY)
    own = reserve(session, sample_ring.cold_store, anna, MORNING, now=MONDAY)
    reasons = {}
    for reservation, receiver, wanted, now in (
        (asked.id, bernd, None, MONDAY),
        (given.id, anna, None, MONDAY),
        (given.id, anna, own.id, MONDAY),
        (given.id, bernd, None, MORNING.start),
    ):
        with pytest.raises(NotExchangeable) as refused:
            propose(session, reservation, receiver, wanted, now=now)
        reasons[refused.value.facts["status"]] = True
    with write_transaction(session):
        blockings.close(session, combine, MORNING, "Belt", by=SOMEBODY, now=MONDAY, around_reservations=True)
    with pytest.raises(NotExchangeable) as refused:
        propose(session, given.id, bernd)
    assert [*reasons, refused.value.facts["status"]] == ["not_confirmed", "same_member", "begun", "closed"]


@pytest.mark.parametrize("change", ["cancel", "move"])
def test_a_proposal_ends_with_any_change_of_its_reservation(session, sample_ring, change):
    anna, bernd, combine = sample_ring.anna, sample_ring.bernd, sample_ring.combine
    given = reserve(session, combine, anna, MORNING, now=MONDAY)
    exchange_id = propose(session, given.id, bernd)
    with write_transaction(session):
        if change == "cancel":
            reservations.cancel(session, given.id, by=SOMEBODY, now=MONDAY)
        else:
            reservations.move(session, given.id, NOON, by=SOMEBODY, now=MONDAY)
    before = state_of(session)
    with pytest.raises(ExchangeClosed) as refused:
        accept(session, exchange_id)
    assert refused.value.facts == {"status": "outdated"}
    assert state_of(session) == before

    assert ending.overdue(session, now=MONDAY) == [exchange_id]
    session.rollback()
    with write_transaction(session):
        assert ending.end_overdue(session, exchange_id, by=SOMEBODY, now=MONDAY)
    assert found(session, exchange_id).state == "outdated"
    if change == "move":  # and can be offered again
        assert propose(session, given.id, bernd) != exchange_id


def test_it_is_declined_withdrawn_or_lapses_once(session, sample_ring):
    anna, bernd, combine = sample_ring.anna, sample_ring.bernd, sample_ring.combine
    given = reserve(session, combine, anna, MORNING, now=MONDAY)
    for end, state in ((ending.decline, "declined"), (ending.withdraw, "withdrawn")):
        exchange_id = propose(session, given.id, bernd)
        for _click in range(2):
            with write_transaction(session):
                end(session, exchange_id, by=SOMEBODY, now=MONDAY)
        assert found(session, exchange_id).state == state
    exchange_id = propose(session, given.id, bernd, hours=14 * 24)
    assert found(session, exchange_id).lapses_at == MORNING.start  # at the latest
    with pytest.raises(StaleRevision):
        accept(session, exchange_id, revision=5)
    assert ending.overdue(session, now=MORNING.start - timedelta(seconds=1)) == []
    with pytest.raises(ExchangeClosed):
        accept(session, exchange_id, now=MORNING.start)
    with write_transaction(session):
        assert ending.end_overdue(session, exchange_id, by=SOMEBODY, now=MORNING.start)
    assert found(session, exchange_id).state == "lapsed"
    types = session.scalars(
        select(RecordedEvent.type).where(RecordedEvent.type.like("exchange%")).order_by(RecordedEvent.id)
    ).all()
    assert types == [
        "exchange_proposed",
        "exchange_declined",
        "exchange_proposed",
        "exchange_withdrawn",
        "exchange_proposed",
        "exchange_lapsed",
    ]


def test_a_late_cancellation_is_not_avoided_through_a_friend(session, sample_ring):
    late_machine = machine(session, sample_ring.hall, "press", late_cancel_hours=24)
    given = reserve(session, late_machine, sample_ring.anna, MORNING, now=MONDAY)
    late = MORNING.start - timedelta(hours=2)

    exchange = accept(session, propose(session, given.id, sample_ring.bernd, now=late), now=late)

    assert session.get(Reservation, given.id).is_late_cancel is False
    with write_transaction(session):
        cancelled = reservations.cancel(session, exchange.made_for_receiver_id, by=SOMEBODY, now=late)
    assert cancelled.is_late_cancel


def test_the_database_keeps_what_has_ended_and_one_open_proposal(session, sample_ring):
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY)
    exchange_id = propose(session, given.id, sample_ring.bernd)
    copied = (
        "INSERT INTO booking_exchange (given_id, given_revision, proposer_id, receiver_id, note, state, proposed_at,"
        " lapses_at, revision) SELECT given_id, given_revision, {proposer}, receiver_id, note, state, proposed_at,"
        " lapses_at, 0 FROM booking_exchange"
    )
    _refused(session, copied.format(proposer="proposer_id"))  # a second open one
    with write_transaction(session):
        ending.decline(session, exchange_id, by=SOMEBODY, now=MONDAY)
    _refused(session, copied.format(proposer="receiver_id"))  # with oneself
    _refused(session, "UPDATE booking_exchange SET state = 'open', closed_at = NULL")
    _refused(session, "DELETE FROM booking_exchange")


def _refused(session, statement):
    with pytest.raises(DatabaseError):
        session.execute(text(statement))
    session.rollback()


def test_what_a_member_offered_ends_when_the_member_has_left(session, sample_ring):
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY)
    exchange_id = propose(session, given.id, sample_ring.bernd)
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.bernd).values(left_on=MONDAY.date()))
    day = MONDAY.date() + timedelta(days=1)
    assert ending.overdue(session, now=MONDAY, day=MONDAY.date()) == []
    assert ending.overdue(session, now=MONDAY, day=day) == [exchange_id]
    session.rollback()
    with write_transaction(session):
        assert ending.end_overdue(session, exchange_id, by=SOMEBODY, now=MONDAY, day=day)
    assert found(session, exchange_id).state == "lapsed"
