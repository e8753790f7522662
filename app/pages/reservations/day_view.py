"""The days around a wish, the chosen day as a ribbon, and lengths: each is a tap that fills the form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from app.extensions import page_locale
from app.forms.span_form import FIRST_YEAR, LAST_YEAR, SpanForm
from app.pages.plan.segments import Frame, starts_of
from app.pages.reservations.checks import choice_of, keep_length
from app.pages.ribbons import Reader, day_span, machine_ribbon
from app.wording import formats
from app.wording.ribbon import COLUMNS, QUARTER, Ribbon, Use
from booking import queries
from booking.kernel.read_cache import cached_read
from booking.queries import BoardRow, MachineCard
from booking.times.opening_hours import instant_of
from booking.times.wall_clock import first_instant, local_day, to_wall
from booking.timespan import TimeSpan

DAYS = 7
BEFORE = timedelta(days=3)  # shown before a day that is not one of the next seven
DAY_MINUTES = 24 * 60
SHORT_LENGTHS = (30, 60, 120)
LENGTHS_BY_DAY = (DAY_MINUTES, 2 * DAY_MINUTES, 3 * DAY_MINUTES, 7 * DAY_MINUTES)
USUAL_START, USUAL_MINUTES = 8 * 60, 60  # of a tap while the form holds no valid time
HALF_DAY_MOST = 6 * 60


@dataclass(frozen=True, slots=True)
class DayTap:
    """A day to tap; load: how full it is, in per cent; value fills the form."""

    day: date
    value: str
    load: int
    is_chosen: bool
    is_today: bool
    label: str


@dataclass(frozen=True, slots=True)
class LengthTap:
    """A length to tap, with the end that it leads to."""

    label: str
    note: str
    value: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class DayView:
    """The chosen day of a machine, with the days around it and the lengths that its rules allow."""

    day: date
    ribbon: Ribbon
    days: tuple[DayTap, ...]
    lengths: tuple[LengthTap, ...]


def day_view(
    session: Session,
    form: SpanForm,
    card: MachineCard,
    *,
    now: datetime,
    is_refused: bool = False,
    excluding: int | None = None,
) -> DayView | None:
    """Return the day that a form names; None where it names none. excluding: the reservation to be moved."""
    day = form.date.data
    if day is None or not FIRST_YEAR < day.year < LAST_YEAR:
        return None
    span = form.span or _usual_span(day, card)
    days = _days_around(day, local_day(now, card.zone))
    window = TimeSpan(day_span(days[0], card.zone).start, day_span(days[-1], card.zone).end)
    row = _row(session, card, window, now=now, excluding=excluding)
    if row is None:
        return None
    wish = _wished(form.span, card, is_refused=is_refused)
    return DayView(
        day=day,
        ribbon=_ribbon(row, day, card, span, window=window, now=now, wish=wish),
        days=_day_taps(session, row, days, card, span, chosen=day, now=now, excluding=excluding),
        lengths=tuple(_length_taps(row, day, card, span, now=now, is_valid=form.span is not None)),
    )


def _row(
    session: Session, card: MachineCard, window: TimeSpan, *, now: datetime, excluding: int | None
) -> BoardRow | None:
    """Return the machine's row of the board, read once for a version of the database and a second."""

    def read() -> BoardRow | None:
        return next(queries.board(session, window, now=now, machine_ids=[card.id]).rows, None)

    row = cached_read(session, ("row", card.id, window, now.replace(microsecond=0)), read)
    if row is None or excluding is None:
        return row
    return replace(row, entries=tuple(one for one in row.entries if one.reservation_id != excluding))


def _usual_span(day: date, card: MachineCard) -> TimeSpan:
    start = instant_of(day, USUAL_START, card.zone)
    return TimeSpan(start, start + timedelta(minutes=max(USUAL_MINUTES, card.rules.shortest_min)))


def _days_around(day: date, today: date) -> list[date]:
    first = today if today <= day < today + timedelta(days=DAYS) else day - BEFORE
    return [first + timedelta(days=number) for number in range(DAYS)]


def _wished(span: TimeSpan | None, card: MachineCard, *, is_refused: bool) -> tuple[Use, ...]:
    if span is None:
        return ()
    occupied = TimeSpan(
        span.start - timedelta(minutes=card.rules.setup_min), span.end + timedelta(minutes=card.rules.cleaning_min)
    )
    return (Use(span, occupied, "clash" if is_refused else "wish"),)


