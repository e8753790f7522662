"""The next free times of a machine, cut so that a tap reserves exactly what is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import url_for
from flask_babel import gettext as _

from app.wording import formats
from booking.queries import MachineCard
from booking.rules.lending_rules import MachineRules
from booking.times.opening_hours import instant_of
from booking.times.wall_clock import local_day, to_wall
from booking.timespan import TimeSpan

DAY_BEGINS, DAY_ENDS = 6 * 60, 22 * 60  # a slot of a machine that is always open, in minutes
NOON, EVENING, WHOLE_DAY = 12, 17, timedelta(hours=8)
WORTH_MINUTES = 60  # a shorter free time is not proposed


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time to reserve exactly as it is."""

    day: date
    time: str
    second: str
    address: str


def slots_of(card: MachineCard, spans: tuple[TimeSpan, ...]) -> Iterator[Slot]:
    """Yield the free times day by day, each as long as the rules allow: one tap reserves exactly this."""
    seen: set[datetime] = set()
    for span in spans:
        for day_part in _by_day(span, card):
            slot = _within_rules(day_part, card.rules)
            if slot is not None and slot.start not in seen:
                seen.add(slot.start)
                yield _slot(card, slot)


def _by_day(span: TimeSpan, card: MachineCard) -> Iterator[TimeSpan]:
    """Yield the parts of a span that lie in the daytime of each of its days; a span of the night as it is."""
    day, last = local_day(span.start, card.zone), local_day(span.end, card.zone)
    is_found = False
    while day <= last:
        begin, end = (instant_of(day, minutes, card.zone) for minutes in (DAY_BEGINS, DAY_ENDS))
        start, until = max(span.start, begin), min(span.end, end)
        if until - start >= timedelta(minutes=card.rules.shortest_min):
            is_found = True
            yield TimeSpan(start, until)
        day += timedelta(days=1)
    if not is_found:
        yield span


def _within_rules(span: TimeSpan, rules: MachineRules) -> TimeSpan | None:
    """Return the longest reservation from the start of a span that its rules allow; None where that is too short."""
    minutes = min(span.seconds // 60, rules.longest_min) // rules.step_min * rules.step_min
    least = max(rules.shortest_min, min(WORTH_MINUTES, rules.longest_min))
    return TimeSpan(span.start, span.start + timedelta(minutes=minutes)) if minutes >= least else None


def _slot(card: MachineCard, span: TimeSpan) -> Slot:
    start, end = to_wall(span.start, card.zone), to_wall(span.end, card.zone)
    address = url_for(
        "reservations.new",
        machine=card.slug,
        start=span.start.isoformat(),
        end=span.end.isoformat(),
    )
    return Slot(
        start.date(), formats.format_clock_span(span, card.zone).replace("–", " – "), _part(start, end), address
    )


def _part(start: datetime, end: datetime) -> str:
    length = formats.format_length(end - start)
    if end - start >= WHOLE_DAY and start.hour < NOON:
        return _("whole day, %(length)s", length=length)
    if start.hour >= EVENING:
        return _("evening, %(length)s", length=length)
    if start.hour >= NOON:
        return _("afternoon, %(length)s", length=length)
    return _("morning, %(length)s", length=length) if end.hour <= NOON + 1 else length
