"""Series in calendar files: one entry with a rule, and every instant as it is stored, whoever reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from sqlalchemy import select

from app.notifications.calendar_attachment import calendar_of
from app.pages.feeds.fast_path import open_feed
from app.wording.calendar import labels_of
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import ENDED_WITHOUT_USE, Reservation, SeriesDate
from booking.reservations import decisions, reservations
from booking.series import series
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import parse
from booking.times.wall_clock import instants_showing
from booking.timespan import TimeSpan
from calendars import feeds, tokens
from calendars.feed_cache import FeedCache
from tests.builders import SOMEBODY, reserve
from tests.conftest import MONDAY

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


@pytest.fixture
def calendar(session, sample_ring):
    return Subscription(session, sample_ring)


class Subscription:
    """Anna's calendar, fetched again and again by one process that caches and one that does not."""

    def __init__(self, session, sample_ring) -> None:
        self._session, self._cache, self.ring, self.now = session, FeedCache(), sample_ring, MONDAY
        wish = tokens.FeedWish("full", member_id=sample_ring.anna)
        with write_transaction(session):
            self._secret = tokens.create(session, sample_ring.anna_login, wish, by=SOMEBODY, now=MONDAY).secret

    def enter(self, wall: datetime, rrule: str, length: timedelta, **options) -> series.SeriesResult:
        wish = SeriesWish(
            options.pop("machine_id", self.ring.combine),
            self.ring.anna,
            parse(rrule, wall, BERLIN),
            wall,
            length,
            options.pop("passage", None),
        )
        with write_transaction(self._session):
            return series.create(self._session, wish, on_conflict=OnConflict.SKIP, by=SOMEBODY, now=self.now, **options)

    def fetch(self) -> list[icalendar.Event]:
        """Read the file: it is the same from both processes, and its instants are those of the database."""
        feed = open_feed(self._session, self._secret, self.now, BERLIN)
        cached, fresh = (
            feeds.document(self._session, feed, cache, labels_of, "https://ring.example", now=self.now)
            for cache in (self._cache, FeedCache())
        )
        assert (cached.body, cached.etag) == (fresh.body, fresh.etag)
        calendar = icalendar.Calendar.from_ical(fresh.body)
        assert read(calendar) == self.stored()
        return calendar.walk("VEVENT")

    def stored(self) -> list[tuple[datetime, datetime]]:
        living = Reservation.status.not_in(ENDED_WITHOUT_USE)
        held = self._session.scalars(select(Reservation).where(living)).all()
        wished = [(one.starts_at, one.ends_at) for one in held]
        return sorted(wished + [(one.former_starts_at, one.former_ends_at) for one in held if one.former_starts_at])

    def change(self, verb, *args, **options) -> None:
        self.now += HOUR
        with write_transaction(self._session):
            verb(self._session, *args, by=SOMEBODY, now=self.now, **options)

    def id_on(self, made: series.SeriesResult, day: date) -> int:
        of_day = SeriesDate.series_id == made.id, SeriesDate.occurs_on == day
        return self._session.scalars(select(SeriesDate.reservation_id).where(*of_day)).one()


def an_hour_from(start: datetime) -> TimeSpan:
    return TimeSpan(start, start + HOUR)


def read(calendar: icalendar.Calendar) -> list[tuple[datetime, datetime]]:
    """Return the living instants as recurring-ical-events reads them."""
    query = recurring_ical_events.of(calendar)
    found = query.between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
    living = [one for one in found if one["STATUS"] != "CANCELLED"]
    return sorted((one.start.astimezone(UTC), one.end.astimezone(UTC)) for one in living)


def exdates(event: icalendar.Event) -> set[date]:
    found = event.get("EXDATE", [])
    lists = found if isinstance(found, list) else [found]
    return {one.dt.date() for each in lists for one in each.dts}


