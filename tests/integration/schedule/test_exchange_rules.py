"""Exchanges under the rules of the ring: allowed or not, dates of series, swaps that need approval, closures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from booking.closures import blockings
from booking.errors.exchange_errors import ExchangeClosed, NotExchangeable
from booking.errors.schedule_errors import RecordRefused, RequestRefused, SeriesRefused
from booking.exchanges import accepting, ending
from booking.kernel.errors import DomainError, StaleRevision
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Exchange, Machine, Reservation, Ring, SeriesDate
from booking.records import ring
from booking.reservations import reservations
from booking.series import series
from tests.builders import SOMEBODY, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_exchange_races import all_at_once
from tests.integration.schedule.test_exchange_verbs import MORNING, NOON, accept, found, propose, sound, state_of
from tests.integration.schedule.test_series_verbs import enter, wish_of

BY = {"by": SOMEBODY, "now": MONDAY}


@pytest.fixture
def agreed(session, sample_ring):
    """Bernd has agreed to swap his combine for Anna's splitter, which is lent only after approval."""
    with write_transaction(session):
        asked = reservations.Wish(sample_ring.splitter, sample_ring.anna, MORNING)
        given = reservations.request_reservation(session, asked, **BY, approve=True).id
    wanted = reserve(session, sample_ring.combine, sample_ring.bernd, NOON, now=MONDAY).id
    exchange_id = propose(session, given, sample_ring.bernd, wanted)
    with pytest.raises(ExchangeClosed) as refused, write_transaction(session):
        accepting.approve(session, exchange_id, **BY)
    assert refused.value.facts == {"status": "not_agreed"}
    before = state_of(session)[:2]
    accept(session, exchange_id)
    assert state_of(session)[:2] == before
    return exchange_id


def test_a_swap_that_needs_approval_is_carried_out_for_both_when_the_workshop_approves(session, sample_ring, agreed):
    exchange = found(session, agreed)
    assert (exchange.state, exchange.agreed_at, exchange.lapses_at) == ("open", MONDAY, MORNING.start)
    with pytest.raises(ExchangeClosed) as refused:
        accept(session, agreed)
    assert refused.value.facts == {"status": "agreed"}
    with pytest.raises(StaleRevision), write_transaction(session):
        accepting.approve(session, agreed, **BY, revision=0)
    _refused_by_rules_of_the_moment(session, sample_ring, agreed)

    for _twice in range(2):
        with write_transaction(session):
            accepting.approve(session, agreed, **BY)

    exchange = found(session, agreed)
    made = [session.get(Reservation, one) for one in (exchange.made_for_receiver_id, exchange.made_for_proposer_id)]
    assert [(one.machine_id, one.member_id, one.status) for one in made] == [
        (sample_ring.splitter, sample_ring.bernd, "confirmed"),
        (sample_ring.combine, sample_ring.anna, "confirmed"),
    ]
    with pytest.raises(ExchangeClosed), write_transaction(session):
        ending.reject(session, agreed, "late", **BY)
    assert sound(session)


def _refused_by_rules_of_the_moment(session, sample_ring, agreed):
    """The splitter needs an induction by now, which Bernd has not: nobody gets anything."""
    splitter, before = update(Machine).where(Machine.id == sample_ring.splitter), state_of(session)
    with write_transaction(session):
        session.execute(splitter.values(induction_kind_id=sample_ring.laser_induction))
    with pytest.raises(RequestRefused) as refused, write_transaction(session):
        accepting.approve(session, agreed, **BY)
    assert [one.rule for one in refused.value.violations] == ["induction"]
    assert (state_of(session), found(session, agreed).state) == (before, "open")
    with write_transaction(session):
        session.execute(splitter.values(induction_kind_id=None))


def test_a_swap_that_the_workshop_declines_or_a_member_takes_back_leaves_everything(session, agreed):
    before = state_of(session)[:2]
    with write_transaction(session):
        ending.reject(session, agreed, "The splitter is for Anna alone", **BY)
    exchange = found(session, agreed)
    assert (exchange.state, exchange.agreed_at) == ("declined", MONDAY)
    event = session.scalars(select(RecordedEvent).order_by(RecordedEvent.id.desc()).limit(1)).one()
    assert (event.type, event.facts["reason"]) == ("exchange_rejected", "The splitter is for Anna alone")
    with pytest.raises(ExchangeClosed), write_transaction(session):
        accepting.approve(session, agreed, **BY)

    for verb, state in ((ending.decline, "declined"), (ending.withdraw, "withdrawn")):
        again = propose(session, exchange.given_id, exchange.receiver_id, exchange.wanted_id)
        accept(session, again)
        with write_transaction(session):
            verb(session, again, **BY)
        assert (found(session, again).state, found(session, again).agreed_at) == (state, None)
    assert state_of(session)[:2] == before
    assert sound(session)


def test_what_the_workshop_has_not_decided_lapses_when_the_first_reservation_begins(session, agreed):
    with write_transaction(session):
        assert not ending.end_overdue(session, agreed, by=SOMEBODY, now=MORNING.start - timedelta(minutes=1))
        assert ending.end_overdue(session, agreed, by=SOMEBODY, now=MORNING.start)
    assert found(session, agreed).state == "lapsed"


def test_a_swap_is_approved_or_one_of_its_reservations_is_cancelled(app, session, agreed):
    given = found(session, agreed).given_id
    approved, cancelled = all_at_once(
        app,
        lambda session: accepting.approve(session, agreed, **BY).id,
        lambda session: reservations.cancel(session, given, **BY),
    )
    assert [isinstance(one, DomainError) for one in (approved, cancelled)].count(True) == 1
    assert sound(session)


