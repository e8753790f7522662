"""Which machines belong to a group, to a workshop or to the ring; retired ones included, whose use stays."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import GroupMachine, Machine


def machine_ids_of(session: Session, *, group_id: int | None = None, workshop_id: int | None = None) -> frozenset[int]:
    """Return the machines that are in a group or a workshop now; with neither, all machines of the ring."""
    if group_id is not None:
        return frozenset(session.scalars(select(GroupMachine.machine_id).where(GroupMachine.group_id == group_id)))
    statement = select(Machine.id)
    if workshop_id is not None:
        statement = statement.where(Machine.workshop_id == workshop_id)
    return frozenset(session.scalars(statement))


def charge_units_of(session: Session, machine_ids: Collection[int]) -> frozenset[str]:
    """Return the units by which the use of some machines is charged."""
    return frozenset(session.scalars(select(Machine.charge_unit).where(Machine.id.in_(machine_ids)).distinct()))
