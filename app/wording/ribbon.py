"""The ribbon of a day: reservations, closures and opening hours -> items on 68 columns, a quarter-hour each.

It is drawn by macros/times.html, from 5 to 22 h. One function for the day list, the catalogue, the machine page, the
form and the desks, so that a reader who knows one knows all. Columns are wall-clock time of the workshop: a day of 23
or 25 hours has its 68, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.wording import formats
from booking.times.wall_clock import first_instant, to_wall
from booking.timespan import TimeSpan

FIRST_HOUR, LAST_HOUR = 5, 22
QUARTER = 15
MINUTE = timedelta(minutes=1)
COLUMNS = (LAST_HOUR - FIRST_HOUR) * 60 // QUARTER
ROOM_FOR_WORDS = 10  # columns; a narrower item has its words only for readers and on touch
SHORTEST_FREE = 4  # columns

CSS = {"taken": "b-t", "mine": "b-m", "pending": "b-p", "in_use": "b-u", "wish": "b-new", "clash": "b-new b-clash"}

WISHES = ("wish", "clash")


@dataclass(frozen=True, slots=True)
class Use:
    """A reservation as a reader may know it.

    kind: taken, mine, pending, in_use, or for the form wish and clash. who: the name, or "". occupied: with set-up and
    cleaning.
    """

    span: TimeSpan
    occupied: TimeSpan
    kind: str = "taken"
    who: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class RibbonItem:
    """One item: its class, first column and width; words for readers, and short ones where they fit."""

    css: str
    start: int
    width: int
    words: str
    short: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A day as items in the order of time, the column of the present moment, and what is free."""

    items: tuple[RibbonItem, ...]
    now: int | None
    free: tuple[TimeSpan, ...]


def ribbon(
    day: date,
    zone: ZoneInfo,
    *,
    uses: Iterable[Use] = (),
    closures: Iterable[tuple[TimeSpan, str]] = (),
    open_spans: Iterable[TimeSpan] | None = None,
    now: datetime | None = None,
    free_href: Callable[[TimeSpan], str] | None = None,
) -> Ribbon:
    """Return the ribbon of a machine of one place on a day.

    closures: spans and their reasons. open_spans: the opening hours around the day; None: always open. now: the present
    moment, if what is over is to be shown. free_href: makes free time a link; "" for what cannot be reserved.
    """
    scale = _Scale(day, zone)
    uses = sorted((use for use in uses if scale.touches(use.occupied)), key=lambda use: use.span)
    closures = sorted(closure for closure in closures if scale.touches(closure[0]))
    opened = [(0, COLUMNS)] if open_spans is None else _merged(scale.inside(span) for span in open_spans)
    items = list(_closed_hours(opened))
    over = 0 if now is None else scale.down(now)
    if over:
        items.insert(0, RibbonItem("b-past", 0, over, _("over")))
    for span, reason in closures:
        items.extend(scale.item("b-k", span, _("closed: %(reason)s", reason=reason), reason))
    for use in uses:
        items.extend(_of_use(scale, use))
    busy = [scale.around(use.occupied) for use in uses]
    busy += [scale.around(span) for span, _reason in closures]
    earliest = 0 if now is None else scale.up(now)
    free = [gap for first, last in opened for gap in _gaps(max(first, earliest), last, sorted(busy))]
    spans = tuple(scale.span(start, end) for start, end in free)
    if free_href is not None:
        items.extend(
            RibbonItem("b-f", start, end - start, _free_words(span, zone), _short(span, scale), href)
            for (start, end), span in zip(free, spans, strict=True)
            if (href := free_href(span))
        )
    shows_now = now is not None and 0 < scale.down(now) < COLUMNS
    return Ribbon(tuple(sorted(items, key=_order)), over if shows_now else None, spans)


