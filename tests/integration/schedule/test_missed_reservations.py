"""A missed reservation: noted when it happens, its fee fixed once when the time is over, by what others took of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event
from unittest.mock import Mock

import pytest
from sqlalchemy import event, func, select

from app.extensions import db
from billing.closing.failed_pricing import failed_slips
from billing.errors.money_errors import WrongAmount, WrongPeriod
from billing.fees import missed
from billing.fees.audit import broken_fees
from billing.fees.terms import TermsEntry, set_terms, terms_history
from billing.ledger.audit import broken_ledger
from billing.models import Fee, Missed
from billing.prices.tariff_parts import AdjustmentEntry, TariffParts
from billing.queries.balances import balance_of
from billing.queries.fees import FeeFilter, fees
from billing.subscribers import FEES, SUBSCRIPTIONS
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import queries
from booking.kernel.deliveries import deliver
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Reservation
from booking.reservations import reservations
from booking.reservations.decisions import approve, report_no_show, take_back_no_show
from booking.rules.lending_rules import MachineRules
from booking.series import series
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do
from tests.integration.schedule.test_series_verbs import enter, wish_of

TODAY = MONDAY.date()
G8 = TermsEntry(TODAY, 100, ((2, 100), (24, 50)), cap_cents=6_000)


@pytest.fixture
def splitter(session, sample_ring):
    """A machine at 30.00 an hour; reserved 40 hours from now for two and a half: planned 75.00."""
    per_hour = TariffEntry(TODAY - timedelta(days=30), prices={"member": Decimal(30), "guest": Decimal(30)})
    do(session, enter_tariff, sample_ring.splitter, per_hour)
    do(session, set_terms, sample_ring.splitter, G8)
    return sample_ring.splitter


def reserved(session, machine_id, member_id, first=40.0, last=42.5, at=MONDAY):
    entered = reserve(session, machine_id, member_id, hours(MONDAY, first, last), now=at).id
    if session.get_one(Reservation, entered).status == "requested":
        with write_transaction(session):
            approve(session, entered, by=SOMEBODY, now=at)
    session.rollback()
    return entered


def at(session, verb, reservation_id, moment):
    with write_transaction(session):
        verb(session, reservation_id, by=SOMEBODY, now=moment)
    for subscription in SUBSCRIPTIONS:
        with write_transaction(session):
            deliver(session, subscription, now=moment, limit=50)


def fixed(session, moment):
    found = missed.due(session, now=moment)
    session.rollback()
    for one in [*found, *found]:  # twice, as two workers would
        with write_transaction(session):
            missed.fix_fee(session, one, by=FEES, now=moment)
    return [(row.kind, row.cents) for row in fees(session, FeeFilter())[0]]


START, END = MONDAY + timedelta(hours=40), MONDAY + timedelta(hours=42.5)


@pytest.mark.parametrize(("before", "cents"), [(24.0, 0), (23.9, 3_750), (1.9, 6_000)])
def test_a_late_cancellation_costs_what_was_announced(session, sample_ring, splitter, before, cents):
    moment = START - timedelta(hours=before)
    entered = reserved(session, splitter, sample_ring.anna)
    announced = missed.fee_if_cancelled(session, entered, now=moment)
    assert (announced.cents if announced else 0) == cents

    at(session, reservations.cancel, entered, moment)

    assert fixed(session, END - timedelta(seconds=1)) == []
    assert fixed(session, END) == ([("late_cancel", cents)] if cents else [])
    assert balance_of(session, sample_ring.anna).cents == cents
    assert missed.fee_if_cancelled(session, entered, now=moment) is None
    assert [*broken_ledger(session), *broken_fees(session)] == []


def test_time_that_others_take_is_deducted(session, sample_ring, splitter):
    entered = reserved(session, splitter, sample_ring.anna)
    at(session, reservations.cancel, entered, START - timedelta(hours=1.9))
    reserved(session, splitter, sample_ring.bernd, 41.0, 43.5, START - timedelta(hours=1.5))
    assert fixed(session, END) == [("late_cancel", 2_400)]


def test_a_no_show_costs_a_part_of_the_price_with_what_was_chosen(session, sample_ring, splitter):
    parts = TariffParts(adjustments=(AdjustmentEntry("With operator", "per_unit", Decimal(10), "chosen"),))
    prices = {"member": Decimal(10), "guest": Decimal(10)}
    do(session, enter_tariff, splitter, TariffEntry(TODAY - timedelta(days=29), prices=prices, parts=parts))
    entered = reserved(session, splitter, sample_ring.anna)
    with write_transaction(session):
        session.get_one(Reservation, entered).choices = ("With operator",)
    at(session, report_no_show, entered, START + timedelta(minutes=30))
    assert fixed(session, END) == [("no_show", 5_000)]


def test_a_no_show_is_charged_and_forgotten_when_it_is_taken_back(session, sample_ring, splitter):
    entered = reserved(session, splitter, sample_ring.anna)
    at(session, report_no_show, entered, START + timedelta(minutes=30))
    assert fixed(session, END) == [("no_show", 6_000)]
    at(session, take_back_no_show, entered, END)
    assert balance_of(session, sample_ring.anna).cents == 0
    assert session.scalar(select(func.count()).select_from(Missed)) == 0
    at(session, report_no_show, entered, END + timedelta(hours=1))
    fixed(session, END + timedelta(hours=1))
    numbers = session.execute(select(Fee.number, Fee.cents).order_by(Fee.number)).all()
    assert [tuple(row) for row in numbers] == [(1, 6_000), (2, -6_000), (3, 6_000)]
    assert [*broken_ledger(session), *broken_fees(session)] == []


def test_the_first_ones_in_twelve_months_are_free(session, sample_ring, splitter):
    do(session, set_terms, splitter, TermsEntry(TODAY, 100, ((48, 100),), free_times=1))
    for first in (40.0, 44.0):
        entered = reserved(session, splitter, sample_ring.anna, first, first + 2)
        at(session, reservations.cancel, entered, MONDAY + timedelta(hours=first - 20))
    assert fixed(session, END + timedelta(hours=9)) == [("late_cancel", 6_000)]
    assert session.scalar(select(func.count()).where(Missed.settled_at.is_(None))) == 0


@pytest.mark.of_sqlite
def test_twelve_months_end_on_the_same_day_a_year_later(session, sample_ring, splitter):
    """One second less than a year ago it counts as the first one; a leap year has a day more."""
    do(session, set_terms, splitter, TermsEntry(TODAY, 100, ((48, 100),), free_times=1))
    first = reserved(session, splitter, sample_ring.anna, 40.0, 42.0)
    at(session, reservations.cancel, first, MONDAY + timedelta(hours=20))
    second, moment = reserved(session, splitter, sample_ring.anna, 44.0, 46.0), MONDAY + timedelta(hours=30)
    owed = []
    for ago in (timedelta(days=365), timedelta(days=365, seconds=-1)):
        with write_transaction(session):
            session.get_one(Missed, first).missed_at = moment - ago
        owed.append(missed.fee_if_cancelled(session, second, now=moment).cents)
    assert owed == [0, 6_000]
    before = missed.a_year_before
    assert before(datetime(2028, 3, 1, 10, tzinfo=UTC)) == datetime(2027, 3, 1, 10, tzinfo=UTC)  # 366 days
    assert before(datetime(2028, 2, 29, 10, tzinfo=UTC)) == datetime(2027, 2, 28, 10, tzinfo=UTC)
    assert before(datetime(2029, 2, 28, 10, tzinfo=UTC)) == datetime(2028, 2, 28, 10, tzinfo=UTC)


def test_what_cancelling_the_rest_of_a_series_costs_is_what_is_owed(session, sample_ring, splitter):
    """Four days, two hours each at 30.00: the first date is free, the second costs half, the third is late but free."""
    do(session, set_terms, splitter, TermsEntry(TODAY, 100, ((24, 100), (48, 50)), free_times=1))
    with write_transaction(session):
        session.get_one(Machine, splitter).rules = replace(MachineRules(), late_cancel_hours=60)
    made = enter(session, wish_of(sample_ring, "FREQ=DAILY;COUNT=4", machine_id=splitter))
    dates = queries.reservations_by_id(session, [one.id for one in made.dates])
    moment = dates[0].starts_at - timedelta(hours=10)

    announced = missed.fees_if_cancelled(session, [*reversed(dates)], now=moment)

    assert [announced[one.id].cents if one.id in announced else None for one in dates] == [0, 3_000, None, None]
    at(session, series.cancel_rest, made.id, moment)
    assert fixed(session, dates[-1].ends_at) == [("late_cancel", 3_000)]
    assert balance_of(session, sample_ring.anna).cents == 3_000


@pytest.mark.of_sqlite
def test_what_a_move_gave_up_uses_up_the_free_one_before_what_is_cancelled_now(session, sample_ring, splitter):
    do(session, set_terms, splitter, TermsEntry(TODAY, 100, ((48, 100),), free_times=1))
    now_late = reserved(session, splitter, sample_ring.anna, 40.0, 41.0)
    given_up = reserved(session, splitter, sample_ring.anna, 42.0, 44.0)
    moment = START - timedelta(hours=5)
    moved(session, given_up, 400.0, moment, may_decide=True)
    later, both = moment + timedelta(minutes=5), [now_late, given_up]

    announced = missed.fees_if_cancelled(session, queries.reservations_by_id(session, both), now=later)

    assert {number: one.cents for number, one in announced.items()} == {given_up: 0, now_late: 3_000}
    for one in both:
        at(session, reservations.cancel, one, later)
    assert fixed(session, END + timedelta(hours=9)) == [("late_cancel", 3_000)]


def test_what_was_moved_late_and_cancelled_last_does_not_overtake_what_was_free(session, sample_ring, splitter):
    """What is free was used up by the one that was cancelled first, though the other was moved before."""
    do(session, set_terms, splitter, TermsEntry(TODAY, 100, ((48, 100),), free_times=1))
    moved_first = reserved(session, splitter, sample_ring.anna, 40.0, 42.0)
    free = reserved(session, splitter, sample_ring.anna, 43.0, 44.0)
    moved(session, moved_first, 400.0, MONDAY + timedelta(hours=30), may_decide=True)
    at(session, reservations.cancel, free, MONDAY + timedelta(hours=35))
    assert fixed(session, MONDAY + timedelta(hours=44)) == []
    later = MONDAY + timedelta(hours=50)
    assert missed.fee_if_cancelled(session, moved_first, now=later).cents == 6_000
    at(session, reservations.cancel, moved_first, later)
    assert fixed(session, later) == [("late_cancel", 6_000)]
    row = session.get_one(Missed, moved_first)
    assert (row.missed_at, row.moved_at) == (later, MONDAY + timedelta(hours=30))


@pytest.mark.of_sqlite
def test_more_dates_and_more_late_moves_need_no_more_statements(session, sample_ring, splitter):
    """Late by the rule of the machine, but before its fee begins: nothing is asked for each."""
    with write_transaction(session):
        session.get_one(Machine, splitter).rules = replace(MachineRules(), late_cancel_hours=400)
    made = enter(session, wish_of(sample_ring, "FREQ=DAILY;COUNT=12;INTERVAL=3", machine_id=splitter))
    dates = queries.reservations_by_id(session, [one.id for one in made.dates])
    for one in dates[2:6]:
        moved(session, one.id, (one.starts_at - MONDAY) / timedelta(hours=1) + 24, MONDAY, may_decide=True)

    def sent_for(count):
        session.rollback()
        views, sent = queries.reservations_by_id(session, [one.id for one in dates[:count]]), []

        def note(*sql):
            sent.append(sql[2])

        event.listen(session.connection(), "before_cursor_execute", note)
        assert missed.fees_if_cancelled(session, views, now=MONDAY) == {}
        event.remove(session.connection(), "before_cursor_execute", note)
        return len(sent)

    assert sent_for(12) == sent_for(3)


def test_a_later_fee_goes_with_the_no_show_without_which_it_is_free(session, sample_ring, splitter):
    do(session, set_terms, splitter, TermsEntry(TODAY, 100, ((48, 100),), free_times=1))
    first, *later = (reserved(session, splitter, sample_ring.anna, start, start + 2) for start in (1.0, 4.0, 8.0))
    at(session, report_no_show, first, MONDAY + timedelta(hours=2))
    for one in later:
        at(session, report_no_show, one, MONDAY + timedelta(hours=9))
    assert fixed(session, END) == [("no_show", 6_000), ("no_show", 6_000)]

    at(session, take_back_no_show, first, END)

    assert fixed(session, END)[0] == ("no_show", -6_000)
    assert session.scalars(select(Fee.reservation_id).where(Fee.reverses_id.is_not(None))).all() == later[:1]
    assert balance_of(session, sample_ring.anna).cents == 6_000
    assert [*broken_ledger(session), *broken_fees(session)] == []


def test_a_no_show_is_taken_back_while_its_fee_is_fixed(app, session, sample_ring, splitter):
    entered = reserved(session, splitter, sample_ring.anna)
    at(session, report_no_show, entered, START + timedelta(minutes=30))
    has_read = Event()

    def note(_connection, _cursor, statement, *_rest):
        if "DELETE FROM billing_missed" in statement or ("billing_ledger" in statement and "FOR UPDATE" in statement):
            has_read.set()

    def forget():
        with app.app_context():
            try:
                with write_transaction(db.session()):
                    event.listen(db.session().connection(), "before_cursor_execute", note)
                    missed.take_back(db.session(), entered, by=FEES, now=END)
            finally:
                db.session.remove()

    if session.get_bind().dialect.name == "sqlite":
        has_read.set()  # it waits for the write lock before it reads
    with ThreadPoolExecutor() as threads:
        with write_transaction(session):
            assert missed.fix_fee(session, entered, by=FEES, now=END)
            session.flush()
            forgotten = threads.submit(forget)
            assert has_read.wait(timeout=10)
        forgotten.result()

    session.rollback()
    assert balance_of(session, sample_ring.anna).cents == 0


@pytest.mark.of_sqlite
def test_what_was_confirmed_is_owed_and_not_what_a_move_asked_for(session, sample_ring):
    press = machine(session, sample_ring.hall, "press", places=4, needs_approval=True)
    per_hour = TariffEntry(TODAY - timedelta(days=30), prices={"member": Decimal(30), "guest": Decimal(30)})
    do(session, enter_tariff, press, per_hour)
    do(session, set_terms, press, replace(G8, cap_cents=None))
    entered = reserved(session, press, sample_ring.anna)
    with write_transaction(session):
        reservations.move(session, entered, None, places=3, by=SOMEBODY, now=MONDAY)
    moment = START - timedelta(hours=1.9)
    assert missed.fee_if_cancelled(session, entered, now=moment).cents == 7_500
    at(session, reservations.cancel, entered, moment)
    assert fixed(session, END) == [("late_cancel", 7_500)]


def moved(session, reservation_id, first, moment, **changes):
    """Move a reservation, so many hours after Monday, for as long as before unless said."""
    span = TimeSpan(MONDAY + timedelta(hours=first), MONDAY + timedelta(hours=changes.pop("until", first + 2.5)))
    with write_transaction(session):
        reservations.move(session, reservation_id, span, by=SOMEBODY, now=moment, **changes)


def test_a_move_at_short_notice_does_not_make_cancelling_free(session, sample_ring, splitter):
    entered = reserved(session, splitter, sample_ring.anna)
    moment = START - timedelta(hours=5)
    moved(session, entered, 400.0, moment, may_decide=True)
    later = moment + timedelta(minutes=5)
    assert missed.fee_if_cancelled(session, entered, now=later).cents == 3_750  # as before the move
    at(session, reservations.cancel, entered, later)
    reserved(session, splitter, sample_ring.bernd, 41.0, 43.5, later)
    # Of the two and a half hours that were held at the deadline, another one took an hour and a half.
    assert fixed(session, END) == [("late_cancel", 1_500)]
    assert [*broken_ledger(session), *broken_fees(session)] == []


@pytest.mark.of_sqlite
@pytest.mark.parametrize(
    ("change", "hours_before", "cents"),
    [
        ({}, 25, None),  # moved in time
        ({"until": 44.0}, 5, None),  # longer: nothing is given up, and cancelling in the hour after a move is free
        ({"until": 40.5}, 5, 3_750),  # cut to half an hour: the whole of what was held counts
        ({"blocking": True}, 5, None),  # because of a closure
        ({"series_id": 1}, 5, None),  # with its series
        ({"by_member": False}, 5, None),  # by a manager
    ],
)
def test_only_what_was_given_up_after_the_deadline_counts(session, sample_ring, splitter, change, hours_before, cents):
    entered, moment = reserved(session, splitter, sample_ring.anna), START - timedelta(hours=hours_before)
    named = dict(change)
    if named.pop("blocking", False):
        named["blocking_id"] = 1
    moved(session, entered, 40.0 if "until" in named else 400.0, moment, may_decide=True, **named)
    found = missed.fee_if_cancelled(session, entered, now=moment + timedelta(minutes=5))
    assert (found.cents if found else None) == cents


@pytest.mark.of_sqlite
def test_a_move_that_was_asked_for_in_time_is_no_late_one_when_it_is_approved_late(session, sample_ring, splitter):
    for asked, cents in ((25, None), (5, 3_750)):
        entered = reserved(session, splitter, sample_ring.anna)
        moved(session, entered, 400.0, START - timedelta(hours=asked))
        approved = START - timedelta(hours=4)
        at(session, approve, entered, approved)
        found = missed.fee_if_cancelled(session, entered, now=approved + timedelta(minutes=5))
        assert (found.cents if found else None) == cents
        at(session, reservations.cancel, entered, approved + timedelta(minutes=6))


@pytest.mark.of_sqlite
def test_an_event_of_fees_that_failed_is_no_slip_to_price_again(session, sample_ring, splitter, monkeypatch):
    entered = reserved(session, splitter, sample_ring.anna)
    monkeypatch.setattr(missed, "note_no_show", Mock(side_effect=RuntimeError("no")))
    at(session, report_no_show, entered, START + timedelta(minutes=30))
    assert failed_slips(session, END.date()) == ()


@pytest.mark.of_sqlite
def test_what_costs_nothing_uses_up_no_free_one(session, sample_ring):
    do(session, set_terms, sample_ring.combine, TermsEntry(TODAY, 50, free_times=1))  # charged by hectare
    at(session, report_no_show, reserved(session, sample_ring.combine, sample_ring.anna), START + timedelta(hours=1))
    assert session.scalar(select(func.count()).select_from(Missed)) == 0


def test_nothing_is_owed_without_terms_or_while_cancelling_is_free(session, sample_ring, splitter):
    assert missed.fee_if_cancelled(session, reserved(session, sample_ring.combine, sample_ring.anna), now=START) is None
    entered = reserved(session, splitter, sample_ring.anna)
    do(session, set_terms, splitter, TermsEntry(TODAY, 100, ((48, 100),)))
    at(session, reservations.cancel, entered, MONDAY)  # 40 hours before: the rule of the machine says that it is free
    assert session.scalar(select(func.count()).select_from(Missed)) == 0


def test_a_machine_without_a_known_price_has_a_sum_of_its_own(session, sample_ring):
    do(session, set_terms, sample_ring.combine, TermsEntry(TODAY, 50, base_cents=8_001))
    entered = reserved(session, sample_ring.combine, sample_ring.anna)
    at(session, report_no_show, entered, START + timedelta(minutes=30))
    assert fixed(session, END) == [("no_show", 4_001)]


def test_terms_are_never_of_a_day_that_is_over(session, sample_ring, splitter):
    for wrong, error in (
        (TermsEntry(TODAY - timedelta(days=1), 100), WrongPeriod),
        (TermsEntry(TODAY, 101), WrongAmount),
        (TermsEntry(TODAY, 1, ((24, 0),)), WrongAmount),
        (TermsEntry(TODAY, 1, ((0, 50),)), WrongAmount),
        (TermsEntry(TODAY, 1, ((24, 50), (24, 100))), WrongAmount),
        (TermsEntry(TODAY, 1, ((24, 50), (12, 75), (2, 100))), WrongAmount),  # more than the page can change
        (TermsEntry(TODAY, 1, cap_cents=0), WrongAmount),
    ):
        with pytest.raises(error):
            do(session, set_terms, splitter, wrong)
    assert [one.notices for one in terms_history(session, splitter)] == [((24, 50), (2, 100))]
