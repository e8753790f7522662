"""What the last import of each kind did, kept until the next one stores something or it is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.imports.models import ImportedRecord, LastImport
from booking.addresses import Address
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.machines.machines import MachineInput
from booking.members.members import MemberInput
from booking.models import Reservation, Status
from booking.records import deletions, records
from booking.times.opening_hours import Opening

Values = dict[str, Any]
_DAYS = ("joined_on", "left_on")


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record that an import entered (before: None) or changed, with its values before and after as plain values."""

    record_id: int
    before: Values | None
    after: Values


@dataclass(frozen=True, slots=True)
class LastImportView:
    """The last import of a kind. by: the name of the login, "" for the terminal."""

    kind: str
    stored_at: datetime
    by: str
    entered: int
    changed: int


def keep(session: Session, kind: str, stored: Sequence[StoredRecord], *, by: Actor, now: datetime) -> None:
    """Keep what an import did in place of the one before; nothing for one that changed nothing.

    Call inside the write transaction of the import.
    """
    if not stored:
        return
    discard(session, kind)
    session.add(LastImport(kind=kind, stored_at=now, user_id=by.user_id))
    session.flush()
    rows = [{"kind": kind, "record_id": one.record_id, "before": one.before, "after": one.after} for one in stored]
    session.execute(insert(table_of(ImportedRecord)), rows)


def discard(session: Session, kind: str) -> None:
    """Forget what the last import of a kind did. Call inside write_transaction()."""
    session.execute(delete(ImportedRecord).where(ImportedRecord.kind == kind))
    session.execute(delete(LastImport).where(LastImport.kind == kind))


def last_import(session: Session, kind: str) -> LastImportView | None:
    """Return the last import of a kind; None where there is none that could be taken back."""
    row = session.execute(
        select(LastImport.stored_at, User.name)
        .outerjoin(User, User.id == LastImport.user_id)
        .where(LastImport.kind == kind)
    ).one_or_none()
    if row is None:
        return None
    of_kind = select(func.count()).where(ImportedRecord.kind == kind)
    entered = session.scalar(of_kind.where(ImportedRecord.before.is_(None))) or 0
    changed = session.scalar(of_kind.where(ImportedRecord.before.is_not(None))) or 0
    return LastImportView(kind, row.stored_at, row.name or "", entered, changed)


def stored_records(session: Session, kind: str) -> list[StoredRecord]:
    """Return what the last import of a kind did."""
    columns = (ImportedRecord.record_id, ImportedRecord.before, ImportedRecord.after)
    rows = session.execute(select(*columns).where(ImportedRecord.kind == kind).order_by(ImportedRecord.record_id))
    return [StoredRecord(*row) for row in rows]


def member_values(member: MemberInput) -> Values:
    """Return a member as plain values."""
    values = records.values_of(member)
    values["address"] = records.values_of(member.address)
    return values | {name: values[name].isoformat() for name in _DAYS if values[name]}


def member_of(values: Mapping[str, Any]) -> MemberInput:
    """Return the member with plain values."""
    days = {name: date.fromisoformat(values[name]) for name in _DAYS if values[name]}
    return MemberInput(**{**values, **days, "address": Address(**values["address"])})


def machine_values(machine: MachineInput, places: int, openings: Sequence[Opening] | None) -> Values:
    """Return a machine with its places and own hours as plain values. openings: None where an import leaves them."""
    hours = {} if openings is None else {"openings": [list(opening) for opening in openings]}
    return records.values_of(machine) | {"places": places} | hours


def reservation_values(session: Session, reservation_ids: Sequence[int]) -> dict[int, Values]:
    """Return what of reservations shows whether they were changed since their import, as plain values.

    Those that were cancelled in time since are left out: nothing is left of them to take back.
    """
    found: dict[int, Values] = {}
    for ids in deletions.chunks(reservation_ids):
        rows = select(Reservation.id, Reservation.revision, Reservation.status).where(
            Reservation.id.in_(ids), ~and_(Reservation.status == Status.CANCELLED, ~Reservation.is_late_cancel)
        )
        found |= {row.id: {"revision": row.revision, "status": row.status} for row in session.execute(rows)}
    return found


def machine_of(values: Mapping[str, Any]) -> tuple[MachineInput, int, list[Opening] | None]:
    """Return the machine with plain values, its places, and its own hours (None: the import left them)."""
    rest = {name: value for name, value in values.items() if name not in ("places", "openings")}
    openings = [tuple(opening) for opening in values["openings"]] if "openings" in values else None
    return MachineInput(**rest), values["places"], openings
