"""One machine on one day for the phone: its ribbon or the steps of its places, what is free, why nothing is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from flask_babel import gettext as _

from app.pages.plan import segments
from app.pages.plan.axis import Axis
from app.pages.plan.labels import Labels, short_clock
from app.pages.plan.reasons import Reasons
from app.pages.plan.segments import Segment
from app.pages.plan.viewer import Viewer
from app.wording.local_time import url_instant
from app.wording.ribbon import FIRST_HOUR, LAST_HOUR, QUARTER, Ribbon, RibbonItem, Use, ribbon
from app.wording.whereabouts import due_text
from booking.queries import BoardEntry, BoardRow, BoardWorkshop
from booking.times.wall_clock import first_instant
from booking.timespan import TimeSpan

LABELLED_FROM_PERCENT = 14  # of the ribbon's width; a narrower step has its number only for readers


class Look(Protocol):
    """What a list is made for."""

    axis: Axis
    viewer: Viewer
    now: datetime
    labels: Labels
    new_address: str
    show_address: str


@dataclass(frozen=True, slots=True)
class Step:
    """Time in which the same places are taken, in per cent of the ribbon."""

    left: float
    width: float
    full: float
    text: str
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class MachineDay:
    """ribbon: of a machine with one place; else steps. free: (text, address). notes: what else is to be known."""

    ribbon: Ribbon | None
    steps: tuple[Step, ...]
    now_at: float | None
    free: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def machine_day(look: Look, row: BoardRow, place: BoardWorkshop, parts: Sequence[Segment]) -> MachineDay:
    """Return a machine's part of the list of a day."""
    day, zone = look.axis.days[0].date, look.axis.zone
    free = tuple(_free(look, row, parts))
    notes = tuple(_notes(look, row, place, parts, has_free=bool(free)))
    if row.machine.places > 1:
        window = _ribbon_span(look.axis, day)
        return MachineDay(None, tuple(_steps(look, row, parts, window)), _share(look.now, window), free, notes)
    present = look.now if look.axis.span.start <= look.now else None
    drawn = ribbon(
        day,
        zone,
        uses=[_use(look, entry, place.id) for entry in row.entries if not entry.is_closure],
        closures=[(_occupied(entry), entry.text or look.labels.closure) for entry in row.entries if entry.is_closure],
        open_spans=row.open_spans,
        now=present,
    )
    return MachineDay(_with_reasons(drawn, look, row, place, parts), (), None, free, notes)


def _with_reasons(drawn: Ribbon, look: Look, row: BoardRow, place: BoardWorkshop, parts: Sequence[Segment]) -> Ribbon:
    """Return a ribbon whose closed hours say why they are closed."""
    reasons = Reasons(look.axis, row, place, look.now, look.viewer.eligibility_for(row.machine))
    closed = [part for one in parts if one.kind == segments.CLOSED for part in reasons.parts_of_closed(one)]

    def explained(item: RibbonItem) -> RibbonItem:
        wall = datetime.combine(look.axis.days[0].date, time(FIRST_HOUR)) + timedelta(minutes=QUARTER * item.start)
        start = first_instant(wall, look.axis.zone)
        part = next((one for one in closed if one.start <= start < one.end), None)
        return item if part is None else replace(item, words=reasons.of(part))

    items = tuple(explained(one) if one.css == "b-c" else one for one in drawn.items)
    return replace(drawn, items=items)


def _use(look: Look, entry: BoardEntry, workshop_id: int) -> Use:
    span = TimeSpan(entry.starts_at, entry.ends_at)
    if not look.viewer.may_know(entry, workshop_id):
        return Use(span, _occupied(entry))
    kind = {"requested": "pending", "in_use": "in_use"}.get(entry.status, "taken")
    if look.viewer.is_own(entry) and kind != "pending":
        kind = "mine"
    return Use(span, _occupied(entry), kind, entry.member_name, f"{look.show_address}{entry.reservation_id}")


def _occupied(entry: BoardEntry) -> TimeSpan:
    return TimeSpan(entry.occupied_from, entry.occupied_until)


def _free(look: Look, row: BoardRow, parts: Sequence[Segment]) -> Iterator[tuple[str, str]]:
    """Yield what can be reserved: each free time, or with several places the first of them."""
    for segment in parts:
        if segment.starts_at is None or segment.kind not in (segments.FREE, segments.SHARED):
            continue
        address = ""
        if look.viewer.may_reserve:
            address = f"{look.new_address}?machine={row.machine.slug}&start={url_instant(segment.starts_at)}"
        time_text = short_clock(segment.starts_at, segment.end, look.axis.zone)
        if row.machine.places > 1:
            yield _("%(time)s: %(free)s free", time=time_text, free=segment.free), address
        else:
            yield _("free %(time)s", time=time_text), address


def _notes(
    look: Look, row: BoardRow, place: BoardWorkshop, parts: Sequence[Segment], *, has_free: bool
) -> Iterator[str]:
    for entry in row.entries:
        if entry.due_at is not None:
            due = look.labels.still_out % {"due": due_text(entry.due_at, look.axis.zone, entry.ends_at)}
            who = f"{entry.member_name} " if look.viewer.may_know(entry, place.id) else ""
            yield who + due if row.machine.places == 1 else look.labels.some_out % {"places": entry.places}
    if has_free:
        return
    reasons = Reasons(look.axis, row, place, look.now, look.viewer.eligibility_for(row.machine))
    said = dict.fromkeys(
        reasons.of(segment)
        for segment in parts
        if segment.kind in (segments.EARLY, segments.FAR) or (segment.kind == segments.FREE and segment.end > look.now)
    )
    is_closed = all(segment.kind == segments.CLOSED for segment in parts)
    yield from said or [reasons.of(parts[0]) if is_closed else _("Nothing more is free on this day.")]


def _steps(look: Look, row: BoardRow, parts: Sequence[Segment], window: TimeSpan) -> Iterator[Step]:
    for segment in parts:
        left, right = _share(segment.start, window), _share(segment.end, window)
        if segment.kind in (segments.CLOSED, segments.GONE):
            continue
        first, last = (0.0 if left is None else left), (100.0 if right is None else right)
        if segment.end <= window.start or window.end <= segment.start or last <= first:
            continue
        free = 0 if segment.kind == segments.CLOSURE else segment.free
        full = round(100 * (row.machine.places - free) / row.machine.places, 1)
        text = look.labels.some_free % {"free": free}
        yield Step(first, round(last - first, 2), full, text, last - first >= LABELLED_FROM_PERCENT)


def _ribbon_span(axis: Axis, day: date) -> TimeSpan:
    first, last = (datetime.combine(day, time(hour)) for hour in (FIRST_HOUR, LAST_HOUR))
    return TimeSpan(first_instant(first, axis.zone), first_instant(last, axis.zone))


def _share(instant: datetime, window: TimeSpan) -> float | None:
    if not window.start <= instant <= window.end:
        return None
    return round(100 * ((instant - window.start) / (window.end - window.start)), 2)
