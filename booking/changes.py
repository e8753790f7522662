"""Telling those who keep copies that a schedule changed: each member and machine has a version number."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from booking.models import Machine, Member, Reservation


def schedule_changed(session: Session, *, member_ids: Iterable[int], machine_ids: Iterable[int]) -> None:
    """Count a change of these schedules. The last write of a use case.

    Members come before machines and each in id order, so that two use cases never wait for each other crosswise.
    """
    for model, ids in ((Member, member_ids), (Machine, machine_ids)):
        for record_id in sorted(set(ids)):
            session.execute(
                update(model)
                .where(model.id == record_id)
                .values(schedule_version=model.schedule_version + 1)
                .execution_options(synchronize_session=False)
            )


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
