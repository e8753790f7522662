"""Which days of a span a machine is free: a place of it all day, for a part of it, not at all, or closed. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from booking.queries import BoardEntry, BoardRow
from booking.timespan import TimeSpan

FREE, PARTLY, FULL, CLOSED = "f", "p", "u", "c"


def day_codes(row: BoardRow, days: Sequence[TimeSpan]) -> str:
    """Return a code for each of some days in a row, without gaps between them."""
    starts = [day.start for day in days]
    opened: list[list[TimeSpan]] = [[] for _day in days]
    for span in row.open_spans:
        for number in _touched(starts, span.start, span.end):
            opened[number].extend(_cut(span, days[number]))
    held: list[list[BoardEntry]] = [[] for _day in days]
    for entry in row.entries:
        if entry.due_at is None:  # what is late is not expected to stay
            for number in _touched(starts, entry.occupied_from, entry.occupied_until):
                held[number].append(entry)
    return "".join(_code(spans, entries, row.machine.places) for spans, entries in zip(opened, held, strict=True))


def _code(open_spans: Sequence[TimeSpan], entries: Sequence[BoardEntry], places: int) -> str:
    if not open_spans:
        return CLOSED
    changes: list[tuple[datetime, int]] = []
    taken = 0.0
    for entry in entries:
        occupied = TimeSpan(entry.occupied_from, entry.occupied_until)
        for span in open_spans:
            for part in _cut(span, occupied):
                changes += ((part.start, entry.places), (part.end, -entry.places))
                taken += part.seconds * entry.places
    if _most(changes) < places:
        return FREE
    return FULL if taken >= sum(span.seconds for span in open_spans) * places else PARTLY


def _most(changes: list[tuple[datetime, int]]) -> int:
    """Return how many places are held at once at most. changes: instants at which some are taken or given back."""
    held = most = 0
    for _instant, change in sorted(changes):
        held += change
        most = max(most, held)
    return most


def _touched(starts: Sequence[datetime], start: datetime, end: datetime) -> Iterable[int]:
    """Return the numbers of the days that a span touches. starts: when each day begins."""
    number = max(bisect_right(starts, start) - 1, 0)
    while number < len(starts) and starts[number] < end:
        yield number
        number += 1


def _cut(span: TimeSpan, within: TimeSpan) -> Iterator[TimeSpan]:
    start, end = max(span.start, within.start), min(span.end, within.end)
    if start < end:
        yield TimeSpan(start, end)
