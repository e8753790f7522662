"""The jobs of the worker and their intervals.

Most jobs find their work in the database (an undelivered event, an overdue request) and lock it there, so that any
number of workers may run. A job without such rows is leased for the instant at which it is due (job_runs.py); a missed
run is made up later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from flask import current_app
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.api import idempotency
from app.api.idempotency import IdempotencyRecord
from app.auth import api_tokens, attempts, deputy_ends, security_log, shown_once
from app.auth.models import LoginSession, OneUseToken
from app.background import queue
from app.clock import now
from app.documents import making
from app.mail import delivery
from app.mail.leasing import empty_ended_links
from app.mail.models import SENT_DAYS, Mail
from app.notifications import digest, induction_reminders, recipients, reminders
from app.notifications.attached_entries import has_lasting_entry
from app.notifications.models import LINKS, Reminder
from app.ring_card import ring_zone
from app.storage import installation
from app.worker import background_tasks, course_job, fee_job, maintenance_job, nightly_audit, offer_jobs, settlement_job
from app.worker.event_job import deliver_events
from app.worker.job_runs import JobRun, run_once
from app.worker.thumbnails import make_thumbnails
from booking import replan
from booking.kernel import sealing
from booking.kernel.events import Actor
from booking.kernel.transaction import in_own_transactions, in_write_transaction
from booking.reservations import decisions
from booking.rule_changes import zone_changes
from booking.times.wall_clock import first_instant, local_day, to_wall
from booking.waiting import answers

EXPIRY = Actor(job="expire_requests")
ZONES = Actor(job="note_zone_rules")
LAPSE = Actor(job="lapse_offers")

IDEMPOTENCY_RECORD_DAYS, IDEMPOTENCY_RECORDS_MAX = 7, 20_000  # the latter of each login
JOB_RUN_DAYS, EXPIRED_LINK_DAYS = 60, 30
REMINDER_DAYS = 400  # longer than anybody may reserve ahead: until the reservation of a link has begun
NIGHT_HOUR = 3
NOTE_INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True)
class Job:
    """A job and its interval in seconds. run: returns how many items it processed.

    idle_seconds: the interval after it has found nothing for a minute, where that is longer. look: asked instead of run
    from then on; brief, waits for no network, and returns whether there was work. is_prompt: runs at the start too, in
    spite of a long interval. is_apart: a nightly job that the worker leaves to a process of its own (run_apart.py).
    """

    name: str
    seconds: float
    run: Callable[[Session], int]
    idle_seconds: float | None = None
    look: Callable[[Session], int] | None = None
    is_prompt: bool = False
    is_apart: bool = False


def send_mail(session: Session) -> int:
    """Send a batch of the mails that are due, to those of their audiences who may read them still."""
    return delivery.deliver_outbox(session, recipients.readers_of)


def has_task(session: Session) -> bool:
    """Return whether a task in the background waits for a worker."""
    return queue.has_claimable(session, now=now())


def expire_requests(session: Session) -> int:
    """Expire requests that nobody decided in time, each in its own transaction; a failure stops no other."""
    overdue = decisions.overdue_requests(session, now=now())
    return in_own_transactions(
        session, (partial(decisions.expire, session, one, by=EXPIRY, now=now()) for one in overdue)
    )


def lapse_offers(session: Session) -> int:
    """End offers that nobody answered in time, each in its own transaction: each goes to the next in line.

    So do proposals after a breakdown, whose reservations are cancelled; and those that are not needed any more.
    """
    # What its member has not heard of yet, because no worker ran, gets more time first (offer_subscribers.py).
    # The same is true of proposals (replan_subscribers.py).
    are_late = offer_jobs.mails_are_late(session)
    unanswered = () if are_late else answers.overdue(session, now=now())
    overdue = [
        *(partial(answers.lapse, session, one) for one in unanswered),
        *(partial(replan.lapse, session, one) for one in replan.overdue(session, now=now(), only_needless=are_late)),
    ]
    return in_own_transactions(session, (partial(lapse, by=LAPSE, now=now()) for lapse in overdue))


def seal_log(session: Session) -> int:
    """Seal the events written since the last seal; later ones wait for the next run."""
    if not sealing.has_unsealed(session):
        return 0
    count = in_write_transaction(session, partial(sealing.seal_next, session, now=now()))
    return count if count == sealing.BATCH_EVENTS else 0


def purge(session: Session) -> int:
    """Delete expired log-ins and links, old records of requests, mails, reminders and runs. Once an hour."""
    due_at = now().replace(minute=0, second=0, microsecond=0)
    return run_once(session, "purge", due_at, _purge)


def audit_nightly(session: Session) -> int:
    """Run all audits once a night; the administrators get a mail when one fails."""
    return run_once(session, "nightly_audit", latest_night(now()), nightly_audit.check_and_report)


def warn_of_tokens(session: Session) -> int:
    """Mail the owners of API tokens that end soon. Once a night."""
    return run_once(session, "warn_of_tokens", latest_night(now()), _warn_of_tokens)


def end_deputies(session: Session) -> int:
    """End the deputies of memberships that have ended, and mail managers about the days that are over. Once a night."""
    return run_once(session, "end_deputies", latest_night(now()), _end_deputies)


def remind_in_the_evening(session: Session) -> int:
    """Queue reminders of the next day's reservations, once an evening."""
    zone, due_at = ring_zone(), latest_hour(now(), current_app.config["REMINDER_HOUR"])

    def remind(session: Session) -> str:
        return f"{reminders.remind_of_next_day(session, due_at, zone, now=now())} reminders"

    return run_once(session, "evening_reminders", due_at, remind)


