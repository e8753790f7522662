"""When the worker last ran, for pages that show what it does: mails, events, charges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import now
from app.extensions import db
from app.storage import installation

LATE = timedelta(minutes=15)  # the worker reports every five


@dataclass(frozen=True, slots=True)
class WorkerRun:
    """When a worker last reported, or a web process that nothing waited for one; None: never. is_late: none comes."""

    ran_at: datetime | None
    is_late: bool


def worker_run() -> WorkerRun:
    """Return the last run of any worker of this ring."""
    ran_at = installation.worker_ran_at(db.session())
    return WorkerRun(ran_at, ran_at is None or now() - ran_at > LATE)