class _Scale:
    """Instants -> columns of one day, and back."""

    def __init__(self, day: date, zone: ZoneInfo) -> None:
        self.day, self.zone = day, zone
        self._first, self._last = self._instant(0), self._instant(COLUMNS)
        # Where the clock does not change in these hours, minutes are those of UTC: 0.3 microseconds instead of 5.
        self._is_plain = self._last - self._first == COLUMNS * timedelta(minutes=QUARTER)

    def touches(self, span: TimeSpan) -> bool:
        """Return whether some of a span lies in the hours shown."""
        return span.start < self._last and span.end > self._first

    def down(self, instant: datetime) -> int:
        """Return the column that an instant is in, 0 before the first and 68 after the last."""
        return self._bounded(self._minutes(instant) // QUARTER)

    def up(self, instant: datetime) -> int:
        """Return the first column that begins at an instant or after it."""
        return self._bounded(-(-self._minutes(instant) // QUARTER))

    def around(self, span: TimeSpan) -> tuple[int, int]:
        """Return the columns that a span touches."""
        return self.down(span.start), self.up(span.end)

    def inside(self, span: TimeSpan) -> tuple[int, int]:
        """Return the columns that lie in a span as a whole."""
        return self.up(span.start), self.down(span.end)

    def span(self, start: int, end: int) -> TimeSpan:
        """Return the time of some columns."""
        return TimeSpan(self._instant(start), self._instant(end))

    def item(self, css: str, span: TimeSpan, words: str, short: str, href: str = "") -> Iterator[RibbonItem]:
        """Make an item of a span, cut to the day; nothing where it lies outside."""
        start, end = self.around(span)
        if end > start:
            yield RibbonItem(css, start, end - start, words, short if end - start >= ROOM_FOR_WORDS else "", href)

    def _minutes(self, instant: datetime) -> int:
        """Return wall-clock minutes after 5 h; the seconds of a minute count for it."""
        if self._is_plain:
            return (instant - self._first) // MINUTE
        wall = to_wall(instant, self.zone)
        first = datetime.combine(self.day, time(FIRST_HOUR), wall.tzinfo)
        return (wall.replace(second=0, microsecond=0) - first) // MINUTE

    def _instant(self, column: int) -> datetime:
        wall = datetime.combine(self.day, time(FIRST_HOUR)) + timedelta(minutes=QUARTER * column)
        return first_instant(wall, self.zone)

    @staticmethod
    def _bounded(column: int) -> int:
        return min(max(column, 0), COLUMNS)


def _of_use(scale: _Scale, use: Use) -> Iterator[RibbonItem]:
    """Make the item of a use with what is before and after it, as low bars."""
    when = formats.format_span(use.span, scale.zone)
    who = _("me") if use.kind == "mine" else use.who or (_("my wish") if use.kind in WISHES else _("taken"))
    asked = _("requested") if use.kind == "pending" else ""
    words = ", ".join(part for part in (who, asked, when) if part)
    name = {"mine": _("Me"), "wish": ""}.get(use.kind, use.who)  # whose wish it is stands beside the ribbon
    short = " ".join(part for part in (name, _short(use.span, scale)) if part)
    yield from scale.item(CSS[use.kind], use.span, words, short, use.href)
    css = "b-b mine" if use.kind in ("mine", "wish") else "b-b"
    first, last = scale.around(use.span)
    before, after = scale.down(use.occupied.start), scale.up(use.occupied.end)
    if before < first:
        yield RibbonItem(css, before, first - before, _("set-up"))
    if last < after:
        yield RibbonItem(css, last, after - last, _("cleaning"))


def _closed_hours(opened: list[tuple[int, int]]) -> Iterator[RibbonItem]:
    """Make the items of the hours in which the workshop is closed."""
    end = 0
    for start, until in [*opened, (COLUMNS, COLUMNS)]:
        if start > end:
            is_whole_day = start - end == COLUMNS
            words = _("closed all day") if is_whole_day else _("outside opening hours")
            yield RibbonItem("b-c", end, start - end, words, words if is_whole_day else "")
        end = max(end, until)


def _gaps(first: int, last: int, busy: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Return the free columns between busy ones that are long enough."""
    for start, end in [*busy, (last, last)]:
        if min(start, last) - first >= SHORTEST_FREE:
            yield first, min(start, last)
        first = max(first, end)


def _merged(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif end > start:
            merged.append((start, end))
    return merged


def _short(span: TimeSpan, scale: _Scale) -> str:
    """Return 8–14; of a span that began before the day –14, of one that goes on 8–."""
    begin, end = to_wall(span.start, scale.zone), to_wall(span.end, scale.zone)
    first = _hour(begin) if begin.date() == scale.day else ""
    ends_today = end.date() == scale.day or (end.time() == time(0) and end.date() - scale.day == timedelta(days=1))
    return f"{first}–{(_hour(end) if end.date() == scale.day else '24') if ends_today else ''}"


def _hour(wall: datetime) -> str:
    return f"{wall.hour}:{wall.minute:02}" if wall.minute else str(wall.hour)


def _free_words(span: TimeSpan, zone: ZoneInfo) -> str:
    return _("free: %(time)s", time=formats.format_clock_span(span, zone))


def _order(item: RibbonItem) -> tuple[bool, bool, int]:
    return item.css not in ("b-past", "b-c"), item.css.startswith(CSS["wish"]), item.start
