"""A series around every clock change of five zones: entered, changed, cancelled and put back, it keeps the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking import audits
from booking.kernel.transaction import write_transaction
from booking.models import ENDED_WITHOUT_USE, Reservation, Series, SeriesDate
from booking.series import series
from booking.series.series import OnConflict
from booking.series.series_dates import times_of
from booking.series.series_wishes import SeriesWish
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import Frequency, RecurrenceRule
from booking.times.series_times import occurrence_on
from booking.times.wall_clock import changes_of_year, first_instant, instants_showing, to_wall
from tests.builders import SOMEBODY, machine, workshop

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin")
CHANGES = {
    zone: [change for year in range(2010, 2041) for change in changes_of_year(ZoneInfo(zone), year)] for zone in ZONES
}
DATES = 5


@pytest.fixture
def machines(session, sample_ring):
    """A machine in each of the zones, open around the clock."""
    return {
        zone: machine(session, workshop(session, f"w-{at}", timezone=zone), f"m-{at}", horizon_days=3_650, step_min=15)
        for at, zone in enumerate(ZONES)
    }


def held(session, member_id) -> list[tuple[Series, SeriesDate, Reservation]]:
    rows = session.execute(
        select(Series, SeriesDate, Reservation)
        .join(SeriesDate, SeriesDate.series_id == Series.id)
        .join(Reservation, Reservation.id == SeriesDate.reservation_id)
        .where(Series.member_id == member_id, Reservation.status.not_in(ENDED_WITHOUT_USE))
        .order_by(Reservation.starts_at)
    )
    return [tuple(row) for row in rows]


def all_keep_the_clock(session, member_id, moved_alone=()) -> int:
    """Each held date is where the rule of its series has it, by the clock; return how many there are."""
    session.expire_all()
    found = held(session, member_id)
    for owner, date, reservation in found:
        if date.occurs_on in moved_alone:
            continue
        times = times_of(owner)
        wall = datetime.combine(date.occurs_on, times.wall.time())
        occurrence = occurrence_on(date.occurs_on, times)
        assert (reservation.starts_at, reservation.ends_at) == (occurrence.span.start, occurrence.span.end)
        if not occurrence.is_shifted:
            assert to_wall(reservation.starts_at, times.zone) == wall
    assert list(audits.overlapping_pairs(session)) == []
    return len(found)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.data(),
    st.integers(1, 4),
    st.integers(0, 95),
    st.integers(2, 20),
    st.sampled_from((0, 1)),
    st.integers(0, 95),
    st.sampled_from([Scope.ONE, Scope.FOLLOWING, Scope.ALL]),
    st.integers(0, DATES - 1),
)
def test_a_series_keeps_the_clock_whatever_is_done_with_it(
    session, sample_ring, machines, zone, data, before, quarter, quarters, passage, later, scope, at
):
    change = data.draw(st.sampled_from(CHANGES[zone]))
    first = change.wall.date() - timedelta(days=before)
    wall = datetime.combine(first, time()) + timedelta(minutes=15 * quarter)
    now = datetime.combine(first - timedelta(days=30), time(), UTC)
    rule, length = RecurrenceRule(Frequency.DAILY, count=DATES), timedelta(minutes=15 * quarters)
    wish = SeriesWish(machines[zone], sample_ring.anna, rule, wall, length, passage)
    with write_transaction(session):
        made = series.create(session, wish, on_conflict=OnConflict.REFUSE, by=SOMEBODY, now=now)
    assert all_keep_the_clock(session, sample_ring.anna) == DATES

    day = first + timedelta(days=at)
    starts_at = time(later // 4, 15 * (later % 4))
    wanted = SeriesChange(scope, None if scope is Scope.ALL else day, starts_at=starts_at, passage=passage)
    with write_transaction(session):
        done = carry_out.change_series(
            session, made.id, wanted, on_conflict=OnConflict.SKIP, by=SOMEBODY, now=now, decides_in=None
        )
    for one in done.dates:
        asked = datetime.combine(to_wall(one.starts_at, ZoneInfo(zone)).date(), starts_at)
        shown = instants_showing(asked, ZoneInfo(zone)) or (first_instant(asked, ZoneInfo(zone)),)
        assert one.starts_at == shown[passage if len(shown) > 1 else 0]
    alone = {day} if scope is Scope.ONE else set(done.unchanged)
    assert all_keep_the_clock(session, sample_ring.anna, alone) == DATES

    owner = held(session, sample_ring.anna)[-1][0].id
    with write_transaction(session):
        cancelled = series.cancel_rest(session, owner, by=SOMEBODY, now=now)
    assert all_keep_the_clock(session, sample_ring.anna, alone) == DATES - len(cancelled)
    days = session.scalars(select(SeriesDate.occurs_on).where(SeriesDate.series_id == owner)).all()
    back = [day for day in days if day not in done.unchanged]  # for those another date may be in the way
    with write_transaction(session):
        for each in back:
            series.put_back(session, owner, each, by=SOMEBODY, now=now)
    assert all_keep_the_clock(session, sample_ring.anna, alone - set(back)) == DATES - len(days) + len(back)

    with write_transaction(session):
        for owner, _date, _reservation in held(session, sample_ring.anna):
            series.cancel_rest(session, owner.id, by=SOMEBODY, now=now)
    assert held(session, sample_ring.anna) == []
