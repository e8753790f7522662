"""/plan/machine/<slug>: the month of one machine, each day with what is taken and what is free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from app.pages.declaration import page
from app.pages.plan import bp, segments
from app.pages.plan.axis import Axis, month_axis
from app.pages.plan.labels import Labels, short_clock
from app.pages.plan.month import month_title, weeks_of
from app.pages.plan.presenter import holiday_names
from app.pages.plan.reasons import Reasons
from app.pages.plan.records_cache import member_records
from app.pages.plan.routes import viewer_of_login
from app.pages.plan.segments import Cuts, Frame, Segment, segments_of
from app.pages.plan.selection import clamped, month_after, month_code
from app.pages.plan.stripes import SATURDAY
from app.pages.plan.viewer import Viewer
from app.wording.local_time import url_instant
from booking import queries
from booking.queries import BoardEntry, BoardRow, BoardWorkshop
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

SHOWN_PER_DAY = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of a day: its class (t, m, p, k, f free), its words and address."""

    css: str
    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class MachineDay:
    """A day of the month. more: how many lines are left out."""

    date: date
    css: str
    holiday: str
    lines: tuple[Line, ...]
    more: int
    href: str


@page(bp, "/plan/machine/<slug>", access=LOGGED_IN)
def machine_month(slug: str) -> ResponseReturnValue:
    """Show a machine's month: ?month=2026-12."""
    session, instant = db.session(), now()
    card = queries.machine_card(session, slug)
    today = local_day(instant, card.zone)
    first, is_misread = _read_month(request.args.get("month", ""), today)
    axis = month_axis(first, card.zone)
    outline = queries.board_outline(session, axis.span, machine_ids=[card.id])
    board = queries.filled_board(session, outline, now=instant)
    days: Sequence[MachineDay] = ()
    if board.workshops:
        place = board.workshops[0]
        member = member_records(session, current_user.member_id, outline.last_record_change, instant)
        holidays = {day: ", ".join(names) for day, names in holiday_names(board).items()}
        maker = _DayMaker(axis, place, place.rows[0], viewer_of_login(member), instant)
        days = [maker.day(number, holidays.get(day.date, ""), today) for number, day in enumerate(axis.days)]
    return render_template(
        "plan/machine_month.html",
        card=card,
        title=month_title(first),
        first=first,
        before=_address(slug, clamped(date.fromordinal(first.toordinal() - 1))),
        present=_address(slug, today),
        after=_address(slug, clamped(month_after(first))),
        is_present=first == today.replace(day=1),
        is_misread=is_misread,
        weeks=tuple(weeks_of(days)) if days else (),
    )


class _DayMaker:
    """Makes the days of a machine's month for one viewer."""

    def __init__(self, axis: Axis, place: BoardWorkshop, row: BoardRow, viewer: Viewer, now: datetime) -> None:
        self.axis, self.place, self.row, self.viewer, self.now = axis, place, row, viewer, now
        self.labels = Labels()
        eligibility = viewer.eligibility_for(row.machine)
        self.reasons = Reasons(axis, row, place, now, eligibility)
        frame = Frame(axis.span, now, viewer.member_id, eligibility)
        self.parts = segments_of(row, frame, Cuts([axis.bounds[day.first] for day in axis.days]))

    def day(self, number: int, holiday: str, today: date) -> MachineDay:
        """Return a day by its number in the month, from 0."""
        day = self.axis.days[number]
        span = TimeSpan(self.axis.bounds[day.first], self.axis.bounds[day.last])
        lines = list(self._lines(span))
        css = {"today": day.date == today, "over": day.date < today, "wkd": day.date.weekday() >= SATURDAY}
        return MachineDay(
            day.date,
            " ".join(name for name, is_set in css.items() if is_set),
            holiday,
            tuple(lines[:SHOWN_PER_DAY]),
            max(len(lines) - SHOWN_PER_DAY, 0),
            url_for("plan.show", day=day.date.isoformat(), view="day"),
        )

    def _lines(self, span: TimeSpan) -> Iterator[Line]:
        found: list[tuple[datetime, Line]] = []
        several = self.row.machine.places > 1
        found += [
            (entry.starts_at, self._entry(entry, span))
            for entry in self.row.entries
            if entry.occupied_from < span.end and span.start < entry.occupied_until
            if entry.is_closure or not several
        ]
        inside = [one for one in self.parts if one.start < span.end and span.start < one.end]
        free = [one for one in inside if one.starts_at is not None and span.start <= one.starts_at < span.end]
        found += [(segment.start, self._free(segment)) for segment in free]
        yield from (line for _start, line in sorted(found, key=lambda pair: pair[0]))
        if not found and (reason := self._reason(inside, span)):
            yield Line("c", reason)

    def _entry(self, entry: BoardEntry, span: TimeSpan) -> Line:
        clock = short_clock(max(entry.starts_at, span.start), min(entry.ends_at, span.end), self.axis.zone)
        if entry.is_closure:
            return Line("k", f"{clock} {entry.text or self.labels.closure}")
        if not self.viewer.may_know(entry, self.place.id):
            return Line("t", f"{clock} {self.labels.taken}")
        is_own = self.viewer.is_own(entry)
        css = "p" if entry.status == "requested" else "m" if is_own else "t"
        name = self.labels.mine if is_own else entry.member_name
        words = " ".join(filter(None, (clock, name, self.labels.state(entry))))
        return Line(css, words, url_for("reservations.show", reservation_id=entry.reservation_id))

    def _free(self, segment: Segment) -> Line:
        start = segment.starts_at or segment.start
        clock = short_clock(start, segment.end, self.axis.zone)
        if self.row.machine.places > 1:
            words = _("%(time)s: %(free)s free", time=clock, free=segment.free)
        else:
            words = _("free all day") if clock == "0–24" else _("free %(time)s", time=clock)
        href = ""
        if self.viewer.may_reserve:
            href = url_for("reservations.new", machine=self.row.machine.slug, start=url_instant(start))
        return Line("f", words, href)

    def _reason(self, inside: Sequence[Segment], span: TimeSpan) -> str:
        """Return why nothing of a day is free or taken; "" for a day that is over."""
        coming = [one for one in inside if one.kind != segments.GONE] if self.now < span.end else []
        found = next((one for one in coming if one.kind != segments.CLOSED), coming[0] if coming else None)
        if found is None:
            return ""
        if found.kind == segments.CLOSED:
            found = next(part for part in self.reasons.parts_of_closed(found) if span.start < part.end)
        return self.reasons.of(found)


def _read_month(text: str, today: date) -> tuple[date, bool]:
    """Return the first day of the month of an address, and whether the address was misread."""
    try:
        return clamped(date.fromisoformat(f"{text}-01" if text else today.isoformat())).replace(day=1), False
    except ValueError:
        return today.replace(day=1), True


def _address(slug: str, day: date) -> str:
    return url_for("plan.machine_month", slug=slug, month=month_code(day))
