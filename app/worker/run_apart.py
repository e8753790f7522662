"""Jobs that the worker leaves to a process of its own, which gives its memory back when it ends (Linux).

The nightly audit loads what migrations need and reads every table: the worker would keep 27 MB of it for good.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from sqlalchemy.orm import Session

from app.clock import now
from app.server.child_process import ROOT
from app.server.small_supervisor import START
from app.worker.job_runs import LEASE, is_due
from app.worker.jobs import Job, latest_night


class JobFailed(Exception):
    """The process of a job ended with an error, which it has logged, or it took too long."""


def run_apart(session: Session, job: Job) -> int:
    """Run a nightly job in a process of its own, where it is due; return 0, because it leaves nothing to do.

    It ends with this process. Raises JobFailed.
    """
    if not is_due(session, job.name, latest_night(now())):
        return 0
    session.rollback()  # so that nothing is held meanwhile
    job_alone = ("ring", "work", "--once", "--only", job.name)
    program = [sys.executable, "-P", "-m", "flask", "--app", str(ROOT / "wsgi.py"), *job_alone]
    command = [sys.executable, "-I", "-S", "-c", START, str(os.getpid()), *program]
    try:
        ended = subprocess.run(command, check=False, timeout=LEASE.total_seconds())  # noqa: S603 - our own words
    except subprocess.TimeoutExpired as error:  # it stands still, and another worker may do its work by now
        raise JobFailed(f"killed after {error.timeout:.0f} seconds") from error
    is_asked_to_end = ended.returncode == -signal.SIGTERM  # with the worker: the job is made up when its lease expires
    if ended.returncode != 0 and not is_asked_to_end:
        raise JobFailed(f"exit code {ended.returncode}")
    return 0