def remind_of_ends(session: Session) -> int:
    """Queue reminders of the machines whose time just ended and that are still out."""
    return reminders.remind_of_ends(session, now=now())


def remind_of_inductions(session: Session) -> int:
    """Queue reminders of the inductions that end in 30 days: once a morning, and all that was missed."""
    zone, due_at = ring_zone(), latest_hour(now(), current_app.config["DIGEST_HOUR"])

    def remind(session: Session) -> str:
        return f"{induction_reminders.remind(session, local_day(now(), zone), now=now())} reminders"

    return run_once(session, "induction_reminders", due_at, remind)


def send_digests(session: Session) -> int:
    """Queue what waits for the managers who want it once a day."""
    zone, due_at = ring_zone(), latest_hour(now(), current_app.config["DIGEST_HOUR"])

    def send(session: Session) -> str:
        return f"{digest.send_all(session, due_at, zone, now=now())} digests"

    return run_once(session, "digests", due_at, send)


def note_run(session: Session) -> int:
    """Record that a worker runs; pages that need it show when it last did. Not more often: a write wakes a disk."""
    last = installation.worker_ran_at(session)
    if last is None or abs(now() - last) >= NOTE_INTERVAL:
        in_write_transaction(session, partial(installation.note_worker, session, now=now()))
    return 0


def note_zone_rules(session: Session) -> int:
    """Compare the rules of the time zones with those noted last: at the start, because they come with an update."""
    note = partial(zone_changes.note_rules, session, by=ZONES, now=now())
    return len(in_write_transaction(session, note)) if zone_changes.has_new_rules(session) else 0


