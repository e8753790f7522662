"""Publishing events of the schedule: record them and bump the version of every schedule that they name.

The last step of a verb: it locks the most contended rows (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.events.reservation_events import ScheduleEvent
from booking.kernel.events import Actor, record, record_all
from booking.places import freed_time
from booking.records import schedule_versions


def publish(session: Session, event: ScheduleEvent, *, by: Actor, now: datetime) -> None:
    """Record an event and bump the schedule version of every member and machine that it names."""
    record(session, event, by=by, at=now)
    freed_time.note_time(session, now)
    schedule_versions.bump(session, member_ids=event.member_ids, machine_ids=event.machine_ids)


def publish_all(session: Session, events: Sequence[ScheduleEvent], *, by: Actor, now: datetime) -> None:
    """Publish one or more events together; each schedule that they name gets one new version."""
    record_all(session, events, by=by, at=now)
    freed_time.note_time(session, now)
    schedule_versions.bump(
        session,
        member_ids=[member_id for event in events for member_id in event.member_ids],
        machine_ids=[machine_id for event in events for machine_id in event.machine_ids],
    )
