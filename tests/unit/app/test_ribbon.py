"""The ribbon of a day, also on the days of the clock change and of uses over midnight."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask_babel import force_locale

from app.wording.ribbon import COLUMNS, Use, ribbon
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN, SPRING, WEDNESDAY = date(2026, 10, 25), date(2026, 3, 29), date(2026, 7, 15)


def at(day: date, clock: str, plus_days: int = 0) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN) + timedelta(days=plus_days)


def span(day: date, start: str, end: str, plus_days: int = 0) -> TimeSpan:
    return TimeSpan(at(day, start), at(day, end, plus_days))


def use(day, start, end, kind="taken", *, cleaning=0, plus_days=0, who="") -> Use:
    taken = span(day, start, end, plus_days)
    return Use(taken, TimeSpan(taken.start, taken.end + timedelta(minutes=cleaning)), kind, who)


def hours(made) -> list[tuple[str, str]]:
    """What is free, by the clock."""
    return [
        (one.start.astimezone(BERLIN).strftime("%H:%M"), one.end.astimezone(BERLIN).strftime("%H:%M"))
        for one in made.free
    ]


@pytest.fixture
def drawn(app):
    """drawn(...) -> "class start width short | ..." in English."""

    def of(day, **parts):
        with app.test_request_context(), force_locale("en"):
            made = ribbon(day, BERLIN, **parts)
        return " | ".join(f"{one.css} {one.start}+{one.width} {one.short}".rstrip() for one in made.items), made

    return of


def test_a_day_of_reservations_closures_and_opening_hours(drawn):
    text, made = drawn(
        WEDNESDAY,
        uses=[
            use(WEDNESDAY, "9:30", "13:00", "mine", cleaning=30),
            use(WEDNESDAY, "14:30", "18:00", "pending"),
            use(WEDNESDAY, "6:30", "8:00", who="Hof Maier"),
        ],
        closures=[(span(WEDNESDAY, "18:30", "22:00"), "Messer")],
        open_spans=[span(WEDNESDAY, "6:00", "22:00")],
        now=at(WEDNESDAY, "8:40"),
    )

    assert text == (
        "b-past 0+14 | b-c 0+4 | b-t 6+6 | b-m 18+14 Me 9:30–13 | b-b mine 32+2 | b-p 38+14 14:30–18 | b-k 54+14 Messer"
    )
    assert made.now == 14
    assert hours(made) == [("13:30", "14:30")]
    assert {one.words for one in made.items if one.css == "b-t"} == {"Hof Maier, Wed 15 July, 6:30 to 8:00"}


@pytest.mark.parametrize("day", [AUTUMN, SPRING])
def test_a_day_of_the_clock_change_has_its_columns_by_the_clock(drawn, day):
    text, made = drawn(day, uses=[use(day, "8:00", "12:00")])

    assert text == "b-t 12+16 8–12"
    assert hours(made) == [
        ("05:00", "08:00"),
        ("12:00", "22:00"),
    ]


@pytest.mark.parametrize("day", [AUTUMN, SPRING])
def test_a_use_that_began_before_the_clock_change_ends_at_its_hour(drawn, day):
    before = day - timedelta(days=1)

    assert drawn(day, uses=[use(before, "20:00", "9:00", plus_days=1)])[0] == "b-t 0+16 –9"


def test_a_use_over_midnight_is_cut_on_both_days_and_its_words_say_the_whole_span(drawn):
    night = use(WEDNESDAY, "20:00", "9:00", plus_days=1)

    first, made = drawn(WEDNESDAY, uses=[night])
    second, _made = drawn(WEDNESDAY + timedelta(days=1), uses=[night])

    assert (first, second) == ("b-t 60+8", "b-t 0+16 –9")
    assert made.items[0].words == "taken, Wed 15 July, 20:00 to Thu 16 July, 9:00"


def test_what_lies_in_the_night_only_is_not_drawn(drawn):
    assert drawn(WEDNESDAY, uses=[use(WEDNESDAY, "1:00", "4:30"), use(WEDNESDAY, "22:00", "23:00")])[0] == ""


def test_a_closed_day_says_so_and_has_nothing_free(drawn):
    text, made = drawn(WEDNESDAY, open_spans=[])

    assert text == f"b-c 0+{COLUMNS} closed all day"
    assert made.free == ()


def test_free_time_of_an_hour_or_more_is_a_link(drawn):
    text, _made = drawn(
        WEDNESDAY,
        uses=[use(WEDNESDAY, "5:30", "14:00")],
        free_href=lambda free: f"/new?start={free.start.astimezone(BERLIN).hour}",
    )

    assert text == "b-t 2+34 5:30–14 | b-f 36+32 14–22"