JOBS = (
    Job("deliver_events", 1.0, deliver_events, idle_seconds=5.0, look=deliver_events),
    Job("send_mail", 2.0, send_mail, idle_seconds=5.0, look=delivery.has_work),
    Job("run_background_task", 1.0, background_tasks.run_next, idle_seconds=2.5, look=has_task),
    Job("expire_requests", 10.0, expire_requests, look=expire_requests),
    Job("lapse_offers", 10.0, lapse_offers, look=lapse_offers),
    Job("end_exchanges", 15.0, offer_jobs.end_exchanges, look=offer_jobs.end_exchanges),
    Job("offer_again", 120.0, offer_jobs.offer_again, idle_seconds=300.0),
    Job("accept_offers", 5.0, offer_jobs.accept_offers, idle_seconds=10.0, look=offer_jobs.accept_offers),
    Job("seal_log", 30.0, seal_log, look=seal_log),
    Job("remind_in_the_evening", 60.0, remind_in_the_evening),
    Job("remind_of_ends", 60.0, remind_of_ends),
    Job("remind_of_inductions", 600.0, remind_of_inductions),
    Job("look_after_courses", 600.0, course_job.look_after_courses),
    Job("remind_of_maintenance", 120.0, maintenance_job.remind_of_maintenance),
    Job("send_digests", 60.0, send_digests),
    Job("purge", 600.0, purge),
    Job("nightly_audit", 600.0, audit_nightly, is_apart=True),
    Job("warn_of_tokens", 600.0, warn_of_tokens),
    Job("end_deputies", 600.0, end_deputies),
    Job("make_thumbnails", 60.0, make_thumbnails, idle_seconds=600.0),
    Job("fix_fees", 60.0, fee_job.fix_fees, look=fee_job.fix_fees),
    Job("make_documents", 5.0, making.make_files, idle_seconds=15.0, look=making.has_unmade),
    Job("send_settlements", 15.0, settlement_job.send_statements, idle_seconds=60.0),
    Job("note_zone_rules", 21_600.0, note_zone_rules, look=zone_changes.has_new_rules, is_prompt=True),
    Job("note_run", NOTE_INTERVAL.total_seconds(), note_run, is_prompt=True),
)


def latest_night(instant: datetime) -> datetime:
    """Return the last 3:00 of the ring's time zone before an instant."""
    return latest_hour(instant, NIGHT_HOUR)


def latest_hour(instant: datetime, hour: int) -> datetime:
    """Return when the clock of the ring showed a full hour last, at an instant or before it."""
    zone = ring_zone()
    wall = to_wall(instant, zone).replace(hour=hour, minute=0, second=0, microsecond=0)
    shown = first_instant(wall, zone)
    return shown if shown <= instant else first_instant(wall - timedelta(days=1), zone)


def _warn_of_tokens(session: Session) -> str:
    count = in_write_transaction(session, partial(api_tokens.warn_of_ends, session, now=now()))
    return f"{count} tokens end soon"


def _end_deputies(session: Session) -> str:
    count = in_write_transaction(session, partial(deputy_ends.end_and_report, session, now=now()))
    return f"{count} deputies ended"


def _purge(session: Session) -> str:
    moment = now()
    expired = moment - timedelta(days=EXPIRED_LINK_DAYS)
    deletions = (
        delete(LoginSession).where(LoginSession.expires_at <= moment),
        delete(OneUseToken).where(OneUseToken.expires_at <= expired),
        delete(IdempotencyRecord).where(
            IdempotencyRecord.answered_at <= moment - timedelta(days=IDEMPOTENCY_RECORD_DAYS)
        ),
        delete(Mail).where(Mail.sent_at <= moment - timedelta(days=SENT_DAYS), ~has_lasting_entry(moment)),
        delete(Reminder).where(Reminder.at <= moment - timedelta(days=REMINDER_DAYS)),
        *(delete(one).where(one.created_at <= moment - timedelta(days=REMINDER_DAYS)) for one in LINKS),
        delete(JobRun).where(JobRun.due_at <= moment - timedelta(days=JOB_RUN_DAYS)),
    )
    for statement in deletions:
        in_write_transaction(session, partial(session.execute, statement))
    in_write_transaction(session, partial(empty_ended_links, session, now=moment))
    in_write_transaction(session, partial(shown_once.delete_old, session, now=moment))
    in_write_transaction(session, partial(queue.delete_old, session, now=moment))
    in_write_transaction(session, partial(security_log.delete_old, session, now=moment))
    security_log.rotate_file(Path(current_app.instance_path), now=moment)
    in_write_transaction(session, partial(idempotency.delete_beyond, session, IDEMPOTENCY_RECORDS_MAX))
    in_write_transaction(session, partial(attempts.delete_expired, session, now=moment))
    in_write_transaction(session, partial(attempts.delete_beyond, session, attempts.ROWS_MAX))
    return "done"
