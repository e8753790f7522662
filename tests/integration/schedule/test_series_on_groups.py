"""A series on a group of machines: each date has the best machine that is free then, under all verbs and in races."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import icalendar
import pytest
from sqlalchemy import event, select

from app.extensions import db
from app.storage import audits
from booking.errors.schedule_errors import GroupRefused, SeriesConflicts, StaleRevision
from booking.kernel.errors import DomainError
from booking.kernel.transaction import write_transaction
from booking.models import Reservation, Series, SeriesDate, Status
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.reservations import reservations
from booking.reservations.group_choice import GroupWish
from booking.reservations.group_requests import request_in_group
from booking.series import series, series_dates, series_plan
from booking.series.series import OnConflict
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import parse
from booking.timespan import TimeSpan
from calendars import feeds, tokens
from calendars.feed_cache import FeedCache
from tests.builders import SOMEBODY, induct, machine, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once
from tests.integration.schedule.test_series_feeds import labels_of, open_feed
from tests.integration.schedule.test_series_verbs import BERLIN, START, enter, wish_of
from tests.ring_check import ring_check

BY = {"by": SOMEBODY, "now": MONDAY}
FIRST = MONDAY + timedelta(days=7)  # 8 o'clock of the day on which the series begins, which it does at 9


@pytest.fixture
def presses(session, sample_ring):
    """A and B, twins, and the larger C, which needs the induction that Anna has."""
    kind = sample_ring.laser_induction
    ids = [machine(session, sample_ring.hall, f"press-{letter}") for letter in "ab"]
    return [*ids, machine(session, sample_ring.hall, "press-c", induction_kind_id=kind)]


@pytest.fixture
def group(session, sample_ring, presses):
    ranked = tuple(RankedMachine(machine_id, rank) for machine_id, rank in zip(presses, (1, 1, 2), strict=True))
    with write_transaction(session):
        return groups.make(session, sample_ring.hall, GroupInput("Presses", ranked), **BY)


@pytest.fixture
def wish(sample_ring, presses, group):
    return wish_of(sample_ring, machine_id=presses[0], group_id=group)


def take(session, sample_ring, machine_id, week, member=None):
    """Reserve a machine over the date of a week, counted from 0."""
    span = TimeSpan(FIRST + timedelta(days=7 * week), FIRST + timedelta(days=7 * week, hours=4))
    reserve(session, machine_id, member or sample_ring.bernd, span, now=MONDAY)


def machines_of(session, series_id):
    session.rollback()
    found = select(Reservation.machine_id).join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
    return session.scalars(found.where(SeriesDate.series_id == series_id).order_by(SeriesDate.occurs_on)).all()


def sound(session):
    session.rollback()
    return all(audits.run_audit(session, name) == [] for name in ("overlaps", "out", "quotas"))


def test_each_date_has_the_best_machine_that_is_free(session, sample_ring, presses, group, wish):
    a, b, c = presses
    take(session, sample_ring, a, 1)
    for machine_id in (a, b):
        take(session, sample_ring, machine_id, 2)

    made = enter(session, wish)

    # B can have most dates, so the member finds B where that is possible; the larger one only where nothing else is.
    assert machines_of(session, made.id) == [b, b, c, b]
    assert session.get(Series, made.id).machine_id == b
    assert sound(session)


def test_the_rules_of_each_machine_are_asked_and_a_refusal_has_all_of_them(session, sample_ring, presses, group, wish):
    a, b, _c = presses
    for machine_id in (a, b):
        take(session, sample_ring, machine_id, 2, sample_ring.anna)
    bernds = replace(wish, member_id=sample_ring.bernd)
    planned = series_plan.plan(session, bernds, now=MONDAY)
    assert [one.is_accepted for one in planned.dates] == [True, True, False, True]
    assert planned.dates[2].taken is not None  # the twins would do
    assert planned.dates[2].alternative_on in (a, b)

    with pytest.raises(SeriesConflicts) as refused:
        enter(session, bernds)
    assert [one.rule for one in refused.value.violations] == ["slot_taken"]
    made = enter(session, bernds, OnConflict.ALTERNATIVE, shown=planned.fingerprint)
    assert (len(made.dates), made.skipped) == (4, [])
    with pytest.raises(StaleRevision):  # the machines are others than were shown
        enter(session, bernds, shown=planned.fingerprint)


def test_other_times_are_judged_by_the_quotas_of_their_machine(session, sample_ring, presses, group, wish):
    """Five hours a week on A alone: what does not pass it is proposed on B."""
    a, b, _c = presses
    with write_transaction(session):
        groups.change(session, group, machines=(RankedMachine(a, 1), RankedMachine(b, 2)), **BY)
        most = QuotaInput(measure="time", period="week", most=300, workshop_id=sample_ring.hall, machine_id=a)
        quotas.enter_quota(session, most, **BY)
    take(session, sample_ring, a, 0, sample_ring.anna)  # four hours: two more would pass it
    take(session, sample_ring, b, 0)

    planned = series_plan.plan(session, wish, now=MONDAY)

    assert [one.machine_id for one in planned.accepted] == [a, a, a]
    assert planned.dates[0].alternative_on == b
    made = enter(session, wish, OnConflict.ALTERNATIVE, shown=planned.fingerprint)
    assert machines_of(session, made.id) == [b, a, a, a]
    assert sound(session)


def test_a_date_is_put_back_on_another_machine(session, sample_ring, presses, group, wish):
    a, b, _c = presses
    made = enter(session, wish)
    assert machines_of(session, made.id) == [a, a, a, a]
    day = START.date() + timedelta(days=7)
    with write_transaction(session):
        reservations.cancel(session, made.dates[1].id, **BY)
    take(session, sample_ring, a, 1)

    with write_transaction(session):
        back = series.put_back(session, made.id, day, **BY)

    assert (back.machine_id, machines_of(session, made.id)) == (b, [a, b, a, a])
    with write_transaction(session):
        reservations.cancel(session, back.id, **BY)
        groups.change(session, group, machines=(), **BY)
    with pytest.raises(GroupRefused) as refused, write_transaction(session):
        series.put_back(session, made.id, day, **BY)
    assert [one.rule for one in refused.value.violations] == ["group_empty"]


def test_another_time_finds_another_machine_of_the_group(session, sample_ring, presses, group, wish):
    a, b, _c = presses
    made = enter(session, wish)
    busy = TimeSpan(FIRST + timedelta(days=14, hours=6), FIRST + timedelta(days=14, hours=8))
    reserve(session, a, sample_ring.bernd, busy, now=MONDAY)
    later = SeriesChange(Scope.ALL, starts_at=START.replace(hour=15).time())

    meant = carry_out.preview(session, made.id, later, now=MONDAY)
    assert [one.after.machine_id for one in meant.dates] == [a, a, b, a]
    with write_transaction(session):
        carry_out.change_series(session, made.id, later, on_conflict=OnConflict.REFUSE, shown=meant.fingerprint, **BY)

    assert machines_of(session, made.id) == [a, a, b, a]
    only_b = SeriesChange(Scope.FOLLOWING, day=START.date() + timedelta(days=21), machine_id=b)
    with write_transaction(session):
        done = carry_out.change_series(session, made.id, only_b, on_conflict=OnConflict.REFUSE, **BY)
    assert machines_of(session, done.id) == [b]
    of_series = (series_dates.group_of(session, one) for one in (made.id, done.id))
    assert [*of_series] == [group, None]  # a machine was chosen: it is no series on the group any more
    assert sound(session)


@pytest.mark.parametrize("on_b", [0, 1])
def test_dates_that_change_places_are_counted_together(session, sample_ring, presses, group, wish, on_b):
    """One date may go to B, whose quota has room for one, because the other leaves it: whichever of them is first."""
    a, b, _c = presses
    on_a = 1 - on_b
    for machine_id, day, hour in ((a, on_b, 9), (b, on_a, 9), (b, on_b, 14), (a, on_a, 14)):
        since = FIRST + timedelta(days=day, hours=hour - 8)
        taken = TimeSpan(since, since + timedelta(hours=2))
        reserve(session, machine_id, sample_ring.bernd, taken, now=MONDAY)
    made = enter(session, replace(wish, rule=parse("FREQ=DAILY;COUNT=2", START, BERLIN)))
    there = machines_of(session, made.id)
    assert (there[on_a], there[on_b]) == (a, b)
    with write_transaction(session):
        most = QuotaInput(measure="time", period="week", most=120, workshop_id=sample_ring.hall, machine_id=b)
        quotas.enter_quota(session, most, **BY)

    with write_transaction(session):
        change = SeriesChange(Scope.ALL, starts_at=time(14))
        carry_out.change_series(session, made.id, change, on_conflict=OnConflict.REFUSE, **BY)

    there = machines_of(session, made.id)
    assert (there[on_a], there[on_b]) == (b, a)
    assert audits.run_audit(session, "quotas") == []


def test_two_hundred_dates_read_as_much_as_five(session, sample_ring, presses, group, wish):
    """Entering and looking at a series on a group costs no statement for each date."""
    with write_transaction(session):
        most = QuotaInput(measure="time", period="month", most=100_000)
        quotas.enter_quota(session, most, **BY)
    induct(session, sample_ring.bernd, sample_ring.laser_induction, MONDAY.date())
    sent: list[str] = []

    def statements(rrule: str, member_id: int) -> int:
        daily = replace(wish, rule=wish_of(sample_ring, rrule).rule, member_id=member_id, length=timedelta(hours=1))
        sent.clear()
        series_plan.plan(session, daily, now=MONDAY, proposes=False)
        return len(sent)

    def note(_connection, _cursor, statement, *_more):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        statements("FREQ=DAILY;COUNT=5", sample_ring.anna)  # reads what a process keeps until something changes
        assert statements("FREQ=DAILY;COUNT=200", sample_ring.anna) == statements(
            "FREQ=DAILY;COUNT=5", sample_ring.anna
        )
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_two_who_want_the_same_dates_at_once_get_different_machines(app, session, sample_ring, group, wish):
    def asking(wanted):
        return lambda of_session: series.create(of_session, wanted, on_conflict=OnConflict.REFUSE, **BY).id

    ids = all_at_once(app, asking(wish), asking(replace(wish, member_id=sample_ring.bernd)))

    annas, bernds_machines = (set(machines_of(session, one)) for one in ids)
    assert annas.isdisjoint(bernds_machines)
    assert ring_check(session) == {}


def test_a_group_that_is_emptied_meanwhile_is_seen_whole_or_empty(app, session, sample_ring, presses, group, wish):
    """A series and a single request for the group run while it is emptied: each is entered whole or told that it is."""
    single = GroupWish(
        group, sample_ring.bernd, TimeSpan(FIRST + timedelta(days=2), FIRST + timedelta(days=2, hours=1))
    )

    def empty(of_session):
        return groups.change(of_session, group, machines=(), **BY)

    entered, asked, emptied = all_at_once(
        app,
        lambda of_session: len(series.create(of_session, wish, on_conflict=OnConflict.REFUSE, **BY).dates),
        lambda of_session: request_in_group(of_session, single, **BY)[0] in presses,
        empty,
    )

    assert emptied is None
    refused = {one.code for one in (entered, asked) if isinstance(one, DomainError)}
    assert refused <= {GroupRefused.code, "group_not_found"}, (entered, asked)
    session.rollback()
    stored = session.scalars(select(Reservation).where(Reservation.status == Status.CONFIRMED)).all()
    assert len(stored) == (4 if entered == 4 else 0) + (asked is True)
    assert ring_check(session) == {}


def test_series_on_a_group_and_one_that_moves_through_it_the_other_way_do_not_wait_for_each_other_for_ever(
    app, session, sample_ring, presses, group, wish
):
    """Two members want the group, which locks A, B and C; Bernd's series goes from B to A, and back."""
    a, b, _c = presses
    bernds = enter(session, wish_of(sample_ring, machine_id=b, member_id=sample_ring.bernd)).id

    def entering(of_session):
        return len(series.create(of_session, wish, on_conflict=OnConflict.REFUSE, **BY).dates)

    def moving(machine_id):
        change = SeriesChange(Scope.ALL, machine_id=machine_id)
        options = {"on_conflict": OnConflict.REFUSE, "decides_in": None, **BY}
        return lambda of_session: len(carry_out.change_series(of_session, bernds, change, **options).dates)

    results = all_at_once(app, entering, moving(a), entering, moving(b))

    assert all(isinstance(one, int | DomainError) for one in results), results
    assert {one.code for one in results if isinstance(one, DomainError)} <= {"series_conflicts"}
    assert results[0] == 4 or results[2] == 4
    assert ring_check(session) == {}


def test_in_the_feed_a_date_on_another_machine_differs_from_the_rule(session, sample_ring, presses, group, wish):
    a, b, _c = presses
    take(session, sample_ring, a, 1)
    for week in (0, 2, 3):
        take(session, sample_ring, b, week)
    made = enter(session, wish)
    assert machines_of(session, made.id) == [a, b, a, a]
    wanted = tokens.FeedWish("full", member_id=sample_ring.anna)
    with write_transaction(session):
        secret = tokens.create(session, sample_ring.anna_login, wanted, **BY).secret

    feed = open_feed(session, secret, MONDAY, BERLIN)
    body = feeds.document(session, feed, FeedCache(), labels_of, "https://ring.example", now=MONDAY).body

    master, other = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert [name for name in ("RRULE", "RECURRENCE-ID") if name in master] == ["RRULE"]
    assert [name for name in ("RRULE", "RECURRENCE-ID") if name in other] == ["RECURRENCE-ID"]
    assert ["Press-a" in master["SUMMARY"], "Press-b" in other["SUMMARY"]] == [True, True]
    assert master["UID"] == other["UID"]
