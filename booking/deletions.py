"""Deleting a member or a machine that was entered by mistake: only while nothing refers to it.

Foreign keys of the database forbid anything else; the check here counts what stands against it. The event log keeps
that it was deleted, with its number or short name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, delete, func, select
from sqlalchemy.orm import Session

from booking.errors import MachineNotFound, MemberNotFound, StillReferred
from booking.events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor
from booking.kernel.orm import Base
from booking.models import Machine, Member, Unit

References = Mapping[str, int]  # table -> how many of its rows refer to a record

_PARTS = ("booking_unit",)  # deleted together with their machine


def member_references(session: Session, member_id: int) -> References:
    """Return what refers to a member, by table; nothing where the member can be deleted."""
    return _references(session, "booking_member", [member_id])


def machine_references(session: Session, machine_id: int) -> References:
    """Return what refers to a machine or to one of its places, by table; nothing where it can be deleted."""
    places = session.scalars(select(Unit.id).where(Unit.machine_id == machine_id)).all()
    return {**_references(session, "booking_machine", [machine_id]), **_references(session, "booking_unit", places)}


def delete_member(session: Session, member_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Delete a member to whom nothing refers. Call inside write_transaction().

    Raises MemberNotFound, StaleRevision, StillReferred.
    """
    member = revisions.locked(session, Member, member_id, missing=MemberNotFound, revision=revision)
    _require_unreferred(member_references(session, member_id))
    _delete(session, member, "member", member.number, by, now)


def delete_machine(session: Session, machine_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Delete a machine with its places, to which nothing refers. Call inside write_transaction().

    Raises MachineNotFound, StaleRevision, StillReferred.
    """
    machine = revisions.locked(session, Machine, machine_id, missing=MachineNotFound, revision=revision)
    _require_unreferred(machine_references(session, machine_id))
    session.execute(delete(Unit).where(Unit.machine_id == machine_id))
    _delete(session, machine, "machine", machine.slug, by, now)


def referring_columns(table: str) -> Iterator[Column[Any]]:
    """Yield the columns of other tables that refer to a table and would keep its rows from being deleted."""
    for each in Base.metadata.sorted_tables:
        for column in each.columns:
            for key in column.foreign_keys:
                if key.column.table.name == table and key.ondelete != "CASCADE" and each.name not in _PARTS:
                    yield column


def _references(session: Session, table: str, ids: Collection[int]) -> References:
    found: dict[str, int] = {}
    for column in referring_columns(table):
        count = session.scalar(select(func.count()).select_from(column.table).where(column.in_(ids))) or 0
        if count:
            found[column.table.name] = found.get(column.table.name, 0) + count
    return found


def _require_unreferred(references: References) -> None:
    if references:
        raise StillReferred(references=references)


def _delete(session: Session, record: Member | Machine, table: str, key: str, by: Actor, now: datetime) -> None:
    session.delete(record)
    session.flush()
    event = RecordChanged(table=table, record_id=record.id, what="deleted", key=key)
    events.record(session, event, by=by, at=now)