def _ribbon(
    row: BoardRow,
    day: date,
    card: MachineCard,
    span: TimeSpan,
    *,
    window: TimeSpan,
    now: datetime,
    wish: tuple[Use, ...],
) -> Ribbon:
    accepted = starts_of(row, row.policy, Frame(window, now))

    def tap(free: TimeSpan) -> str:
        """Return the choice that fills the form; "" where the rules accept no start in this free time."""
        if (start := accepted.first(free.start, free.end)) is None:
            return ""
        wished = keep_length(span, start, card)
        return choice_of(card.id, wished if wished.end <= free.end else TimeSpan(start, free.end), card).value

    return machine_ribbon(row, day, card.zone, now=now, reader=_reader(), free_href=tap, wishes=wish)


def _reader() -> Reader:
    return Reader(member_id=current_user.member_id)


def _day_taps(
    session: Session,
    row: BoardRow,
    days: list[date],
    card: MachineCard,
    span: TimeSpan,
    *,
    chosen: date,
    now: datetime,
    excluding: int | None,
) -> tuple[DayTap, ...]:
    """Return the days to tap, made once in a language for a version of the database and a minute: they show no names.

    What is late holds the machine up to now, and days of another year are written with theirs.
    """
    today, minute = local_day(now, card.zone), now.replace(second=0, microsecond=0)
    key = ("day taps", card.id, tuple(days), span, chosen, minute, excluding, str(page_locale()))

    def make() -> tuple[DayTap, ...]:
        return tuple(_day_tap(row, one, card, span, chosen=chosen, today=today) for one in days)

    return cached_read(session, key, make)


def _day_tap(row: BoardRow, day: date, card: MachineCard, span: TimeSpan, *, chosen: date, today: date) -> DayTap:
    wall = datetime.combine(day, to_wall(span.start, card.zone).time())
    value = choice_of(card.id, keep_length(span, first_instant(wall, card.zone), card), card).value
    load = _load(row, day, card)
    words = _("closed all day") if load is None else _("%(percent)s%% taken", percent=load)
    label = f"{formats.format_day(day)}: {words}"
    return DayTap(day, value, 100 if load is None else load, day == chosen, day == today, label)


def _load(row: BoardRow, day: date, card: MachineCard) -> int | None:
    """Return how much of the opening hours is taken, in per cent; None where the workshop is closed all day."""
    shown = machine_ribbon(row, day, card.zone, now=day_span(day, card.zone).start, reader=_reader())
    opened = COLUMNS - sum(item.width for item in shown.items if item.css == "b-c")
    if opened <= 0:
        return None
    free = sum(one.seconds for one in shown.free) / (QUARTER * 60)
    return round(100 * (1 - min(free / opened, 1)))


def _length_taps(
    row: BoardRow, day: date, card: MachineCard, span: TimeSpan, *, now: datetime, is_valid: bool
) -> Iterator[LengthTap]:
    seen = set()
    for label, wished in _lengths(row, day, card, span, now=now):
        length = wished.seconds // 60
        if wished in seen or not card.rules.shortest_min <= length <= card.rules.longest_min:
            continue
        seen.add(wished)
        note = "" if card.rules.is_lent_by_day else _("until %(time)s", time=_end_words(wished, card))
        yield LengthTap(label, note, choice_of(card.id, wished, card).value, is_valid and wished == span)


def _end_words(span: TimeSpan, card: MachineCard) -> str:
    return formats.format_clock_span(span, card.zone).partition("–")[2]


def _lengths(
    row: BoardRow, day: date, card: MachineCard, span: TimeSpan, *, now: datetime
) -> Iterator[tuple[str, TimeSpan]]:
    if card.rules.is_lent_by_day:
        for minutes in LENGTHS_BY_DAY:
            wished = keep_length(TimeSpan(span.start, span.start + timedelta(minutes=minutes)), span.start, card)
            yield formats.format_minutes(minutes), wished
        return
    for minutes in SHORT_LENGTHS:
        yield formats.format_minutes(minutes), TimeSpan(span.start, span.start + timedelta(minutes=minutes))
    whole = _open_day(row, day, card)
    if whole is None:
        return
    step = card.rules.step_min
    half = min(whole.seconds // 120, HALF_DAY_MOST) // step * step
    if half > SHORT_LENGTHS[-1]:
        yield _("half a day"), TimeSpan(span.start, span.start + timedelta(minutes=half))
    if now <= whole.start:
        yield _("whole day"), whole
    elif span.start < whole.end:
        yield _("until closing"), TimeSpan(span.start, whole.end)


def _open_day(row: BoardRow, day: date, card: MachineCard) -> TimeSpan | None:
    """Return a day from its first opening to its last closing; None where the workshop is closed."""
    whole = day_span(day, card.zone)
    opened = [one for one in row.open_spans if one.start < whole.end and whole.start < one.end]
    if not opened:
        return None
    return TimeSpan(max(opened[0].start, whole.start), min(opened[-1].end, whole.end))
