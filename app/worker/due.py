"""Whether a job is due: asked while no worker runs, by the web process that then calls for one (watch.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import current_app
from sqlalchemy.orm import Session

from app import subscriptions
from app.auth import memberships
from app.clock import now
from app.documents import making
from app.mail import delivery
from app.notifications import reminders
from app.worker import jobs, offer_jobs
from app.worker.job_runs import is_due
from billing.fees import missed
from billing.queries.equity import unsent_statements
from booking import queries, replan
from booking.courses import losses
from booking.exchanges import ending
from booking.kernel import deliveries, sealing
from booking.queries.maintenance import unreminded
from booking.reservations import decisions
from booking.rule_changes import zone_changes
from booking.waiting import answers


@dataclass(frozen=True)
class Look:
    """A look for the work of a job, every so many seconds. has_work: brief; only reads, but for `offer_again`.

    after_change: also at once when a request has changed something, because somebody may wait for it.
    """

    job: str
    seconds: float
    has_work: Callable[[Session], object]
    after_change: bool = False


def anything_due(session: Session) -> bool:
    """Return whether a job would find work now."""
    return any(look.has_work(session) for look in LOOKS if look.has_work is not offer_jobs.offer_again)


def _event(session: Session) -> bool:
    return bool(deliveries.waiting(session, subscriptions.SUBSCRIPTIONS, now=now()))


def _late_answer(session: Session) -> bool:
    return bool(answers.overdue(session, now=now(), limit=1) or replan.overdue(session, now=now(), limit=1))


def _exchange(session: Session) -> bool:
    moment = now()
    return bool(ending.overdue(session, now=moment, day=memberships.ring_day(moment), limit=1))


def _course(session: Session) -> bool:
    return bool(losses.leavers(session, now=now(), limit=1) or losses.untrained(session, now=now()))


def _run(name: str, due_at: Callable[[], datetime]) -> Callable[[Session], bool]:
    """Return the look for a job that is leased for an instant (job_runs.py)."""
    return lambda session: is_due(session, name, due_at())


def _night() -> datetime:
    return jobs.latest_night(now())


def _hour_of(setting: str) -> Callable[[], datetime]:
    return lambda: jobs.latest_hour(now(), current_app.config[setting])


_morning, _evening = _hour_of("DIGEST_HOUR"), _hour_of("REMINDER_HOUR")

LOOKS = (
    Look("deliver_events", 5, _event, after_change=True),
    Look("send_mail", 5, delivery.has_work, after_change=True),
    Look("run_background_task", 5, jobs.has_task, after_change=True),
    Look("expire_requests", 10, lambda session: decisions.overdue_requests(session, now=now(), limit=1)),
    Look("lapse_offers", 10, _late_answer),
    Look("accept_offers", 10, lambda session: answers.automatic(session, now=now(), limit=1), after_change=True),
    Look("end_exchanges", 15, _exchange),
    Look("make_documents", 15, making.has_unmade, after_change=True),
    Look("seal_log", 30, sealing.has_unsealed),
    Look("remind_in_the_evening", 60, _run("evening_reminders", _evening)),
    Look("remind_of_ends", 60, lambda session: reminders.has_end_to_remind(session, now=now())),
    Look("send_digests", 60, _run("digests", _morning)),
    Look("fix_fees", 60, lambda session: missed.due(session, now=now())),
    Look("send_settlements", 60, unsent_statements),
    Look("remind_of_maintenance", 120, lambda session: unreminded(session, now=now())),
    # Whether an offer can be made shows only by trying: brief, and rarely one is made.
    Look("offer_again", 300, offer_jobs.offer_again),
    Look("remind_of_inductions", 600, _run("induction_reminders", _morning)),
    Look("look_after_courses", 600, _course),
    Look("purge", 600, _run("purge", lambda: now().replace(minute=0, second=0, microsecond=0))),
    Look("nightly_audit", 600, _run("nightly_audit", _night)),
    Look("warn_of_tokens", 600, _run("warn_of_tokens", _night)),
    Look("end_deputies", 600, _run("end_deputies", _night)),
    Look("make_thumbnails", 600, partial(queries.photos_without_small, limit=1)),
    Look("note_zone_rules", 21_600, zone_changes.has_new_rules),
)