def test_a_series_is_one_entry_whose_start_never_changes(calendar):
    wall = datetime(2026, 12, 4, 8)  # noqa: DTZ001
    made = calendar.enter(wall, "FREQ=WEEKLY;COUNT=5", 2 * HOUR)
    days = [wall.date() + timedelta(weeks=week) for week in range(5)]

    (master,) = calendar.fetch()
    assert (master["UID"], master.start, master["STATUS"]) == (made.uid, wall.replace(tzinfo=BERLIN), "CONFIRMED")
    assert master["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert master["RRULE"]["UNTIL"] == [datetime(2027, 1, 1, 7, tzinfo=UTC)]
    assert master["URL"] == f"https://ring.example/series/{made.id}"

    sequences = [master["SEQUENCE"]]
    first = calendar.id_on(made, days[0])
    calendar.change(reservations.cancel, first)
    (master,) = calendar.fetch()
    assert exdates(master) == {days[0]}
    assert master.start == wall.replace(tzinfo=BERLIN)
    sequences.append(master["SEQUENCE"])

    moved_to = an_hour_from(datetime(2026, 12, 12, 9, tzinfo=UTC))
    second = calendar.id_on(made, days[1])
    calendar.change(reservations.move, second, moved_to)
    master, moved = calendar.fetch()
    assert (moved["UID"], moved["RECURRENCE-ID"].dt.date(), moved.start) == (made.uid, days[1], moved_to.start)
    assert (moved["SEQUENCE"], moved["URL"]) == (master["SEQUENCE"], f"https://ring.example/reservations/{second}")
    sequences.append(master["SEQUENCE"])

    calendar.change(series.put_back, made.id, days[0])
    master, _moved = calendar.fetch()  # what was cancelled before is gone
    assert exdates(master) == set()
    sequences.append(master["SEQUENCE"])
    assert sequences == sorted(set(sequences))

    calendar.change(series.cancel_rest, made.id, since=days[3])
    assert all("RRULE" not in one for one in calendar.fetch())  # three are left, of which two are alike


def test_two_dates_alike_stay_two_entries(calendar):
    calendar.enter(datetime(2026, 12, 4, 8), "FREQ=WEEKLY;COUNT=2", HOUR)  # noqa: DTZ001

    assert [one.get("RRULE") for one in calendar.fetch()] == [None, None]


def test_the_first_date_of_a_series_is_skipped(calendar, session, sample_ring):
    taken = an_hour_from(datetime(2026, 12, 4, 7, tzinfo=UTC))
    reserve(session, sample_ring.combine, sample_ring.anna, taken, now=MONDAY)
    calendar.enter(datetime(2026, 12, 4, 8), "FREQ=WEEKLY;COUNT=4", HOUR)  # noqa: DTZ001

    _alone, master = calendar.fetch()

    assert (master.start.date(), exdates(master)) == (date(2026, 12, 4), {date(2026, 12, 4)})


def test_another_status_another_machine_and_a_waiting_move_differ(calendar, sample_ring):
    wall = datetime(2026, 12, 4, 8)  # noqa: DTZ001
    made = calendar.enter(wall, "FREQ=WEEKLY;COUNT=8", HOUR, machine_id=sample_ring.splitter)
    ids = [one.id for one in made.dates]
    (master,) = calendar.fetch()
    assert master["STATUS"] == "TENTATIVE"

    for id_ in ids[:5]:
        calendar.change(decisions.approve, id_)
        calendar.fetch()
    calendar.change(reservations.move, ids[0], an_hour_from(datetime(2026, 12, 3, 9, tzinfo=UTC)))
    calendar.change(
        reservations.move, ids[1], an_hour_from(made.dates[1].starts_at), machine_id=sample_ring.combine,
        may_decide=True,
    )  # fmt: skip

    found = calendar.fetch()
    differing = {one["RECURRENCE-ID"].dt.date(): one for one in found if "RECURRENCE-ID" in one}
    assert {one["SUMMARY"] for one in differing.values()} == {"Splitter (requested)", "Combine"}
    assert len(differing) == 4  # the one that waits keeps its time by the rule meanwhile
    (wish,) = (one for one in found if one["UID"].startswith("move-"))
    assert wish["STATUS"] == "TENTATIVE"


def test_a_weekly_sunday_over_autumn_is_one_rule_with_a_skipped_date(calendar):
    """S3.4: 06:00Z on 18 October, 07:00Z from 25 October on; what was skipped is an EXDATE."""
    wall = datetime(2026, 10, 18, 8)  # noqa: DTZ001
    calendar.now = datetime(2026, 10, 1, tzinfo=UTC)
    made = calendar.enter(wall, "FREQ=WEEKLY;COUNT=6", 2 * HOUR)
    assert [one.starts_at.hour for one in made.dates] == [6, 7, 7, 7, 7, 7]
    calendar.change(reservations.cancel, calendar.id_on(made, date(2026, 10, 25)))

    (master,) = calendar.fetch()

    assert exdates(master) == {date(2026, 10, 25)}
    assert master["EXDATE"].params["TZID"] == master["DTSTART"].params["TZID"] == "Europe/Berlin"


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28)])
def test_every_instant_over_a_clock_change_is_read_as_it_is_stored(calendar, sample_ring, day):
    """Beginning before the change, at it, and ending with it; and after changes of the dates of that night."""
    calendar.now = datetime(2026, 10, 1, tzinfo=UTC)
    made = []
    for at in (time(0, 30), time(1, 30), time(2), time(2, 30), time(22)):
        for rule, first in (("DAILY", day - timedelta(days=1)), ("WEEKLY", day), ("WEEKLY", day - timedelta(weeks=3))):
            wall = datetime.combine(first, at)
            passage = 1 if len(instants_showing(datetime.combine(day, at), BERLIN)) == 2 else None
            options = {"passage": passage, "machine_id": sample_ring.cold_store}
            made.append((calendar.enter(wall, f"FREQ={rule};COUNT=5", HOUR + (at.hour > 3) * 7 * HOUR, **options), day))
    calendar.fetch()
    for at, (one, changed) in enumerate(made):
        if at % 3 == 0:
            calendar.change(reservations.cancel, calendar.id_on(one, changed))
        if at % 3 == 1:
            id_ = calendar.id_on(one, changed)
            calendar.change(reservations.move, id_, an_hour_from(one.dates[-1].starts_at + 3 * HOUR))

    masters = [event for event in calendar.fetch() if "RRULE" in event]

    assert len(masters) == len(made)


