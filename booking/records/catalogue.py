"""The terms under which machines are lent: one database row for each, its policy cached by the row."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, String, bindparam, cast, or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MachineNotFound
from booking.kernel.json_rows import json_rows
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import GroupMachine, Machine, MachineHours, OpeningHours, Quota, Ring, Unit, Workshop
from booking.records.lent_machines import LentMachinesReader
from booking.rules import quota_rules
from booking.rules.lending_rules import RULE_NAMES, Policy
from booking.rules.quota_rules import Measure, Period, PrimeTime
from booking.times.opening_hours import ALWAYS, Opening, WeeklyHours
from booking.times.wall_clock import USUAL_ZONE

_machine, _workshop, _unit, _opening, _quota, _own_opening = map(
    table_of, (Machine, Workshop, Unit, OpeningHours, Quota, MachineHours)
)

_TERMS = (
    *(_machine.c[name] for name in ("id", "workshop_id", "name", "kind", "induction_kind_id", "retired_at")),
    *(_machine.c[name] for name in RULE_NAMES),
    _workshop.c.slug.label("workshop_slug"),
    _workshop.c.timezone,
    _workshop.c.holidays_region,
    _workshop.c.is_closed_on_holidays,
)
# One row holds all of a machine: its places (number, id) and its opening hours as JSON. They are read as text, because
# text can be hashed: only a row that is not in the cache is parsed.
_PLACES = (
    select(cast(json_rows(_unit.c.number, _unit.c.id), String))
    .where(_unit.c.machine_id == _machine.c.id, _unit.c.retired_at.is_(None))
    .correlate(_machine)
    .scalar_subquery()
)
_OPENINGS = (
    select(cast(json_rows(_opening.c.weekday, _opening.c.opens_minute, _opening.c.closes_minute), String))
    .where(_opening.c.workshop_id == _workshop.c.id)
    .correlate(_workshop)
    .scalar_subquery()
)
# A machine of which there is a row has hours of its own.
OWN_OPENINGS = (
    select(cast(json_rows(_own_opening.c.weekday, _own_opening.c.opens_minute, _own_opening.c.closes_minute), String))
    .where(_own_opening.c.machine_id == _machine.c.id)
    .correlate(_machine)
    .scalar_subquery()
    .label("own_openings")
)
_QUOTA_COLUMNS = (
    "id",
    "measure",
    "period",
    "most",
    "workshop_id",
    "machine_id",
    "group_id",
    "member_id",
    "price_class",
    "weekdays",
    "from_minute",
    "until_minute",
    "counted_from",
)
_of_all = _quota.c.machine_id.is_(None) & _quota.c.group_id.is_(None)
_group_of_machine = (
    select(GroupMachine.group_id).where(GroupMachine.machine_id == _machine.c.id).correlate(_machine).scalar_subquery()
)
# For which machines a quota counts.
QUOTA_COUNTS_FOR = or_(
    _quota.c.machine_id == _machine.c.id,
    _quota.c.group_id == _group_of_machine,
    _of_all & (_quota.c.workshop_id.is_(None) | (_quota.c.workshop_id == _machine.c.workshop_id)),
)
_QUOTAS = (
    select(cast(json_rows(*(_quota.c[name] for name in _QUOTA_COLUMNS)), String))
    .where(QUOTA_COUNTS_FOR)
    .correlate(_machine)
    .scalar_subquery()
)
_RING_ZONE = select(Ring.timezone).where(Ring.id == 1).scalar_subquery()
_TERMS_OF_MACHINES = select(
    *_TERMS,
    _PLACES.label("places"),
    _OPENINGS.label("openings"),
    OWN_OPENINGS,
    _QUOTAS.label("quotas"),
    _RING_ZONE.label("ring_zone"),
).join(_workshop, _workshop.c.id == _machine.c.workshop_id)
_TERMS_OF_LENT = _TERMS_OF_MACHINES.where(Machine.retired_at.is_(None)).order_by(Machine.name, Machine.id)
_LENT = LentMachinesReader(PreparedStatement(_TERMS_OF_LENT).of)
_TERMS_OF_ONE = PreparedStatement(_TERMS_OF_MACHINES.where(_machine.c.id == bindparam("machine_id")))


@dataclass(frozen=True, slots=True)
class MachineTerms:
    """A bookable machine, its workshop, its places in the order of their numbers, and its rules."""

    machine_id: int
    workshop_id: int
    name: str
    kind: str
    is_retired: bool
    place_ids: tuple[int, ...]
    policy: Policy

    def counting(self, *, quotas: bool) -> MachineTerms:
        """Return the terms with their quotas, or without: where a plan of several moves has judged them together."""
        return self if quotas else replace(self, policy=replace(self.policy, quotas=()))


def bookable_machine(session: Session, machine_id: int) -> MachineTerms:
    """Return the terms of a machine that may be reserved. Raises MachineNotFound, also when it was retired."""
    terms = lending_terms(session, machine_id)
    if terms.is_retired:
        raise MachineNotFound(id=machine_id)
    return terms


def lending_terms(session: Session, machine_id: int) -> MachineTerms:
    """Return the terms of any machine, also of a retired one. Raises MachineNotFound."""
    row = _TERMS_OF_ONE.one_or_none(session.connection(), {"machine_id": machine_id})
    if row is None:
        raise MachineNotFound(id=machine_id)
    return _terms(row)


def terms_of_many(session: Session, *conditions: ColumnElement[bool]) -> list[MachineTerms]:
    """Return the terms of all bookable machines that meet conditions on Machine and Workshop, in one statement.

    Those of all machines are read in full only where one of them has changed, in a second statement.
    """
    rows = session.execute(_TERMS_OF_LENT.where(*conditions)) if conditions else _LENT.of(session).rows
    return [_terms(row) for row in rows]


def lent_terms(
    session: Session,
    *,
    machine_ids: Collection[int] | None = None,
    workshop_slug: str | None = None,
    kind: str | None = None,
) -> list[MachineTerms]:
    """Return the terms of the bookable machines of a choice, from those that the process knows.

    None: of all. An empty collection matches nothing.
    """
    ids = None if machine_ids is None else frozenset(machine_ids)
    return [
        _terms(row)
        for row in _LENT.of(session).rows
        if (ids is None or row.id in ids)
        and (workshop_slug is None or row.workshop_slug == workshop_slug)
        and (kind is None or row.kind == kind)
    ]


@lru_cache(maxsize=1_024)
def _terms(row: Row[Any]) -> MachineTerms:
    """Return the terms of a row; cached, because most requests read an equal row."""
    place_ids = tuple(place_id for _number, place_id in _sorted_rows(row.places))
    policy = Policy(
        hours=_hours(row),
        induction_kind_id=row.induction_kind_id,
        places=len(place_ids),
        quotas=tuple(
            _quota_of(dict(zip(_QUOTA_COLUMNS, values, strict=True)), row) for values in _sorted_rows(row.quotas)
        ),
        **{name: getattr(row, name) for name in RULE_NAMES},
    )
    is_retired = row.retired_at is not None
    return MachineTerms(row.id, row.workshop_id, row.name, row.kind, is_retired, place_ids, _one_object(policy))


@lru_cache(maxsize=1_024)
def _one_object(policy: Policy) -> Policy:
    """Return a policy. Equal ones are one object: a search works out once what they allow."""
    return policy


def _hours(row: Row[Any]) -> WeeklyHours:
    zone = ZoneInfo(row.timezone)
    if row.is_open_always:
        return WeeklyHours(zone, ALWAYS)
    openings = openings_of(row.own_openings) or openings_of(row.openings)
    return WeeklyHours(zone, openings, row.holidays_region if row.is_closed_on_holidays else "")


def openings_of(text: str | None) -> tuple[Opening, ...]:
    """Return the openings of a column such as OWN_OPENINGS, in the order of the week; none without rows."""
    return tuple((weekday, opens, closes) for weekday, opens, closes in _sorted_rows(text))


def _quota_of(stored: dict[str, Any], row: Row[Any]) -> quota_rules.Quota:
    """Return a quota of a row of terms; prime time is by the clock of its workshop, else by that of the ring."""
    ring_zone = ZoneInfo(row.ring_zone or USUAL_ZONE)
    zone = ring_zone if stored["workshop_id"] is None else ZoneInfo(row.timezone)
    weekdays, since, until = (stored.pop(name) for name in ("weekdays", "from_minute", "until_minute"))
    prime = None if weekdays is None else PrimeTime(weekdays, since, until, zone)
    measure, period = Measure(stored.pop("measure")), stored.pop("period")
    return quota_rules.Quota(
        **stored | {"counted_from": date.fromisoformat(stored["counted_from"])},
        measure=measure,
        period=None if period is None else Period(period),
        prime=prime,
        zone=ring_zone,
    )


def _sorted_rows(text: str | None) -> list[list[Any]]:
    """Return the rows of a JSON text, sorted; None, no rows on PostgreSQL, gives an empty list."""
    return sorted(json.loads(text)) if text else []
