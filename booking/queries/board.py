"""The plan board: what holds each machine during a span, and when its workshop is open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from booking.kernel.prepared import PreparedStatement
from booking.kernel.views import columns_of
from booking.models import InductionKind, Machine, Workshop
from booking.queries.board_entries import BoardEntry, entries_of
from booking.queries.late_entries import with_late_entries
from booking.queries.machines import PLACES, RULE_COLUMNS, MachineFilter, conditions, rules_of
from booking.queries.workshops import openings_of
from booking.records import catalogue
from booking.records.lent_machines import LAST_RECORD_CHANGE, LentMachinesReader
from booking.rules.lending_rules import MachineRules, Policy
from booking.times.opening_hours import ALWAYS, Opening, WeeklyHours, holiday_name
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class BoardMachine:
    """What the board shows of a machine, and the rules by which its free time is found.

    induction_kind: the name of the required induction, "" for none.
    """

    id: int
    slug: str
    name: str
    kind: str
    places: int
    workshop_id: int
    induction_kind_id: int | None
    rules: MachineRules
    induction_kind: str = ""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A machine and everything that holds it, in order of time. open_spans: when it may be used, by its hours."""

    machine: BoardMachine
    entries: tuple[BoardEntry, ...]
    hours: WeeklyHours
    open_spans: tuple[TimeSpan, ...]

    @property
    def policy(self) -> Policy:
        """The rules of the machine together with its hours and places."""
        machine = self.machine
        return Policy.of(
            machine.rules, hours=self.hours, induction_kind_id=machine.induction_kind_id, places=machine.places
        )


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday of a workshop's region (see opening_hours.holiday_name); is_closed: the workshop closes."""

    day: date
    region: str
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


@dataclass(frozen=True, slots=True)
class BoardOutline:
    """The machines of the board without what holds them.

    versions: of the schedule of each machine, by id. last_record_change: a number that grows with every change of a
    master record of the ring; 0 without machines.
    """

    span: TimeSpan
    machines: Sequence[Row[*tuple[Any, ...]]]
    versions: Mapping[int, int]
    last_record_change: int

    @property
    def marks(self) -> dict[int, tuple[int, int]]:
        """By machine id two numbers that change whenever its row would look different.

        They are the version of its schedule, and the last change of a master record (names, hours, rules). A rendered
        row may be cached as long as its mark is the same.
        """
        return {row.id: (self.versions.get(row.id, 0), self.last_record_change) for row in self.machines}

    def empty(self) -> Board:
        """Return the board as if nothing held the machines and nothing were open."""
        return Board(self.span, tuple(_workshops(self.machines, {}, {}, self.span)))


def board(
    session: Session,
    span: TimeSpan,
    *,
    now: datetime,
    machine_ids: Collection[int] | None = None,
    **wanted_machines: Unpack[MachineFilter],
) -> Board:
    """Return the plan board of a span, in four statements whatever its size.

    machine_ids: only these, an empty collection matches nothing.
    """
    return filled_board(session, board_outline(session, span, machine_ids=machine_ids, **wanted_machines), now=now)


def board_outline(
    session: Session,
    span: TimeSpan,
    *,
    machine_ids: Collection[int] | None = None,
    **wanted_machines: Unpack[MachineFilter],
) -> BoardOutline:
    """Return the machines of a board, in one statement. The filters are those of `board`.

    All machines are read in full only where one of them has changed, in a second statement.
    """
    if any(wish is not None for wish in wanted_machines.values()):
        statement = _OUTLINE.where(*conditions(wanted_machines))
        if machine_ids is not None:
            statement = statement.where(Machine.id.in_(machine_ids))
        return _outline_of(span, session.execute(statement).all())
    if machine_ids is not None and len(machine_ids) <= FEW:
        return _outline_of(span, session.execute(_LENT_OF_IDS, {"ids": list(machine_ids)}).all())
    lent = _LENT.of(session)
    ids = None if machine_ids is None else frozenset(machine_ids)
    rows = lent.rows if ids is None else [row for row in lent.rows if row.id in ids]
    return BoardOutline(span, rows, lent.versions, lent.last_record_change)


def _outline_of(span: TimeSpan, rows: Sequence[Row[*tuple[Any, ...]]]) -> BoardOutline:
    last_change = rows[0].last_record_change or 0 if rows else 0
    return BoardOutline(span, rows, {row.id: row.schedule_version for row in rows}, last_change)