def test_the_file_of_one_date_brings_its_series_and_takes_it_out_again(calendar, session, sample_ring):
    made = calendar.enter(datetime(2026, 12, 4, 8), "FREQ=WEEKLY;COUNT=4", HOUR)  # noqa: DTZ001
    view = queries.reservation(session, made.dates[1].id)

    (whole,) = files_of(session, view)
    assert (whole["METHOD"], len(read(whole))) == ("PUBLISH", 4)
    assert [one["UID"] for one in whole.walk("VEVENT")] == [made.uid]

    calendar.change(series.cancel_rest, made.id, since=date(2026, 12, 18))
    singles, taken_out = files_of(session, view)
    assert {one["UID"] for one in singles.walk("VEVENT")} == {one.uid for one in made.dates[:2]}
    gone = {one["UID"]: one["STATUS"] for one in taken_out.walk("VEVENT")}
    assert gone == dict.fromkeys([made.uid, *(one.uid for one in made.dates[2:])], "CANCELLED")
    (out,) = (one for one in taken_out.walk("VEVENT") if one["UID"] == made.uid)
    assert out["SEQUENCE"] > whole.walk("VEVENT")[0]["SEQUENCE"]


def files_of(session, view) -> list[icalendar.Calendar]:
    text = calendar_of(session, [view], "en")
    assert text is not None
    return icalendar.Calendar.from_ical(text, multiple=True)


def test_this_and_following_end_one_entry_and_begin_another(calendar, session):
    made = calendar.enter(datetime(2026, 12, 4, 8), "FREQ=WEEKLY;COUNT=6", HOUR)  # noqa: DTZ001
    (before,) = calendar.fetch()
    following = SeriesChange(Scope.FOLLOWING, date(2026, 12, 25), starts_at=time(13))
    calendar.change(carry_out.change_series, made.id, following, on_conflict=OnConflict.REFUSE)

    first, second = calendar.fetch()

    assert (first["UID"], first.start) == (before["UID"], before.start)
    assert first["RRULE"]["UNTIL"] == [datetime(2026, 12, 18, 7, tzinfo=UTC)]
    assert first["SEQUENCE"] > before["SEQUENCE"]
    assert (second["UID"] != first["UID"], second.start.date()) == (True, date(2026, 12, 25))
    calendar.change(carry_out.change_series, made.id, SeriesChange(Scope.ALL, length=2 * HOUR), on_conflict="refuse")
    assert calendar.fetch()[0]["SEQUENCE"] > first["SEQUENCE"]


def test_the_file_of_a_following_series_ends_the_former_one(calendar, session):
    made = calendar.enter(datetime(2026, 12, 4, 8), "FREQ=WEEKLY;COUNT=8", HOUR)  # noqa: DTZ001
    views = queries.reservations_by_id(session, [one.id for one in made.dates])
    (before,) = files_of(session, views[-1])
    following = SeriesChange(Scope.FOLLOWING, date(2026, 12, 25), starts_at=time(13))
    calendar.change(carry_out.change_series, made.id, following, on_conflict=OnConflict.REFUSE)

    (after,) = files_of(session, views[-1])

    assert read(after) == calendar.stored()
    master = next(one for one in after.walk("VEVENT") if one["UID"] == made.uid)
    assert master["SEQUENCE"] > before.walk("VEVENT")[0]["SEQUENCE"]
