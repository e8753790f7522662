"""How far a run of invoices is: issuing them, which a task does, and making their files, which follows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.background.models import RUNNING, BackgroundTask
from app.background.queue import open_tasks
from app.background.tracking import progress_of
from billing.queries.documents import files_progress

ISSUING = ("invoices.issue_all", "api.run_invoices", "invoices.state_all", "api.run_statements")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is still to be done. is_issuing: members are invoiced; issued of members: both 0 while that is not known."""

    is_issuing: bool
    issued: int
    members: int
    files: int
    files_of: int


def run_under_way(session: Session) -> UnderWay | None:
    """Return how far the invoices are, whoever issues them; None where nothing is under way."""
    task = session.scalars(open_tasks().where(BackgroundTask.endpoint.in_(ISSUING)).limit(1)).first()
    files, files_of = files_progress(session)
    if task is None and not files_of:
        return None
    issued, members = progress_of(session, task) if task is not None and task.state == RUNNING else (0, 0)
    return UnderWay(task is not None, issued, members, files, files_of)
