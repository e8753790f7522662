"""Telling those who keep copies that a schedule changed: each member and machine has a version number."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update
from sqlalchemy.orm import Session

from booking.models import Machine, Member


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
