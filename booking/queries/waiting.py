"""The waiting list: one entry, those of a member, of machines or of workshops, each with its place in the order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from booking.errors.waiting_errors import WaitingEntryNotFound
from booking.models import DayPart, GroupMachine, Machine, MachineGroup, Member, WaitingEntry, Workshop
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class WaitingView:
    """An entry of the waiting list with the names that people need to recognise it.

    target_name: of the machine or group; machine_slug: of the machine, or of the first of the group, "" without one.
    position: 1 for the next one that is served; None for an entry that waits no more. offer_id: an open one. is_lent:
    the machine or group can be reserved at all.
    """

    id: int
    member_id: int
    member_name: str
    machine_id: int | None
    group_id: int | None
    target_name: str
    machine_slug: str
    is_lent: bool
    workshop_id: int
    workshop_name: str
    zone: ZoneInfo
    window: TimeSpan
    length_min: int | None
    part: DayPart
    places: int
    purpose: str
    created_at: datetime
    left_at: datetime | None
    is_automatic: bool
    second_person: str
    choices: tuple[str, ...]
    offer_id: int | None
    revision: int
    position: int | None

    @property
    def is_waiting(self) -> bool:
        """Whether it still waits."""
        return self.position is not None


_workshop_id = func.coalesce(Machine.workshop_id, MachineGroup.workshop_id)
_first_of_group = (
    select(Machine.slug)
    .join(GroupMachine, GroupMachine.machine_id == Machine.id)
    .where(GroupMachine.group_id == WaitingEntry.group_id, Machine.retired_at.is_(None))
    .order_by(GroupMachine.rank, Machine.id)
    .limit(1)
    .correlate(WaitingEntry)
    .scalar_subquery()
)


def waiting_entry(session: Session, entry_id: int, *, now: datetime) -> WaitingView:
    """Return one entry, also one that waits no more. Raises WaitingEntryNotFound."""
    found = _read(session, [WaitingEntry.id == entry_id], now, 1)
    if not found:
        raise WaitingEntryNotFound(id=entry_id)
    return found[0]


def waiting_list(
    session: Session,
    *,
    now: datetime,
    member_id: int | None = None,
    machine_id: int | None = None,
    group_id: int | None = None,
    workshop_ids: Collection[int] | None = None,
    or_member_id: int | None = None,
    after: int | None = None,
    limit: int = 20,
) -> tuple[WaitingView, ...]:
    """Return the entries that wait, in the order in which they are served. after: the id of the last one.

    machine_id: those that the machine can serve, also by its group. workshop_ids: of machines and groups of these;
    None: of any. or_member_id: whose entries are found whatever their workshop.
    """
    wanted: list[ColumnElement[bool]] = [WaitingEntry.left_at.is_(None), WaitingEntry.window_until > now]
    if member_id is not None:
        wanted.append(WaitingEntry.member_id == member_id)
    if machine_id is not None:
        group = select(GroupMachine.group_id).where(GroupMachine.machine_id == machine_id).scalar_subquery()
        wanted.append(or_(WaitingEntry.machine_id == machine_id, WaitingEntry.group_id == group))
    if group_id is not None:
        wanted.append(WaitingEntry.group_id == group_id)
    if workshop_ids is not None:
        own = false() if or_member_id is None else WaitingEntry.member_id == or_member_id
        wanted.append(or_(_workshop_id.in_(workshop_ids), own))
    if after is not None:
        wanted.append(WaitingEntry.id > after)
    return _read(session, wanted, now, limit)


def _read(
    session: Session, wanted: Collection[ColumnElement[bool]], now: datetime, limit: int
) -> tuple[WaitingView, ...]:
    statement = (
        select(
            WaitingEntry,
            Member.name,
            func.coalesce(Machine.name, MachineGroup.name),
            func.coalesce(Machine.slug, _first_of_group, ""),
            func.coalesce(Machine.retired_at, MachineGroup.retired_at),
            Workshop.id,
            Workshop.name,
            Workshop.timezone,
            _ahead(now),
        )
        .join(Member, Member.id == WaitingEntry.member_id)
        .outerjoin(Machine, Machine.id == WaitingEntry.machine_id)
        .outerjoin(MachineGroup, MachineGroup.id == WaitingEntry.group_id)
        .join(Workshop, Workshop.id == _workshop_id)
        .where(*wanted)
        .order_by(WaitingEntry.id)
        .limit(limit)
    )
    return tuple(_view(row, now) for row in session.execute(statement))


def _ahead(now: datetime) -> Any:
    """Return the number of entries that are served before one: earlier ones that may take the same time from it."""
    other = aliased(WaitingEntry)
    machine = aliased(GroupMachine)
    group_of_machine = (
        select(machine.group_id).where(machine.machine_id == WaitingEntry.machine_id).correlate(WaitingEntry)
    ).scalar_subquery()
    in_group = aliased(GroupMachine)
    machines_of_group = (
        select(in_group.machine_id).where(in_group.group_id == WaitingEntry.group_id).correlate(WaitingEntry)
    )
    wants_the_same = or_(
        other.machine_id == WaitingEntry.machine_id,
        other.group_id == WaitingEntry.group_id,
        other.group_id == group_of_machine,
        other.machine_id.in_(machines_of_group),
    )
    return (
        select(func.count())
        .where(
            and_(other.id < WaitingEntry.id, other.left_at.is_(None), other.window_until > now),
            other.window_from < WaitingEntry.window_until,
            other.window_until > WaitingEntry.window_from,
            wants_the_same,
        )
        .correlate(WaitingEntry)
        .scalar_subquery()
    )


def _view(row: Row[*tuple[Any, ...]], now: datetime) -> WaitingView:
    entry, member_name, target_name, slug, retired_at, workshop_id, workshop_name, timezone, ahead = row
    is_waiting = entry.left_at is None and entry.window_until > now
    return WaitingView(
        id=entry.id,
        member_id=entry.member_id,
        member_name=member_name,
        machine_id=entry.machine_id,
        group_id=entry.group_id,
        target_name=target_name,
        machine_slug=slug,
        is_lent=retired_at is None and slug != "",
        workshop_id=workshop_id,
        workshop_name=workshop_name,
        zone=ZoneInfo(timezone),
        window=TimeSpan(entry.window_from, entry.window_until),
        length_min=entry.length_min,
        part=DayPart(entry.part),
        places=entry.places,
        purpose=entry.purpose,
        created_at=entry.created_at,
        left_at=entry.left_at,
        is_automatic=entry.is_automatic,
        second_person=entry.second_person,
        choices=entry.choices,
        offer_id=entry.offer_id,
        revision=entry.revision,
        position=ahead + 1 if is_waiting else None,
    )