def test_of_two_managers_one_approves_and_the_other_hears_that_it_is_decided(app, session, agreed):
    approved, rejected = all_at_once(
        app,
        lambda session: accepting.approve(session, agreed, **BY).id,
        lambda session: ending.reject(session, agreed, "no", **BY),
    )
    assert [isinstance(one, ExchangeClosed) for one in (approved, rejected)].count(True) == 1
    assert found(session, agreed).state in ("accepted", "declined")
    assert sound(session)


def test_a_date_of_a_series_changes_hands_and_stays_skipped_in_it(session, sample_ring):
    made = enter(session, wish_of(sample_ring)).id
    dates = session.execute(
        select(SeriesDate.reservation_id, SeriesDate.occurs_on).order_by(SeriesDate.occurs_on)
    ).all()
    given, day = dates[1]
    span = session.get(Reservation, dates[2].reservation_id)
    wanted = reserve(session, sample_ring.cold_store, sample_ring.bernd, MORNING, now=MONDAY).id

    handed = accept(session, propose(session, given, sample_ring.bernd))
    swapped = accept(session, propose(session, span.id, sample_ring.bernd, wanted))

    new = session.get(Reservation, handed.made_for_receiver_id)
    assert (new.member_id, new.status, new.machine_id) == (sample_ring.bernd, "confirmed", sample_ring.combine)
    mine = session.get(Reservation, swapped.made_for_proposer_id)
    assert (mine.member_id, mine.machine_id) == (sample_ring.anna, sample_ring.cold_store)
    assert session.scalar(select(SeriesDate.series_id).where(SeriesDate.reservation_id == new.id)) is None
    with pytest.raises(DomainError) as refused, write_transaction(session):
        series.put_back(session, made, day, **BY)  # its time is Bernd's now
    assert not isinstance(refused.value, SeriesRefused)
    with write_transaction(session):
        cancelled = series.cancel_rest(session, made, **BY)
    assert not {given, span.id, new.id} & set(cancelled)
    assert session.get(Reservation, new.id, populate_existing=True).status == "confirmed"
    assert sound(session)


def test_a_closure_ends_what_is_offered_for_its_time(session, sample_ring):
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY).id
    wanted = reserve(session, sample_ring.cold_store, sample_ring.bernd, NOON, now=MONDAY).id
    for machine_id, span in ((sample_ring.combine, MORNING), (sample_ring.cold_store, NOON)):
        exchange_id = propose(session, given, sample_ring.bernd, wanted)
        with write_transaction(session):
            closure_id = blockings.close(session, machine_id, span, "Belt", **BY, around_reservations=True)
        assert found(session, exchange_id).state == "outdated"
        with pytest.raises(ExchangeClosed):
            accept(session, exchange_id)
        with write_transaction(session):
            blockings.lift(session, closure_id, **BY)
    kept = propose(session, given, sample_ring.bernd, wanted)
    with write_transaction(session):
        blockings.close(session, sample_ring.splitter, MORNING, "Belt", **BY)
    assert found(session, kept).state == "open"


def test_a_ring_without_exchanges_refuses_new_ones_and_lets_open_ones_be_answered(session, sample_ring):
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY).id
    other = reserve(session, sample_ring.cold_store, sample_ring.anna, NOON, now=MONDAY).id
    exchange_id = propose(session, given, sample_ring.bernd)
    with write_transaction(session):
        ring.set_exchange_rules(session, are_allowed=False, hours=6, **BY)
    with pytest.raises(NotExchangeable) as refused:
        propose(session, other, sample_ring.bernd)
    assert refused.value.facts["status"] == "not_allowed"
    assert accept(session, exchange_id).state == "accepted"

    for hours, rule in ((0, "at_least"), (337, "at_most")):
        with pytest.raises(RecordRefused) as wrong, write_transaction(session):
            ring.set_exchange_rules(session, hours=hours, **BY)
        assert [one.rule for one in wrong.value.violations] == [rule]
    stale = session.get(Ring, 1).revision - 1
    session.rollback()
    with pytest.raises(StaleRevision), write_transaction(session):
        ring.set_exchange_rules(session, are_allowed=True, **BY, revision=stale)
    with write_transaction(session):
        ring.set_exchange_rules(session, are_allowed=True, **BY)
    assert found(session, propose(session, other, sample_ring.bernd)).lapses_at == MONDAY + timedelta(hours=6)


def test_who_hears_of_it_late_gets_the_whole_time_and_not_beyond_the_reservation(session, sample_ring):
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY).id
    exchange_id = propose(session, given, sample_ring.bernd, hours=24)
    for heard_at, until in (
        (MONDAY + timedelta(hours=30), MONDAY + timedelta(hours=54)),
        (MORNING.start - timedelta(hours=3), MORNING.start),
    ):
        with write_transaction(session):
            assert ending.renew(session, exchange_id, heard_at=heard_at)
        assert found(session, exchange_id).lapses_at == until
    with write_transaction(session):
        assert not ending.renew(session, exchange_id, heard_at=MONDAY)
    earlier = update(Exchange).values(lapses_at=MORNING.start - timedelta(hours=1))
    with pytest.raises(DatabaseError, match="booking_exchange_ended"), write_transaction(session):
        session.execute(earlier)  # the database lets it only grow
