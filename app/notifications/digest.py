"""The daily mail for managers who chose it: what waits, today's reservations, what is overdue. None without any."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import logins
from app.auth.models import User
from app.notifications import recipients
from app.notifications.composing import Notification, queue_or_record
from app.notifications.kinds import DIGEST
from app.notifications.models import MailChoice
from app.notifications.recipients import Recipient
from booking import queries
from booking.kernel.transaction import in_own_transactions
from booking.models import Status
from booking.queries import DeskCounts, ReservationView
from booking.times.opening_hours import MINUTES_OF_A_DAY, instant_of
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

LISTED_MAX = 30  # of each list; the rest is counted
TEMPLATE = "digest"


@dataclass(frozen=True, slots=True)
class Digest:
    """What a manager is told in the morning."""

    waiting: tuple[ReservationView, ...]
    today: tuple[ReservationView, ...]
    overdue: tuple[ReservationView, ...]
    counts: DeskCounts
    damage_count: int

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        counts = self.counts
        waits = counts.requests or counts.swaps or counts.objections or self.damage_count
        return bool(self.today or self.overdue or waits)


def send_all(session: Session, due_at: datetime, zone: ZoneInfo, *, now: datetime) -> int:
    """Queue the digest of a morning for all who want it and have something in it; return how many.

    Each in its own transaction. A run that is made up on another day sends none: its day is over.
    """
    day = local_day(due_at, zone)
    if local_day(now, zone) != day:
        return 0
    wanted = select(MailChoice.user_id).where(MailChoice.kind == DIGEST.code, MailChoice.is_wanted.is_(True))
    found = session.scalars(wanted.where(MailChoice.user_id.is_not(None)).order_by(MailChoice.user_id)).all()
    session.rollback()
    span = TimeSpan(instant_of(day, 0, zone), instant_of(day, MINUTES_OF_A_DAY, zone))
    return in_own_transactions(
        session, (partial(_send, session, user_id, span, now) for user_id in found if user_id is not None)
    )


def digest_of(session: Session, workshop_ids: Collection[int] | None, day: TimeSpan, *, now: datetime) -> Digest:
    """Return what there is to tell about workshops on a day. workshop_ids: None for all."""
    found = queries.todays_machines(session, workshop_ids, day.start, day.end)
    overdue = tuple(one for one in found if one.status == Status.IN_USE and one.ends_at < now)
    today = (one for one in found if one.is_holding and one.status != Status.REQUESTED and one not in overdue)
    waiting = queries.waiting_requests(session, workshop_ids, now, limit=LISTED_MAX)
    return Digest(
        waiting=tuple(one.reservation for one in waiting),
        today=tuple(sorted(today, key=lambda one: one.cursor)),
        overdue=overdue,
        counts=queries.desk_counts(session, workshop_ids, None, now=now),
        damage_count=len(queries.damage_reports(session, workshop_ids=workshop_ids, only_open=True, limit=LISTED_MAX)),
    )


def _send(session: Session, user_id: int, day: TimeSpan, now: datetime) -> int:
    login = logins.by_user_id(session, user_id, now=now)
    if login is None or not (login.is_admin or login.managed_workshop_ids):
        return 0
    digest = digest_of(session, None if login.is_admin else login.managed_workshop_ids, day, now=now)
    if not digest:
        return 0
    language = session.scalars(select(User.language).where(User.id == user_id)).one()
    of_workshops = " ".join(map(str, (recipients.WORKSHOP, *sorted(login.managed_workshop_ids))))
    audience = recipients.ADMINISTRATORS if login.is_admin else of_workshops
    to = Recipient(f"user{user_id}", login.email, login.name, language, user_id, audience=audience)
    notification = Notification(
        TEMPLATE, {"digest": digest, "listed_max": LISTED_MAX, "subject_parts": _subject_parts}, "/today"
    )
    queue_or_record(session, notification, to, key=f"digest-{int(day.start.timestamp())}:{TEMPLATE}:{to.key}", now=now)
    return 1


def _subject_parts(digest: Digest) -> list[str]:
    """Return how much there is of each, in the language of the mail that is being written."""
    counted = (
        (len(digest.overdue), ngettext("%(num)s overdue", "%(num)s overdue", len(digest.overdue))),
        (
            digest.counts.requests,
            ngettext("%(num)s request", "%(num)s requests", digest.counts.requests),
        ),
        (digest.counts.swaps, ngettext("%(num)s swap", "%(num)s swaps", digest.counts.swaps)),
        (len(digest.today), ngettext("%(num)s reservation", "%(num)s reservations", len(digest.today))),
        (
            digest.counts.objections,
            ngettext("%(num)s objection", "%(num)s objections", digest.counts.objections),
        ),
        (digest.damage_count, ngettext("%(num)s damage report", "%(num)s damage reports", digest.damage_count)),
    )
    return [text for count, text in counted if count]
