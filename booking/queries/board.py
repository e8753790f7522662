"""The plan board: what holds each machine during a span, and when its workshop is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from booking import occupancies
from booking.models import Blocking, Machine, Member, Occupancy, OpeningHours, Reservation, Unit, Workshop
from booking.opening_hours import ALWAYS, WeeklyHours, holiday_name
from booking.queries.machines import conditions
from booking.timespan import TimeSpan

CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """One thing that holds places of a machine: a reservation or a closure, never both.

    occupied_from and occupied_until include set-up and cleaning; status is "closed" for a closure.
    text: the purpose of the reservation, or the reason of the closure.
    """

    reservation_id: int | None
    blocking_id: int | None
    unit_numbers: tuple[int, ...]
    occupied_from: datetime
    occupied_until: datetime
    starts_at: datetime
    ends_at: datetime
    status: str
    member_id: int | None
    member_name: str
    text: str

    @property
    def is_closure(self) -> bool:
        return self.blocking_id is not None

    @property
    def places(self) -> int:
        """How many places it holds."""
        return len(self.unit_numbers)

    def as_busy(self) -> BoardEntry:
        """The same for eyes that may know only that the machine is taken."""
        if self.is_closure:
            return self
        return replace(self, reservation_id=None, status="busy", member_id=None, member_name="", text="")


@dataclass(frozen=True, slots=True)
class BoardMachine:
    """What the board shows and needs to know of a machine: its name, places and grid of time."""

    id: int
    slug: str
    name: str
    kind: str
    places: int
    workshop_id: int
    induction_kind_id: int | None
    needs_approval: bool
    is_open_always: bool
    step_min: int
    shortest_min: int
    setup_min: int
    cleaning_min: int
    notice_hours: int
    horizon_days: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A machine and everything that holds it, in order of time. open_spans: when it may be used."""

    machine: BoardMachine
    entries: tuple[BoardEntry, ...]
    open_spans: tuple[TimeSpan, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday of a workshop's region; is_closed: the workshop closes on it."""

    day: date
    name: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class BoardWorkshop:
    """A place with its opening hours during the span and its machines."""

    id: int
    slug: str
    name: str
    zone: ZoneInfo
    open_spans: tuple[TimeSpan, ...]
    holidays: tuple[Holiday, ...]
    rows: tuple[BoardRow, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The plan of a span: workshops by name, their machines by name."""

    span: TimeSpan
    workshops: tuple[BoardWorkshop, ...]

    @property
    def rows(self) -> Iterator[BoardRow]:
        """The machines of all workshops, in order."""
        return (row for workshop in self.workshops for row in workshop.rows)


def board(
    session: Session,
    span: TimeSpan,
    *,
    workshop_slug: str | None = None,
    kind: str | None = None,
    machine_ids: Collection[int] | None = None,
    inducted_member_id: int | None = None,
    inducted_on: date | None = None,
) -> Board:
    """The plan board of a span, in three statements however much stands on it.

    The filters are those of machine_cards; machine_ids: only these, an empty collection matches nothing.
    """
    wanted = conditions(workshop_slug, kind, inducted_member_id, inducted_on, None, include_retired=False)
    if machine_ids is not None:
        wanted.append(Machine.id.in_(machine_ids))
    machines = session.execute(
        select(*_MACHINE, *_WORKSHOP)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .where(*wanted)
        .order_by(Workshop.name, Workshop.id, Machine.name, Machine.id)
    ).all()
    entries = _entries(session, [row.id for row in machines], span)
    openings = _openings(session)
    return Board(span, tuple(_workshops(machines, entries, openings, span)))


_PLACES = (
    select(func.count())
    .where(Unit.machine_id == Machine.id, Unit.retired_at.is_(None))
    .correlate(Machine)
    .scalar_subquery()
)
_MACHINE = tuple(
    _PLACES.label("places") if name == "places" else getattr(Machine, name)
    for name in BoardMachine.__dataclass_fields__
)
_WORKSHOP = (
    Workshop.slug.label("workshop_slug"),
    Workshop.name.label("workshop_name"),
    Workshop.timezone,
    Workshop.holidays_region,
    Workshop.is_closed_on_holidays,
)


def _entries(session: Session, machine_ids: Collection[int], span: TimeSpan) -> dict[int, list[BoardEntry]]:
    found: dict[int, list[BoardEntry]] = defaultdict(list)
    numbers: dict[tuple[int | None, int | None], list[int]] = {}
    for machine_id, number, *columns in session.execute(_held(machine_ids, span)):
        cause = columns[0], columns[1]
        if cause in numbers:
            numbers[cause].append(number)
            continue
        numbers[cause] = [number]
        found[machine_id].append(_entry(number, columns))
    for entries in found.values():
        for place, entry in enumerate(entries):
            held = numbers[entry.reservation_id, entry.blocking_id]
            if len(held) > 1:
                entries[place] = replace(entry, unit_numbers=tuple(sorted(held)))
    return found


def _entry(number: int, columns: list[Any]) -> BoardEntry:
    reservation_id, blocking_id, occupied_from, occupied_until, *rest = columns
    starts_at, ends_at, status, member_id, member_name, purpose, reason = rest
    if blocking_id is not None:
        starts_at, ends_at, status, member_name, purpose = occupied_from, occupied_until, CLOSED, "", reason
    return BoardEntry(
        reservation_id,
        blocking_id,
        (number,),
        occupied_from,
        occupied_until,
        starts_at,
        ends_at,
        status,
        member_id,
        member_name,
        purpose,
    )


def _held(machine_ids: Collection[int], span: TimeSpan) -> Select[*tuple[Any, ...]]:
    held = occupancies.holding(
        machine_ids,
        span,
        Unit.machine_id,
        Unit.number,
        Occupancy.reservation_id,
        Occupancy.blocking_id,
        Occupancy.occupied_from,
        Occupancy.occupied_until,
    ).subquery()
    return (
        select(
            held,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.status,
            Reservation.member_id,
            Member.name,
            Reservation.purpose,
            Blocking.reason,
        )
        .select_from(held)
        .outerjoin(Reservation, Reservation.id == held.c.reservation_id)
        .outerjoin(Member, Member.id == Reservation.member_id)
        .outerjoin(Blocking, Blocking.id == held.c.blocking_id)
        .order_by(held.c.occupied_from, held.c.number)
    )


def _openings(session: Session) -> dict[int, list[tuple[int, int, int]]]:
    openings: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    rows = session.execute(
        select(
            OpeningHours.workshop_id, OpeningHours.weekday, OpeningHours.opens_minute, OpeningHours.closes_minute
        ).order_by(OpeningHours.weekday, OpeningHours.opens_minute)
    )
    for workshop_id, weekday, opens, closes in rows:
        openings[workshop_id].append((weekday, opens, closes))
    return openings


def _workshops(
    machines: Sequence[Row[*tuple[Any, ...]]],
    entries: dict[int, list[BoardEntry]],
    openings: dict[int, list[tuple[int, int, int]]],
    span: TimeSpan,
) -> Iterator[BoardWorkshop]:
    for workshop_id, group in groupby(machines, key=attrgetter("workshop_id")):
        rows = list(group)
        slug, name, timezone, region, is_closed_on_holidays = rows[0][len(_MACHINE) :]
        zone = ZoneInfo(timezone)
        hours = WeeklyHours(zone, tuple(openings.get(workshop_id, ())), region if is_closed_on_holidays else "")
        open_spans, always = tuple(hours.open_spans(span)), tuple(WeeklyHours(zone, ALWAYS).open_spans(span))
        yield BoardWorkshop(
            workshop_id,
            slug,
            name,
            zone,
            open_spans,
            tuple(_holidays(region, zone, span, is_closed=is_closed_on_holidays)),
            tuple(
                BoardRow(
                    BoardMachine(*row[: len(_MACHINE)]),
                    tuple(entries.get(row.id, ())),
                    always if row.is_open_always else open_spans,
                )
                for row in rows
            ),
        )


def _holidays(region: str, zone: ZoneInfo, span: TimeSpan, *, is_closed: bool) -> Iterator[Holiday]:
    day = span.start.astimezone(zone).date()
    while region and day <= (span.end - timedelta(microseconds=1)).astimezone(zone).date():
        if name := holiday_name(region, day):
            yield Holiday(day, name, is_closed)
        day += timedelta(days=1)
