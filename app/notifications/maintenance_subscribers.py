"""The subscriber that mails the managers of a workshop when maintenance by the meter is nearly due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.notifications import recipients
from app.notifications.composing import Notification
from app.notifications.notifying import notify
from app.wording.maintenance import due_text, used_text
from booking.errors.schedule_errors import NotFound
from booking.events import maintenance_events
from booking.kernel.events import Handler, RecordedEvent
from booking.queries import maintenance as queries


def due(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the managers; not of an interval that ended or was done meanwhile."""
    try:
        view = queries.maintenance(session, event.facts["maintenance_id"], now=now)
    except NotFound:
        return
    if not view.is_due:
        return
    facts = {"one": view, "used_text": used_text, "due_text": due_text}
    notification = Notification("maintenance_due", facts, f"/workshop/maintenance/{view.id}")
    notify(session, event, notification, recipients.managers_of(session, view.workshop_id, now=now), now)


HANDLERS: dict[str, Handler] = {maintenance_events.MaintenanceDue.type: due}
