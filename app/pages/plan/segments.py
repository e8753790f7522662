"""The segments of a machine's row, from left to right: closed, free, taken, buffers, closures. Pure.

Segments follow each other without gaps. A machine with one place shows each reservation; one with several places
shows how many are free. At which times a reservation could start is found by booking.availability alone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from booking.availability import AcceptedStarts, accepted_starts
from booking.queries import BoardEntry, BoardRow
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import Policy
from booking.timespan import TimeSpan

CLOSED, GONE, EARLY, FAR, FREE = "closed", "gone", "early", "far", "free"
SETUP, WORK, CLEANING, CLOSURE, SHARED = "setup", "work", "cleaning", "closure", "shared"


class Segment(NamedTuple):
    """A part of a row.

    kind: closed, gone (past), early (inside the notice), far (beyond the horizon), free; setup, work,
    cleaning of an entry; closure; shared (some places held). starts_at: the first instant in it at which the shortest
    reservation would be accepted, None without one. free: places free in a shared or free segment. own: the viewer's
    entries in a shared segment. late: places in a shared segment that are still out after their time. A tuple, because
    boards have thousands.
    """

    kind: str
    start: datetime
    end: datetime
    entry: BoardEntry | None = None
    starts_at: datetime | None = None
    free: int = 0
    own: tuple[BoardEntry, ...] = ()
    late: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """The span that is shown, the present, and the member who looks, or None.

    eligibility: of that member for this machine; None judges nobody.
    """

    span: TimeSpan
    now: datetime
    member_id: int | None = None
    eligibility: MemberEligibility | None = None


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where free time is cut, so that each part is a link of its own: at midnights always, at other instants
    only what is at least `long`. Both in order.
    """

    midnights: Sequence[datetime] = ()
    others: Sequence[datetime] = ()
    long: timedelta = timedelta.max

    def parts(self, segment: Segment) -> Iterator[tuple[datetime, datetime]]:
        """Yield the edges of the parts of a free segment."""
        for start, end in self._between(self.midnights, segment.start, segment.end):
            if end - start < self.long or segment.kind == SHARED:
                yield start, end
            else:
                yield from self._between(self.others, start, end)

    @staticmethod
    def _between(cuts: Sequence[datetime], start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        inside = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
        yield from pairwise((start, *inside, end)) if inside else ((start, end),)


WHOLE = Cuts()


def segments_of(row: BoardRow, frame: Frame, cuts: Cuts = WHOLE) -> list[Segment]:
    """Return the segments of a row over the frame's span, in order, without gaps; free ones cut into parts."""
    policy = row.policy
    openings = _Openings.of(row, policy, frame.now)
    segments_between = _shared_segments if policy.places > 1 else _single_segments
    return list(_with_starts(segments_between(row, frame, openings), cuts, starts_of(row, policy, frame)))


def starts_of(row: BoardRow, policy: Policy, frame: Frame) -> AcceptedStarts:
    """Return the starts in the frame at which the shortest reservation of one place would be accepted.

    The board knows what holds the machine in the frame only, so the occupied time must lie inside of it.
    """
    held = _held_places(row, frame.now)
    return accepted_starts(policy, held, frame.span, now=frame.now, eligibility=frame.eligibility)


def _held_places(row: BoardRow, now: datetime) -> list[list[TimeSpan]]:
    """Return what holds each place from now on; what is past may be on places that are retired.

    The set-up of a reservation that starts soon lies in the past: what held a place then still keeps it.
    """
    held: dict[int, list[TimeSpan]] = {}
    since = now - timedelta(minutes=row.machine.rules.setup_min)
    for entry in row.entries:
        if entry.occupied_until > since and entry.due_at is None:  # what is still out keeps nobody from reserving
            for number in entry.unit_numbers:
                held.setdefault(number, []).append(TimeSpan(entry.occupied_from, entry.occupied_until))
    return [*held.values(), *([] for _ in range(row.machine.places - len(held)))]


def _with_starts(segments: Iterable[Segment], cuts: Cuts, starts: AcceptedStarts) -> Iterator[Segment]:
    for segment in segments:
        if segment.kind not in (FREE, SHARED):
            yield segment
            continue
        for start, end in cuts.parts(segment):
            yield Segment(segment.kind, start, end, None, starts.first(start, end), *segment[5:])


def _single_segments(row: BoardRow, frame: Frame, openings: _Openings) -> Iterator[Segment]:
    cursor = frame.span.start
    for entry in row.entries:
        if entry.occupied_until <= frame.span.start or frame.span.end <= entry.occupied_from:
            continue
        if entry.occupied_from > cursor:
            yield from openings.background(cursor, min(entry.occupied_from, frame.span.end))
        yield from _entry_segments(entry, frame.span)
        cursor = max(cursor, entry.occupied_until)
    if cursor < frame.span.end:
        yield from openings.background(cursor, frame.span.end)


def _entry_segments(entry: BoardEntry, span: TimeSpan) -> Iterator[Segment]:
    if entry.is_closure:
        pieces = [(CLOSURE, entry.occupied_from, entry.occupied_until)]
    else:
        pieces = [
            (SETUP, entry.occupied_from, entry.starts_at),
            (WORK, entry.starts_at, entry.ends_at),
            (CLEANING, entry.ends_at, entry.occupied_until),
        ]
    for kind, begins, ends in pieces:
        if begins < ends and span.start < ends and begins < span.end:
            yield Segment(kind, max(begins, span.start), min(ends, span.end), entry)


@dataclass(frozen=True, slots=True)
class _Openings:
    """When a machine may be used, and between which instants a start is neither too early nor too far ahead."""

    open_spans: Sequence[TimeSpan]
    now: datetime
    earliest: datetime
    latest: datetime
    places: int

    @classmethod
    def of(cls, row: BoardRow, policy: Policy, now: datetime) -> _Openings:
        return cls(row.open_spans, now, policy.earliest_start(now), policy.latest_start(now), policy.places)

    def background(self, since: datetime, until: datetime) -> Iterator[Segment]:
        """Yield the segments of time that no entry holds."""
        cursor = since
        for opening in self.open_spans:  # in order
            if opening.end <= since:
                continue
            if opening.start >= until:
                break
            start, end = max(opening.start, since), min(opening.end, until)
            if cursor < start:
                yield Segment(CLOSED, cursor, start)
            yield from self._open(start, end)
            cursor = end
        if cursor < until:
            yield Segment(CLOSED, cursor, until)

    def _open(self, start: datetime, end: datetime) -> Iterator[Segment]:
        if self.earliest <= start and end <= self.latest:
            yield Segment(FREE, start, end, free=self.places)
            return
        for kind, begins, ends in (
            (GONE, start, min(end, self.now)),
            (EARLY, max(start, self.now), min(end, self.earliest)),
            (FREE, max(start, self.earliest), min(end, self.latest)),
            (FAR, max(start, self.latest), end),
        ):
            if begins < ends:
                yield Segment(kind, begins, ends, free=self.places if kind == FREE else 0)


def _shared_segments(row: BoardRow, frame: Frame, openings: _Openings) -> Iterator[Segment]:
    """Yield the segments of a machine with several places: time in which the same places are held."""
    span = frame.span
    edges = {span.start, span.end}
    for entry in row.entries:
        edges.update(edge for edge in (entry.occupied_from, entry.occupied_until) if span.start < edge < span.end)
    for start, end in pairwise(sorted(edges)):
        held = [entry for entry in row.entries if entry.occupied_from < end and start < entry.occupied_until]
        yield from _shared_part(row, TimeSpan(start, end), held, frame, openings)


def _shared_part(
    row: BoardRow, part: TimeSpan, held: Sequence[BoardEntry], frame: Frame, openings: _Openings
) -> Iterator[Segment]:
    closure = next((entry for entry in held if entry.is_closure), None)
    if closure is not None:
        yield Segment(CLOSURE, part.start, part.end, closure)
        return
    free = max(row.machine.places - sum(entry.places for entry in held), 0)
    own = tuple(entry for entry in held if frame.member_id is not None and entry.member_id == frame.member_id)
    late = sum(entry.places for entry in held if entry.due_at is not None)
    for segment in openings.background(part.start, part.end):
        yield segment._replace(kind=SHARED if held else segment.kind, free=free, own=own, late=late)
