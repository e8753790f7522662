"""How much of each day the machines are taken: for the days above the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from app.pages.plan.axis import Axis
from app.pages.plan.row_cache import RowSource
from app.pages.plan.row_renderers import render_key
from booking.queries import BoardRow
from booking.timespan import TimeSpan


class LoadRenderer:
    """The taken and the open seconds of each day of an axis, as text: "3600/36000 0/36000 ..."."""

    def __init__(self, axis: Axis) -> None:
        self.days = [TimeSpan(axis.bounds[day.first], axis.bounds[day.last]) for day in axis.days]
        self.key = render_key("load", axis, axis.bounds[0])  # the load does not depend on the present moment

    def render(self, source: RowSource) -> str:
        """Return the load of the machine, day by day."""
        return " ".join(f"{taken}/{opened}" for taken, opened in (day_load(source.row, day) for day in self.days))


def day_load(row: BoardRow, day: TimeSpan) -> tuple[int, int]:
    """Return how long the places of a machine are taken and open on a day, in seconds, added up over the places."""
    open_spans = list(_cut(row.open_spans, day))
    opened = sum(span.seconds for span in open_spans) * row.machine.places
    taken = 0
    for entry in row.entries:
        if entry.due_at is None:
            held = TimeSpan(entry.occupied_from, entry.occupied_until)
            taken += entry.places * sum(span.seconds for span in _cut(open_spans, held))
    return min(taken, opened), opened


def percents(texts: Iterable[str]) -> list[int]:
    """Return how full each day is, over the rendered loads of some machines."""
    rows = [[tuple(map(int, part.split("/"))) for part in text.split()] for text in texts]
    return [_percent(day) for day in zip(*rows, strict=True)]


def _percent(parts: Sequence[tuple[int, ...]]) -> int:
    opened = sum(part[1] for part in parts)
    return round(100 * sum(part[0] for part in parts) / opened) if opened else 0


def _cut(spans: Iterable[TimeSpan], within: TimeSpan) -> Iterator[TimeSpan]:
    for span in spans:
        start, end = max(span.start, within.start), min(span.end, within.end)
        if start < end:
            yield TimeSpan(start, end)
