"""Which machines belong to a group, to a workshop or to the ring; retired ones included, whose use stays."""

from __future__ import annotations

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
