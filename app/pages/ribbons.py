"""A row of the board as the ribbon of a day, as the reader may know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.extensions import page_locale
from app.wording.ribbon import Ribbon, Use, ribbon
from booking.models import Status
from booking.queries import BoardEntry, BoardRow
from booking.queries.board_entries import OFFERED
from booking.times.opening_hours import instant_of
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

KINDS = {Status.REQUESTED: "pending", Status.IN_USE: "in_use"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: the member, and whether names and pages of others may be shown.

    is_of_the_ring: visitors of a public catalogue are not, and learn no reason of a closure.
    """

    member_id: int | None = None
    knows_names: bool = False
    is_of_the_ring: bool = True


def day_span(day: date, zone: ZoneInfo) -> TimeSpan:
    """Return a day of a zone from midnight to midnight."""
    return TimeSpan(instant_of(day, 0, zone), instant_of(day + timedelta(days=1), 0, zone))


def machine_ribbon(
    row: BoardRow,
    day: date,
    zone: ZoneInfo,
    *,
    now: datetime,
    reader: Reader,
    free_href: Callable[[TimeSpan], str] | None = None,
    wishes: Sequence[Use] = (),
    has_links: bool = True,
) -> Ribbon:
    """Return the ribbon of a machine on a day; of several places, times at which all are taken are taken.

    wishes: what a form asks for, drawn above what is there. has_links: whether its items lead to their reservations.
    """
    closures = [(span_of(one), _reason(one, reader)) for one in row.entries if one.is_closure]
    if row.machine.places > 1:
        uses = [Use(span, span) for span in full_spans(row)]
    else:
        uses = [_use(one, reader, has_links=has_links) for one in row.entries if not one.is_closure]
    if free_href is not None:
        return ribbon(
            day, zone, uses=[*uses, *wishes], closures=closures, open_spans=row.open_spans, now=now, free_href=free_href
        )
    minute = now.replace(second=0, microsecond=0)  # a ribbon is the same for all of it
    year = local_day(now, zone).year  # days of other years are written with theirs
    return _kept(day, zone, (*uses, *wishes), tuple(closures), row.open_spans, minute, year, page_locale())


# All that a ribbon is made of. Of the 13 ms of a catalogue, making 24 took two.
@lru_cache(maxsize=256)
def _kept(
    day: date,
    zone: ZoneInfo,
    uses: tuple[Use, ...],
    closures: tuple[tuple[TimeSpan, str], ...],
    open_spans: tuple[TimeSpan, ...],
    now: datetime,
    _in_year: int,
    _in_language: Locale | None,
) -> Ribbon:
    return ribbon(day, zone, uses=uses, closures=closures, open_spans=open_spans, now=now)


def places_words(row: BoardRow, now: datetime) -> str:
    """Return how many places of a machine are free now."""
    held = sum(one.places for one in row.entries if one.occupied_from <= now < one.occupied_until)
    free = max(row.machine.places - held, 0)
    return ngettext("%(num)s of %(all)s places free", "%(num)s of %(all)s places free", free, all=row.machine.places)


def full_spans(row: BoardRow) -> list[TimeSpan]:
    """Return the times at which every place of a machine is held, in order."""
    steps: dict[datetime, int] = {}
    for one in row.entries:
        steps[one.occupied_from] = steps.get(one.occupied_from, 0) + one.places
        steps[one.occupied_until] = steps.get(one.occupied_until, 0) - one.places
    held, since, found = 0, None, []
    for instant in sorted(steps):
        held += steps[instant]
        if held >= row.machine.places and since is None:
            since = instant
        elif held < row.machine.places and since is not None:
            found.append(TimeSpan(since, instant))
            since = None
    return found


def span_of(entry: BoardEntry) -> TimeSpan:
    """Return the time of an entry without set-up and cleaning."""
    return TimeSpan(entry.starts_at, entry.ends_at)


def _reason(entry: BoardEntry, reader: Reader) -> str:
    return (entry.text if reader.is_of_the_ring else "") or _("closed")


def _use(entry: BoardEntry, reader: Reader, *, has_links: bool) -> Use:
    """Return a use as the reader may know it: of others' that the time is taken and nothing else."""
    span, occupied = span_of(entry), TimeSpan(entry.occupied_from, entry.occupied_until)
    is_mine = entry.member_id is not None and entry.member_id == reader.member_id
    if not (is_mine or reader.knows_names) or entry.status == OFFERED:
        return Use(span, occupied)
    kind = KINDS.get(Status(entry.status), "mine" if is_mine else "taken")
    is_linked = has_links and entry.reservation_id is not None
    href = url_for("reservations.show", reservation_id=entry.reservation_id) if is_linked else ""
    return Use(span, occupied, kind, "" if is_mine else entry.member_name, href)
