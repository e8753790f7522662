"""What stands in a machine's row, from left to right: closed, free, taken, buffers, closures. Pure.

A row is cut into runs that follow each other without gaps. A machine with one place shows each reservation;
one with many places shows how many are free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from booking.queries import BoardEntry, BoardMachine, BoardRow
from booking.timespan import TimeSpan

CLOSED, GONE, EARLY, FAR, FREE = "closed", "gone", "early", "far", "free"
SETUP, WORK, CLEANING, CLOSURE, SHARED = "setup", "work", "cleaning", "closure", "shared"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a row.

    kind: closed, gone (past), early (inside the notice), far (beyond the horizon), free; setup, work,
    cleaning of an entry; closure; shared (some places held). starts_at: when a reservation could begin here,
    None where none can. free: places free in a shared or free run. own: the viewer's entries in a shared run.
    """

    kind: str
    start: datetime
    end: datetime
    entry: BoardEntry | None = None
    starts_at: datetime | None = None
    free: int = 0
    own: tuple[BoardEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What is looked at, by whose clock, when, and by whom (a member, or None)."""

    span: TimeSpan
    zone: ZoneInfo
    now: datetime
    member_id: int | None = None


def runs_of(row: BoardRow, frame: Frame) -> list[Run]:
    """The runs of a row over the frame's span, in order, without gaps. frame.zone: that of the machine."""
    if row.machine.places > 1:
        return list(_shared_runs(row, frame))
    found: list[Run] = []
    cursor, after_entry = frame.span.start, False
    for entry in row.entries:
        if entry.occupied_until <= frame.span.start or frame.span.end <= entry.occupied_from:
            continue
        if entry.occupied_from > cursor:
            gap = TimeSpan(cursor, min(entry.occupied_from, frame.span.end))
            found += _gap(row, gap, frame, after_entry=after_entry, before_entry=True)
        found += _entry_runs(entry, frame.span)
        cursor, after_entry = max(cursor, entry.occupied_until), True
    if cursor < frame.span.end:
        found += _gap(row, TimeSpan(cursor, frame.span.end), frame, after_entry=after_entry, before_entry=False)
    return found


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where free time is cut, so that each part is a link of its own: at midnights always, at other instants
    only what is at least `long`.
    """

    midnights: Sequence[datetime]
    others: Sequence[datetime]
    long: timedelta

    def parts(self, run: Run) -> Iterator[tuple[datetime, datetime]]:
        """The edges of the parts of a free run."""
        for start, end in self._between(self.midnights, run.start, run.end):
            if end - start < self.long or run.kind == SHARED:
                yield start, end
            else:
                yield from self._between(self.others, start, end)

    @staticmethod
    def _between(cuts: Sequence[datetime], start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        yield from pairwise((start, *(cut for cut in cuts if start < cut < end), end))


def cut(runs: Iterable[Run], cuts: Cuts, machine: BoardMachine, zone: ZoneInfo) -> Iterator[Run]:
    """The same runs, free ones cut into parts."""
    for run in runs:
        if run.kind not in (FREE, SHARED):
            yield run
            continue
        for start, end in cuts.parts(run):
            yield replace(run, start=start, end=end, starts_at=_start_after(run, start, end, machine, zone))


def on_grid(instant: datetime, machine: BoardMachine, zone: ZoneInfo) -> datetime:
    """The first instant from here on at which a reservation of the machine may start, by the wall clock."""
    wall = instant.astimezone(zone).replace(tzinfo=None)
    since_midnight = wall - wall.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=min(machine.rules.step_min, 60))
    return instant + (-since_midnight % step)


def _start_after(run: Run, start: datetime, end: datetime, machine: BoardMachine, zone: ZoneInfo) -> datetime | None:
    if run.starts_at is None:
        return None
    begins = run.starts_at if run.starts_at >= start else on_grid(start, machine, zone)
    return begins if begins < end else None


def _entry_runs(entry: BoardEntry, span: TimeSpan) -> Iterator[Run]:
    if entry.is_closure:
        pieces = [(CLOSURE, entry.occupied_from, entry.occupied_until)]
    else:
        pieces = [
            (SETUP, entry.occupied_from, entry.starts_at),
            (WORK, entry.starts_at, entry.ends_at),
            (CLEANING, entry.ends_at, entry.occupied_until),
        ]
    for kind, begins, ends in pieces:
        start, end = max(begins, span.start), min(ends, span.end)
        if start < end:
            yield Run(kind, start, end, entry)


def _gap(row: BoardRow, gap: TimeSpan, frame: Frame, *, after_entry: bool, before_entry: bool) -> Iterator[Run]:
    """Time that no entry holds: closed, or open and free for a wish whose buffers stay clear of the entries."""
    machine = row.machine
    first = gap.start + timedelta(minutes=machine.rules.setup_min if after_entry else 0)
    last = gap.end - timedelta(minutes=machine.rules.cleaning_min if before_entry else 0)
    for run in _background(row, gap, frame.now):
        if run.kind != FREE:
            yield run
            continue
        start = on_grid(max(run.start, first), machine, frame.zone)
        fits = start + timedelta(minutes=machine.rules.shortest_min) <= min(run.end, last)
        yield replace(run, starts_at=start if fits else None, free=machine.places)


def _background(row: BoardRow, gap: TimeSpan, now: datetime) -> Iterator[Run]:
    cursor = gap.start
    for opening in row.open_spans:
        start, end = max(opening.start, gap.start), min(opening.end, gap.end)
        if start >= end:
            continue
        if cursor < start:
            yield Run(CLOSED, cursor, start)
        yield from _open(row.machine, start, end, now)
        cursor = end
    if cursor < gap.end:
        yield Run(CLOSED, cursor, gap.end)


def _open(machine: BoardMachine, start: datetime, end: datetime, now: datetime) -> Iterator[Run]:
    earliest = now + timedelta(hours=machine.rules.notice_hours)
    latest = now + timedelta(days=machine.rules.horizon_days)
    for kind, begins, ends in (
        (GONE, start, min(end, now)),
        (EARLY, max(start, now), min(end, earliest)),
        (FREE, max(start, earliest), min(end, latest)),
        (FAR, max(start, latest), end),
    ):
        if begins < ends:
            yield Run(kind, begins, ends)


def _shared_runs(row: BoardRow, frame: Frame) -> Iterator[Run]:
    """A machine with many places: stretches in which the same places are held."""
    span = frame.span
    edges = {span.start, span.end}
    for entry in row.entries:
        edges.update(edge for edge in (entry.occupied_from, entry.occupied_until) if span.start < edge < span.end)
    for start, end in pairwise(sorted(edges)):
        held = [entry for entry in row.entries if entry.occupied_from < end and start < entry.occupied_until]
        yield from _shared_part(row, TimeSpan(start, end), held, frame)


def _shared_part(row: BoardRow, part: TimeSpan, held: Sequence[BoardEntry], frame: Frame) -> Iterator[Run]:
    closure = next((entry for entry in held if entry.is_closure), None)
    if closure is not None:
        yield Run(CLOSURE, part.start, part.end, closure)
        return
    free = max(row.machine.places - sum(entry.places for entry in held), 0)
    own = tuple(entry for entry in held if frame.member_id is not None and entry.member_id == frame.member_id)
    for run in _background(row, part, frame.now):
        is_open = run.kind == FREE
        starts_at = on_grid(run.start, row.machine, frame.zone) if is_open and free else None
        if starts_at is not None and starts_at >= run.end:
            starts_at = None
        yield replace(run, kind=SHARED if held else run.kind, starts_at=starts_at, free=free, own=own)
