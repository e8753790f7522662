"""What another worker holds at this moment: `ring work --once` leaves it alone and says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import subscriptions
from app.clock import utc_minute
from app.mail.leasing import LEASE as MAIL_LEASE
from app.mail.leasing import WAITING
from app.mail.models import Mail
from app.worker.job_runs import LEASE, JobRun
from booking.kernel import deliveries


def held_elsewhere(session: Session, *, now: datetime) -> list[str]:
    """Return a sentence for each kind of work that was not done because another worker has it. Only reads."""
    return [*_events(session, now), *_mails(session, now), *_jobs(session, now)]


def _events(session: Session, now: datetime) -> list[str]:
    waiting = deliveries.waiting(session, subscriptions.SUBSCRIPTIONS, now=now)
    return [f"Events for {name} are being delivered by another worker." for name in waiting]


def _mails(session: Session, now: datetime) -> list[str]:
    is_leased = (Mail.attempts > 0, Mail.last_error == "", Mail.next_attempt_at > now)
    count, until = session.execute(
        select(func.count(), func.max(Mail.next_attempt_at)).where(
            *WAITING, *is_leased, Mail.next_attempt_at <= now + MAIL_LEASE
        )
    ).one()
    if not count:
        return []
    return [
        f"{count} mails are being sent by another worker; should it have died, they are free at {utc_minute(until)}."
    ]


def _jobs(session: Session, now: datetime) -> list[str]:
    running = select(JobRun).where(JobRun.ended_at.is_(None), JobRun.claimed_at > now - LEASE)
    return [
        f"{each.name} is held by {each.holder} since {utc_minute(each.claimed_at)}; "
        f"should it have died, it is free at {utc_minute(each.claimed_at + LEASE)}."
        for each in session.scalars(running.order_by(JobRun.name))
    ]
