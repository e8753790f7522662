"""However a schedule changes between two questions: a kept file becomes what a new one would be."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.pages.feeds.fast_path import open_feed
from app.wording.calendar import labels_of
from booking.errors.schedule_errors import DomainError
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import SeriesDate
from booking.reservations import reservations
from booking.series import series
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.times.recurrence import Frequency, RecurrenceRule
from booking.times.wall_clock import to_wall
from calendars import feeds, tokens
from calendars.feed_cache import FeedCache
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

BERLIN = ZoneInfo("Europe/Berlin")
steps = st.one_of(
    st.tuples(st.just("request"), st.integers(1, 200)),
    st.tuples(st.just("move"), st.integers(1, 200)),
    st.tuples(st.just("cancel"), st.integers(1, 200)),
    st.tuples(st.just("rename"), st.integers(1, 5)),
    st.tuples(st.just("series"), st.integers(1, 200)),
    st.tuples(st.just("put back"), st.integers(1, 200)),
    st.tuples(st.just("ask"), st.just(0)),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=1, max_size=25))
def test_a_cached_file_equals_a_fresh_one_after_every_change(session, sample_ring, history):
    with write_transaction(session):
        wish = tokens.FeedWish("full", member_id=sample_ring.anna)
        secret = tokens.create(session, sample_ring.anna_login, wish, by=SOMEBODY, now=MONDAY).secret
    cache, made = FeedCache(), []
    for minute, (verb, figure) in enumerate([*history, ("ask", 0)]):
        now = MONDAY + timedelta(minutes=minute)
        if verb == "ask":
            kept, fresh = (ask(session, secret, each, now) for each in (cache, FeedCache()))
            assert (kept.body, kept.etag) == (fresh.body, fresh.etag)
        else:
            act(session, sample_ring, made, verb, figure, now)


def ask(session, secret: str, cache: FeedCache, now: datetime):
    feed = open_feed(session, secret, now, BERLIN)
    return feeds.document(session, feed, cache, labels_of, "https://ring.example", now=now)


def act(session, sample_ring, made: list[int], verb: str, figure: int, now: datetime) -> None:
    """One thing that happens to the schedule; what the rules refuse does not happen."""
    try:
        if verb == "request":
            made.append(
                reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, figure, figure + 1), now=now).id
            )
        elif verb == "rename":
            with write_transaction(session):
                facts = MachineInput(slug="combine", name=f"Combine {figure}", charge_unit="ha")
                machines.change_machine(session, sample_ring.combine, facts, places=1, by=SOMEBODY, now=now)
        elif verb == "series":
            with write_transaction(session):
                made += [one.id for one in enter_series(session, sample_ring, figure, now).dates]
        elif verb == "put back":
            with write_transaction(session):
                date = session.scalars(select(SeriesDate).offset(figure % 10).limit(1)).first()
                if date is not None:
                    made.append(series.put_back(session, date.series_id, date.occurs_on, by=SOMEBODY, now=now).id)
        elif made:
            with write_transaction(session):
                chosen = made[figure % len(made)]
                if verb == "move":
                    reservations.move(session, chosen, hours(MONDAY, figure + 300, figure + 301), by=SOMEBODY, now=now)
                else:
                    reservations.cancel(session, chosen, by=SOMEBODY, now=now)
    except DomainError:
        pass


def enter_series(session, sample_ring, figure: int, now: datetime) -> series.SeriesResult:
    wall = to_wall(MONDAY + timedelta(hours=figure), BERLIN)
    rule = RecurrenceRule(Frequency.DAILY, count=3 + figure % 4)
    wish = SeriesWish(sample_ring.combine, sample_ring.anna, rule, wall, timedelta(hours=1))
    return series.create(session, wish, on_conflict=OnConflict.SKIP, by=SOMEBODY, now=now)
