"""Leases for clock jobs: one of many workers claims each due instant and records the outcome."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.clock import now
from booking.kernel.claims import insert_if_absent
from booking.kernel.database_errors import is_unserved
from booking.kernel.orm import Base, UtcDateTime
from booking.kernel.transaction import in_write_transaction

LEASE = timedelta(hours=1)
OUTCOME_LENGTH_MAX = 500


class JobRun(Base):
    """A claim of a clock job for one due instant. The primary key lets one worker win."""

    __tablename__ = "job_run"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    holder: Mapped[str]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(default="")


def is_due(session: Session, name: str, due_at: datetime) -> bool:
    """Return whether nobody has done the work due at an instant, or is at it."""
    run = session.get(JobRun, (name, due_at))
    return run is None or (run.ended_at is None and run.claimed_at <= now() - LEASE)


def run_once(session: Session, name: str, due_at: datetime, work: Callable[[Session], str]) -> int:
    """Do the work due at an instant unless another worker has claimed it; return 1 if done here, else 0.

    The lease of a worker that died, or whose database could not serve it, expires after an hour, so that the work is
    done late.

    work: returns a short outcome, which is recorded.
    """
    if not is_due(session, name, due_at):
        return 0
    if not in_write_transaction(session, partial(_claim, session, name, due_at, now())):
        return 0
    try:
        outcome = work(session)
    except Exception as error:
        if not is_unserved(error):
            _record_outcome(session, name, due_at, f"failed: {error}")
        raise
    _record_outcome(session, name, due_at, outcome)
    return 1


def _claim(session: Session, name: str, due_at: datetime, moment: datetime) -> bool:
    values = {"claimed_at": moment, "holder": _holder()}
    if insert_if_absent(session, JobRun, name=name, due_at=due_at, outcome="", **values):
        return True
    take_over = update(JobRun).where(
        JobRun.name == name, JobRun.due_at == due_at, JobRun.ended_at.is_(None), JobRun.claimed_at <= moment - LEASE
    )
    return session.execute(take_over.values(**values).returning(JobRun.name)).first() is not None


def _record_outcome(session: Session, name: str, due_at: datetime, outcome: str) -> None:
    recording = update(JobRun).where(JobRun.name == name, JobRun.due_at == due_at.astimezone(UTC))
    recording = recording.values(ended_at=now(), outcome=outcome[:OUTCOME_LENGTH_MAX])
    in_write_transaction(session, partial(session.execute, recording))


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
