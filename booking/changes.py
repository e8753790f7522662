"""Telling those who keep copies that a schedule changed: each member and machine has a version number."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Table, Update, bindparam, select, update
from sqlalchemy.orm import Session

from booking.kernel.orm import table_of
from booking.models import Machine, Member, Reservation


def _counting(table: Table) -> Update:
    return (
        update(table).where(table.c.id == bindparam("record_id")).values(schedule_version=table.c.schedule_version + 1)
    )


_COUNT_MEMBER, _COUNT_MACHINE = _counting(table_of(Member)), _counting(table_of(Machine))


def schedule_changed(session: Session, *, member_ids: Iterable[int], machine_ids: Iterable[int]) -> None:
    """Count a change of these schedules. The last write of a use case.

    Members come before machines and each in id order, so that two use cases never wait for each other crosswise.
    """
    for count, ids in ((_COUNT_MEMBER, member_ids), (_COUNT_MACHINE, machine_ids)):
        for record_id in sorted(set(ids)):
            session.connection().execute(count, {"record_id": record_id})


def machine_renamed(session: Session, machine_id: int) -> None:
    """Count a change of what a machine's entries say (its name, place or hours), in its own schedule and in
    those of all who ever reserved it."""
    session.execute(
        update(Member)
        .where(Member.id.in_(select(Reservation.member_id).where(Reservation.machine_id == machine_id)))
        .values(schedule_version=Member.schedule_version + 1)
        .execution_options(synchronize_session=False)
    )
    schedule_changed(session, member_ids=[], machine_ids=[machine_id])
