"""Deleting members and machines that were entered by mistake: only while nothing refers to them.

Foreign keys of the database forbid anything else; the check here counts what stands against it. The event log keeps
that each was deleted, with its number or short name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, delete, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.errors.schedule_errors import MachineNotFound, MemberNotFound, StillReferred
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor
from booking.kernel.orm import Base, table_of
from booking.models import Machine, Member, Reservation, Unit
from booking.records import records

References = Mapping[str, int]  # table -> how many of its rows refer to a record

IDS_MAX = 500  # in one statement
_PARTS = ("booking_unit",)  # deleted together with their machine


def member_references(session: Session, member_ids: Collection[int]) -> dict[int, References]:
    """Return what refers to members: id -> counts by table. Those who can be deleted are left out."""
    return references(session, "booking_member", member_ids)


def machine_references(session: Session, machine_ids: Collection[int]) -> dict[int, References]:
    """Return what refers to machines or their places: id -> counts by table. Those that can be deleted are left out."""
    found = references(session, "booking_machine", machine_ids)
    places = {
        place_id: machine_id
        for ids in chunks(machine_ids)
        for place_id, machine_id in session.execute(select(Unit.id, Unit.machine_id).where(Unit.machine_id.in_(ids)))
    }
    for place_id, counts in references(session, "booking_unit", places).items():
        found[places[place_id]] = {**found.get(places[place_id], {}), **counts}
    return found


def delete_members(
    session: Session, member_ids: Collection[int], *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Delete members to whom nothing refers, all or none. Call inside write_transaction().

    revision: of the only one, as the caller read it. Raises MemberNotFound, StaleRevision, StillReferred.
    """
    members = [
        revisions.locked(session, Member, member_id, missing=MemberNotFound, revision=revision)
        for member_id in sorted(member_ids)
    ]
    _require_unreferred(member_references(session, member_ids))
    _delete_undone(session, Reservation.member_id, member_ids)
    _delete(session, {member.id: member.number for member in members}, Member, "member", by, now)


def delete_machines(session: Session, machine_ids: Collection[int], *, by: Actor, now: datetime) -> None:
    """Delete machines with their places, to which nothing refers, all or none. Call inside write_transaction().

    Raises MachineNotFound, StillReferred.
    """
    machines = [
        revisions.locked(session, Machine, machine_id, missing=MachineNotFound) for machine_id in sorted(machine_ids)
    ]
    _require_unreferred(machine_references(session, machine_ids))
    _delete_undone(session, Reservation.machine_id, machine_ids)
    for ids in chunks(machine_ids):
        session.execute(delete(Unit).where(Unit.machine_id.in_(ids)))
    _delete(session, {machine.id: machine.slug for machine in machines}, Machine, "machine", by, now)


def referring_columns(table: str) -> Iterator[Column[Any]]:
    """Yield the columns of other tables that refer to a table and would keep its rows from being deleted."""
    for each in Base.metadata.sorted_tables:
        for column in each.columns:
            for key in column.foreign_keys:
                if key.column.table.name == table and key.ondelete != "CASCADE" and each.name not in _PARTS:
                    yield column


def references(session: Session, table: str, ids: Collection[int]) -> dict[int, References]:
    """Return what refers to rows of a table: id -> counts by table. Those without references are left out."""
    found: dict[int, dict[str, int]] = {}
    for column in referring_columns(table):
        for some in chunks(ids):
            for record_id, count in session.execute(_counts(column, some)):
                of_record = found.setdefault(record_id, {})
                of_record[column.table.name] = of_record.get(column.table.name, 0) + count
    return dict(found)


def _counts(column: Column[Any], ids: list[int]) -> Select[int, int]:
    """Return the statement of how many rows refer to each of some ids. Of one alone, nothing has to be grouped."""
    if len(ids) == 1:
        counted = select(func.count()).where(column == ids[0], *_counted(column)).select_from(column.table).subquery()
        return select(literal(ids[0]), *counted.c).where(*(count > 0 for count in counted.c))
    return select(column, func.count()).where(column.in_(ids), *_counted(column)).group_by(column)


def chunks(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + IDS_MAX] for start in range(0, len(ordered), IDS_MAX))


def _counted(column: Column[Any]) -> tuple[ColumnElement[bool], ...]:
    """Return the condition on the rows that count: what an undone import entered goes with its member or machine."""
    return (Reservation.import_undone_at.is_(None),) if column.table is Reservation.__table__ else ()


def _delete_undone(session: Session, column: InstrumentedAttribute[int], ids: Collection[int]) -> None:
    """Delete the reservations of members or machines whose import was undone.

    Their holds stay, so that no id is given twice.
    """
    for some in chunks(ids):
        undone = delete(Reservation).where(column.in_(some), Reservation.import_undone_at.is_not(None))
        session.execute(undone.execution_options(synchronize_session=False))


def _require_unreferred(references: Mapping[int, References]) -> None:
    if references:
        raise StillReferred(references=references)


def _delete(
    session: Session, keys: Mapping[int, str], model: type[Member | Machine], table: str, by: Actor, now: datetime
) -> None:
    for ids in chunks(keys):
        session.execute(delete(model).where(model.id.in_(ids)).execution_options(synchronize_session=False))
    session.expire_all()
    records.note_deleted_ids(session, table_of(model), keys)
    deleted = [
        RecordChanged(table=table, record_id=record_id, what="deleted", key=key) for record_id, key in keys.items()
    ]
    if deleted:
        events.record_all(session, deleted, by=by, at=now)