def filled_board(
    session: Session, outline: BoardOutline, machine_ids: Collection[int] | None = None, *, now: datetime
) -> Board:
    """Return the board of an outline, or some of its machines, with what holds them; three statements.

    What is still out after its time holds its places up to now.
    """
    machines = [row for row in outline.machines if machine_ids is None or row.id in machine_ids]
    places = {row.id: row.places for row in machines}
    entries = with_late_entries(session, entries_of(session, places, outline.span), places, outline.span, now)
    return Board(outline.span, tuple(_workshops(machines, entries, openings_of(session), outline.span)))


_MACHINE = columns_of(
    BoardMachine, Machine, places=PLACES, rules=None, induction_kind=func.coalesce(InductionKind.name, "")
)
_WORKSHOP = (
    Workshop.slug.label("workshop_slug"),
    Workshop.name.label("workshop_name"),
    Workshop.timezone,
    Workshop.holidays_region,
    Workshop.is_closed_on_holidays,
)


FEW = 30  # machines that are read by their ids; of more, all are known

# Built once: the plan asks for all machines, the catalogue for those of its page.
_OUTLINE = (
    select(
        *_MACHINE,
        *_WORKSHOP,
        *RULE_COLUMNS,
        Machine.schedule_version,
        LAST_RECORD_CHANGE.label("last_record_change"),
        catalogue.OWN_OPENINGS,
    )
    .join(Workshop, Workshop.id == Machine.workshop_id)
    .outerjoin(InductionKind, InductionKind.id == Machine.induction_kind_id)
    .order_by(Workshop.name, Workshop.id, Machine.name, Machine.id)
)
_LENT_OF_IDS = _OUTLINE.where(*conditions({}), Machine.id.in_(bindparam("ids", expanding=True)))
_LENT = LentMachinesReader(PreparedStatement(_OUTLINE.where(*conditions({}))).of)
_WORKSHOP_PART = slice(len(_MACHINE), len(_MACHINE) + len(_WORKSHOP))
_RULES_PART = slice(_WORKSHOP_PART.stop, _WORKSHOP_PART.stop + len(RULE_COLUMNS))


def _machine(row: Row[*tuple[Any, ...]]) -> BoardMachine:
    *first, induction_kind = row[: len(_MACHINE)]
    values = (*first, rules_of(*row[_RULES_PART]), induction_kind)
    return BoardMachine(*values)


def _workshops(
    machines: Sequence[Row[*tuple[Any, ...]]],
    entries: dict[int, list[BoardEntry]],
    openings: dict[int, list[Opening]],
    span: TimeSpan,
) -> Iterator[BoardWorkshop]:
    for workshop_id, group in groupby(machines, key=attrgetter("workshop_id")):
        rows = list(group)
        slug, name, timezone, region, is_closed_on_holidays = rows[0][_WORKSHOP_PART]
        zone = ZoneInfo(timezone)
        opened = WeeklyHours(zone, tuple(openings.get(workshop_id, ())), region if is_closed_on_holidays else "")
        usual = opened, _open_spans(opened, span)
        yield BoardWorkshop(
            workshop_id,
            slug,
            name,
            zone,
            usual[1],
            tuple(_holidays(region, zone, span, is_closed=is_closed_on_holidays)),
            tuple(
                BoardRow(machine, tuple(entries.get(machine.id, ())), *_hours_of(machine, row, opened, span))
                for machine, row in zip(map(_machine, rows), rows, strict=True)
            ),
        )


def _hours_of(
    machine: BoardMachine, row: Row[*tuple[Any, ...]], opened: WeeklyHours, span: TimeSpan
) -> tuple[WeeklyHours, tuple[TimeSpan, ...]]:
    """Return the hours of a machine: always, its own, or those of its workshop."""
    hours = opened
    if machine.rules.is_open_always:
        hours = WeeklyHours(opened.zone, ALWAYS)
    elif own := catalogue.openings_of(row.own_openings):
        hours = replace(opened, openings=own)
    return hours, _open_spans(hours, span)


@lru_cache(maxsize=256)
def _open_spans(hours: WeeklyHours, span: TimeSpan) -> tuple[TimeSpan, ...]:
    # The plan shows the same few weeks to everybody.
    return tuple(hours.open_spans(span))


def _holidays(region: str, zone: ZoneInfo, span: TimeSpan, *, is_closed: bool) -> Iterator[Holiday]:
    day = local_day(span.start, zone)
    while region and day <= local_day((span.end - timedelta(microseconds=1)), zone):
        if holiday_name(region, day):
            yield Holiday(day, region, is_closed)
        day += timedelta(days=1)
