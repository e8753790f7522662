"""Having the series of a workshop keep their times of the clock, for page and API alike."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from flask_babel import gettext as _

from app.extensions import db
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.models import ZoneChange
from booking.records.overruling import Overruling
from booking.rule_changes import zone_changes


def settle_change(change: ZoneChange, *, by: Actor, now: datetime) -> tuple[int, int]:
    """Move the dates of all series that can be moved; return how many were, and how many stay.

    Each series in a transaction of its own, so that nobody waits for all of them. The change counts what was moved and
    stays open until all are done: where one is interrupted, the page shows what is left, and sending it again does
    that. Sent twice, nothing more is moved.
    """
    session, change_id = db.session(), change.id
    overruling = Overruling(_("The clock of the workshop shows other times than before."))
    for series_id in zone_changes.series_to_keep(session, change, now=now):
        keep = partial(zone_changes.keep_by_the_clock, session, change_id, series_id, by=by, now=now)
        in_write_transaction(session, partial(keep, overruling=overruling))
    in_write_transaction(session, partial(zone_changes.settle, session, change_id, by=by, now=now))
    settled = zone_changes.get(session, change_id)
    return settled.moved, settled.stayed
