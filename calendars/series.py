"""A series as one VEVENT with a rule, and its dates that differ as entries of their own. Pure.

Calendar programs differ in how they read a rule at a clock change: so what begins or ends in a doubled hour, and what
lasts over a change, is never left to the rule. A date in a missing hour ends the rule, and another one begins behind
it: libical lets the date after it begin an hour late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple

from booking.queries import FeedEntry
from booking.queries.feed_series import FeedSeries
from booking.times.series_times import Occurrence, SeriesTimes, stored_occurrences
from booking.times.wall_clock import instants_showing, to_wall
from booking.timespan import TimeSpan
from calendars.entries import EntryRenderer
from calendars.lines import fold
from calendars.vevents import Entry, by_the_clock, came_to_nothing

ALIKE_MIN = 3  # dates from which a rule is shorter and clearer than each date alone


class _Date(NamedTuple):
    """A day of the rule with what is held for it; look: None where a rule cannot say it, whatever it shows."""

    occurrence: Occurrence
    row: FeedEntry
    entry: Entry
    look: Hashable


@dataclass(frozen=True, slots=True)
class _Rule:
    """What one entry with a rule says. days: all of the rule; its start, the first of them, never changes.

    living: those that are held; pattern: one of the many that are alike.
    """

    uid: str
    days: Sequence[Occurrence]
    living: Mapping[date, _Date]
    pattern: _Date


def series_text(renderer: EntryRenderer, series: FeedSeries, since: datetime) -> bytes:
    """Return all entries of a series that a calendar shows after an instant.

    With three living dates that are alike: one entry with the rule and one for each date that differs. Else each date
    is an entry of its own, as if it were no date of a series.
    """
    rules = _rules_of(renderer, series, since)
    of_rules = {one.day for rule in rules for one in rule.days}
    alone = [row for day, row in series.dates.items() if day not in of_rules and _is_shown(row, since)]
    texts = [renderer.reservation(row) for row in sorted(alone, key=lambda row: row.id)]
    return b"".join([*texts, *(text for rule in rules for text in _entries(renderer, series, rule))])


def is_recurring(renderer: EntryRenderer, series: FeedSeries, since: datetime) -> bool:
    """Return whether a series has an entry with a rule."""
    return bool(_rules_of(renderer, series, since))


def cancelled_series(renderer: EntryRenderer, series: FeedSeries, row: FeedEntry) -> bytes:
    """Return the entry that takes a whole series out of a calendar; row: one of its dates."""
    first = stored_occurrences(series.times)[0]
    entry = _shared(renderer, series, series.uid, renderer.entry_of(row))
    return renderer.write(entry._replace(status="cancelled", starts_at=first.span.start, ends_at=first.span.end))


def _entries(renderer: EntryRenderer, series: FeedSeries, rule: _Rule) -> Iterator[bytes]:
    exceptions = (_by_the_rule("EXDATE", one.day, series.times) for one in rule.days if one.day not in rule.living)
    first, shared = rule.days[0], _shared(renderer, series, rule.uid, rule.pattern.entry)
    recurrence = fold(f"RRULE:{_rrule(series.times, rule)}") + "".join(exceptions)
    yield renderer.write(shared._replace(starts_at=first.span.start, ends_at=first.span.end, recurrence=recurrence))
    for one in rule.living.values():
        yield from _date(renderer, series, rule, one)


def _date(renderer: EntryRenderer, series: FeedSeries, rule: _Rule, one: _Date) -> Iterator[bytes]:
    """Yield the entry of a date that differs from the rule, and that of another time asked for."""
    if one.look is None or one.look != rule.pattern.look:
        shared = _shared(renderer, series, rule.uid, one.entry)
        own = _by_the_rule("RECURRENCE-ID", one.occurrence.day, series.times)
        yield renderer.write(shared._replace(url=one.entry.url, recurrence=own))
    yield renderer.wish(one.row)


def _rules_of(renderer: EntryRenderer, series: FeedSeries, since: datetime) -> list[_Rule]:
    held = {day: row for day, row in series.dates.items() if not came_to_nothing(row.status)}
    if all(row.ends_at <= since for row in held.values()):
        return []
    found = []
    for number, days in enumerate(_stretches(series.times)):
        living = {one.day: _date_of(renderer, series.times, one, held[one.day]) for one in days if one.day in held}
        looks = Counter(one.look for one in living.values() if one.look is not None)
        look, count = max(looks.items(), key=itemgetter(1), default=(None, 0))
        if count >= ALIKE_MIN:
            pattern = next(one for one in living.values() if one.look == look)
            found.append(_Rule(f"{number}-{series.uid}" if number else series.uid, days, living, pattern))
    return found


def _stretches(times: SeriesTimes) -> Iterator[Sequence[Occurrence]]:
    """Yield the dates between those in a missing hour, each stretch from the first that a rule can begin with."""
    stretch: list[Occurrence] = []
    for one in stored_occurrences(times):
        if one.is_shifted:
            yield stretch
            stretch = []
        elif stretch or _is_plain(one, times):
            stretch.append(one)
    yield stretch


def _date_of(renderer: EntryRenderer, times: SeriesTimes, occurrence: Occurrence, row: FeedEntry) -> _Date:
    entry = renderer.entry_of(row)
    is_by_rule = TimeSpan(entry.starts_at, entry.ends_at) == occurrence.span and _is_plain(occurrence, times)
    return _Date(occurrence, row, entry, renderer.look_of(entry) if is_by_rule else None)


def _is_plain(one: Occurrence, times: SeriesTimes) -> bool:
    """Return whether every program reads a date by the rule as we do: no change of the clock at it or within it."""
    start, end = to_wall(one.span.start, times.zone), to_wall(one.span.end, times.zone)
    shown_once = all(len(instants_showing(wall, times.zone)) == 1 for wall in (start, end))
    return shown_once and not one.is_shifted and end - start == one.span.length == times.length


def _shared(renderer: EntryRenderer, series: FeedSeries, uid: str, entry: Entry) -> Entry:
    """Return an entry with the identity that all entries of a series share: a program takes them for one thing."""
    changed_at = max([series.changed_at, *(row.changed_at for row in series.dates.values())])
    return entry._replace(
        uid=uid,
        revision=series.mark.sequence,
        changed_at=changed_at,
        zone=series.times.zone.key,
        url=renderer.url_of_series(series.mark.id),
    )


def _rrule(times: SeriesTimes, rule: _Rule) -> str:
    return replace(times.rule, count=None, until=rule.days[-1].day).to_rrule(times.wall, times.zone)


def _by_the_rule(name: str, day: date, times: SeriesTimes) -> str:
    """Return a property that names a date by its time by the rule."""
    return fold(name + by_the_clock(datetime.combine(day, times.wall.time()), times.zone.key))


def _is_shown(row: FeedEntry, since: datetime) -> bool:
    """Return whether a feed would show a reservation that is no date of a series."""
    return row.ends_at > since and (not came_to_nothing(row.status) or row.changed_at >= since)
