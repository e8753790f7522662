"""Groups of machines with their machines, in the order of workshops and names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from booking.errors import GroupNotFound
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
    wanted = [MachineGroup.retired_at.is_(None)]
    if workshop_ids is not None:
        wanted.append(MachineGroup.workshop_id.in_(workshop_ids))
    return _groups(session, *wanted)


def group_of_machine(session: Session, machine_id: int) -> GroupView | None:
    """Return the group that a machine is in."""
    wanted = select(GroupMachine.group_id).where(GroupMachine.machine_id == machine_id).scalar_subquery()
    return next(iter(_groups(session, MachineGroup.id == wanted)), None)


def _groups(session: Session, *wanted: ColumnElement[bool]) -> tuple[GroupView, ...]:
    """Return groups in two statements, however many they are."""
    columns = (MachineGroup.id, MachineGroup.name, MachineGroup.workshop_id, Workshop.slug, Workshop.name)
    rows = session.execute(
        select(*columns, MachineGroup.retired_at, MachineGroup.revision)
        .join(Workshop, Workshop.id == MachineGroup.workshop_id)
        .where(*wanted)
        .order_by(Workshop.name, MachineGroup.name, MachineGroup.id)
    ).all()
    if not rows:
        return ()
    machines: dict[int, list[MachineInGroup]] = {}
    columns_of_machine = (Machine.id, Machine.slug, Machine.name, GroupMachine.rank, Machine.retired_at)
    for machine in session.execute(
        select(GroupMachine.group_id, *columns_of_machine)
        .join(Machine, Machine.id == GroupMachine.machine_id)
        .where(GroupMachine.group_id.in_([row.id for row in rows]))
        .order_by(GroupMachine.rank, Machine.name, Machine.id)
    ):
        is_retired = machine.retired_at is not None
        found = MachineInGroup(machine.id, machine.slug, machine.name, machine.rank, is_retired)
        machines.setdefault(machine.group_id, []).append(found)
    return tuple(GroupView(*row, tuple(machines.get(row.id, ()))) for row in rows)
