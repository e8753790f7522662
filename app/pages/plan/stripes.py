"""What lies behind the rows of the board, as paths of an SVG that is as wide as there are columns and 1 high."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache

from app.pages.plan.axis import Axis
from app.pages.plan.window import HOUR
from booking.times.wall_clock import local_day, to_wall

SATURDAY = 5
Stripe = tuple[float, float]  # its first column, and the one behind it


def stripes_of(axis: Axis, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what lies behind the rows: today, weekends, nights, a line at each midnight, and the past."""
    yield from _standing(axis, local_day(now, axis.zone))
    if axis.bounds[0] < now:
        share = axis.share(now)
        last = axis.columns if share is None else round(axis.columns * share / 100, 2)
        yield "past", _path([(0, last)])


@lru_cache(maxsize=32)
def _standing(axis: Axis, today: date) -> tuple[tuple[str, str], ...]:
    found: dict[str, list[Stripe]] = {}
    for css, first, last in _yield_stripes(axis, today):
        stripes = found.setdefault(css, [])
        touches = stripes and stripes[-1][1] == first < last  # the days of a weekend, the two ends of a night
        stripes.append((stripes.pop()[0] if touches else first, last))
    return tuple((css, _path(stripes)) for css, stripes in found.items())


def _yield_stripes(axis: Axis, today: date) -> Iterator[tuple[str, float, float]]:
    for day in axis.days:
        if day.date == today:
            yield "td", day.first, day.last
        elif day.date.weekday() >= SATURDAY:
            yield "wk", day.first, day.last
        walls = (to_wall(bound, axis.zone) for bound in axis.bounds[day.first : day.last])
        minutes = [wall.hour * HOUR + wall.minute for wall in walls]
        before = sum(minute < axis.window.first for minute in minutes)
        after = sum(minute >= axis.window.last for minute in minutes)
        if before:
            yield "nt", day.first, day.first + before
        if after:
            yield "nt", day.last - after, day.last
        yield "dl", day.first, day.first


def _path(stripes: Sequence[Stripe]) -> str:
    """Return stripes as one path; those without a width are lines. Each starts from the start of the one before it.

    A week repeats the same steps, which compresses to half of what absolute positions take.
    """
    path: list[str] = []
    at = 0.0
    for first, last in stripes:
        width = round(last - first, 2)
        begin = "-1" if path and not width else " 0"  # a line ends one further down
        path.append(f"m{first - at:g}{begin}" + (f"h{width:g}v1h-{width:g}z" if width else "v1"))
        at = first
    return "".join(path)
