"""Groups of machines with their machines, in the order of workshops and names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import GroupNotFound
from booking.kernel.prepared import PreparedStatement
from booking.models import GroupMachine, Machine, MachineGroup, Workshop


@dataclass(frozen=True, slots=True)
class MachineInGroup:
    """A machine of a group. rank: 1 is taken first; equal ranks are twins. A retired machine is not lent."""

    id: int
    slug: str
    name: str
    rank: int
    is_retired: bool


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with its machines in the order of ranks, names and ids."""

    id: int
    name: str
    workshop_id: int
    workshop_slug: str
    workshop_name: str
    retired_at: datetime | None
    revision: int
    machines: tuple[MachineInGroup, ...]

    @property
    def lent(self) -> tuple[MachineInGroup, ...]:
        """Its machines that are lent."""
        return tuple(one for one in self.machines if not one.is_retired)


def group(session: Session, group_id: int) -> GroupView:
    """Return one group, also a retired one. Raises GroupNotFound."""
    found = _groups(session, MachineGroup.id == group_id)
    if not found:
        raise GroupNotFound(id=group_id)
    return found[0]


def groups(session: Session, *, workshop_ids: Collection[int] | None = None) -> tuple[GroupView, ...]:
    """Return the groups that are not retired. workshop_ids: of these workshops."""
    if workshop_ids is None:  # each form that reserves asks
        rows = _ALL.of(session)
        return _views(rows, _MACHINES_OF_ALL.of(session)) if rows else ()
    return _groups(session, MachineGroup.retired_at.is_(None), MachineGroup.workshop_id.in_(workshop_ids))


def group_of_machine(session: Session, machine_id: int) -> GroupView | None:
    """Return the group that a machine is in."""
    wanted = select(GroupMachine.group_id).where(GroupMachine.machine_id == machine_id).scalar_subquery()
    return next(iter(_groups(session, MachineGroup.id == wanted)), None)


def _groups(session: Session, *wanted: ColumnElement[bool]) -> tuple[GroupView, ...]:
    """Return groups in two statements, however many they are."""
    rows = session.execute(_ROWS.where(*wanted)).all()
    if not rows:
        return ()
    return _views(rows, session.execute(_MACHINES.where(GroupMachine.group_id.in_([row.id for row in rows]))).all())


def _views(rows: Sequence[Any], machines: Iterable[Any]) -> tuple[GroupView, ...]:
    """Return the groups of rows. machines: of these groups at least, in their order."""
    by_group: dict[int, list[MachineInGroup]] = {}
    for one in machines:
        found = MachineInGroup(one.id, one.slug, one.name, one.rank, one.retired_at is not None)
        by_group.setdefault(one.group_id, []).append(found)
    views = []
    for row in rows:
        columns: tuple[int, str, int, str, str, datetime | None, int] = row
        views.append(GroupView(*columns, tuple(by_group.get(row.id, ()))))
    return tuple(views)


_ROWS = (
    select(
        MachineGroup.id,
        MachineGroup.name,
        MachineGroup.workshop_id,
        Workshop.slug,
        Workshop.name,
        MachineGroup.retired_at,
        MachineGroup.revision,
    )
    .join(Workshop, Workshop.id == MachineGroup.workshop_id)
    .order_by(Workshop.name, MachineGroup.name, MachineGroup.id)
)
_MACHINES = (
    select(GroupMachine.group_id, Machine.id, Machine.slug, Machine.name, GroupMachine.rank, Machine.retired_at)
    .join(Machine, Machine.id == GroupMachine.machine_id)
    .order_by(GroupMachine.rank, Machine.name, Machine.id)
)
_IN_USE = MachineGroup.retired_at.is_(None)
_ALL = PreparedStatement(_ROWS.where(_IN_USE))
_MACHINES_OF_ALL = PreparedStatement(
    _MACHINES.join(MachineGroup, MachineGroup.id == GroupMachine.group_id).where(_IN_USE)
)
