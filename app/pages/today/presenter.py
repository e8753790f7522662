"""The desk of each role, as frozen values; few statements, because everybody starts here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.pages import formats
from app.pages.reservations.presenter import state_sentence
from billing import queries as billing_queries
from booking import queries
from booking.models import Status
from booking.opening_hours import instant_of
from booking.queries import ClosureView, ReservationView, SlipView
from booking.usage import EARLIEST_HAND_OUT

NEXT_SHOWN, SLIPS_SHOWN, WAITING_SHOWN = 5, 5, 3
DISPUTES_COUNTED = 100


@dataclass(frozen=True, slots=True)
class NextReservation:
    """One of the member's reservations to come, with the step that is possible now (words and address, or "")."""

    view: ReservationView
    sentence: str
    step: str
    href: str


@dataclass(frozen=True, slots=True)
class MemberDesk:
    """What a member wants to know: what comes next, and what waits for me."""

    upcoming: tuple[NextReservation, ...]
    slips: tuple[SlipView, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for the manager: what, whose, and for how long."""

    view: ReservationView
    age: str


@dataclass(frozen=True, slots=True)
class MachineDay:
    """One machine today: its reservations in order."""

    name: str
    slug: str
    reservations: tuple[ReservationView, ...]


@dataclass(frozen=True, slots=True)
class ManagerDesk:
    """What a manager wants to know: what waits, what happens today, what is late, closed or disputed."""

    waiting: tuple[Waiting, ...]
    waiting_count: int
    machines: tuple[MachineDay, ...]
    overdue: tuple[ReservationView, ...]
    closed: tuple[ClosureView, ...]
    disputed: tuple[SlipView, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Something for the treasurer to do, in words, and where."""

    words: str
    href: str


def member_desk(session: Session, member_id: int, *, now: datetime) -> MemberDesk:
    """The desk of a member; two statements."""
    upcoming = queries.reservations_of_member(session, member_id, upcoming=True, now=now, limit=NEXT_SHOWN)
    slips = queries.slips(session, member_id=member_id, limit=SLIPS_SHOWN)
    to_look_at = tuple(
        slip for slip in slips if slip.state() == "back" and slip.objection_until and slip.objection_until > now
    )
    return MemberDesk(tuple(_next(view, now) for view in upcoming), to_look_at)


def manager_desk(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> ManagerDesk:
    """The desk of a manager; workshop_ids None: all workshops."""
    zone = formats.as_zone(None)
    today = now.astimezone(zone).date()
    since, until = instant_of(today, 0, zone), instant_of(today + timedelta(days=1), 0, zone)
    views = queries.todays_machines(session, workshop_ids, since, until)
    waiting = queries.waiting_requests(session, workshop_ids, now, limit=WAITING_SHOWN)
    closures = queries.closures(session, now=now, workshop_ids=workshop_ids, limit=NEXT_SHOWN)
    return ManagerDesk(
        waiting=tuple(Waiting(one.reservation, formats.ago_words(one.waiting_since)) for one in waiting),
        waiting_count=queries.waiting_count(session, workshop_ids, now),
        machines=tuple(_machine_days(views)),
        overdue=tuple(view for view in views if view.status == Status.IN_USE and view.ends_at < now),
        closed=tuple(closure for closure in closures if closure.starts_at <= now),
        disputed=queries.slips(session, workshop_ids=workshop_ids, only_disputed=True, limit=SLIPS_SHOWN),
    )


def treasurer_tasks(session: Session) -> tuple[Task, ...]:
    """What the treasurer does next, in order."""
    tasks = []
    if unpriced := billing_queries.unpriced_count(session):
        words = ngettext(
            "%(num)s usage slip has no price yet: enter a tariff.",
            "%(num)s usage slips have no price yet: enter tariffs.",
            unpriced,
        )
        tasks.append(Task(words, _address("costs.tariffs", fallback="costs.index")))
    disputed = queries.slips(session, only_disputed=True, limit=DISPUTES_COUNTED)
    if disputed:
        words = ngettext(
            "%(num)s usage slip is disputed: the workshop answers before costs are divided.",
            "%(num)s usage slips are disputed: the workshops answer before costs are divided.",
            len(disputed),
        )
        tasks.append(Task(words, url_for("usage.index")))
    for pool in billing_queries.pools(session):
        if pool.waiting_count:
            words = _("%(pool)s: %(sum)s wait to be divided.", pool=pool.name, sum=formats.money(pool.waiting_cents))
            tasks.append(Task(words, _address("costs.allocate", fallback="costs.index", pool_id=pool.id)))
    return tuple(tasks)


def _next(view: ReservationView, now: datetime) -> NextReservation:
    step, href = "", ""
    if view.status == Status.CONFIRMED and now >= view.starts_at - EARLIEST_HAND_OUT:
        step, href = _("Hand out"), url_for("usage.hand_out", reservation_id=view.id)
    elif view.status == Status.IN_USE:
        step, href = _("Hand back"), url_for("usage.hand_back", reservation_id=view.id)
    # What is plainly reserved needs no sentence; it would be the same in every line.
    sentence = "" if view.status == Status.CONFIRMED and not step else state_sentence(view, now)
    return NextReservation(view, sentence, step, href)


def _machine_days(views: Collection[ReservationView]) -> list[MachineDay]:
    return [
        MachineDay(name, slug, tuple(group))
        for (name, slug), group in groupby(views, key=attrgetter("machine_name", "machine_slug"))
    ]


def _address(endpoint: str, *, fallback: str, **arguments: Any) -> str:
    if endpoint in current_app.view_functions:
        return url_for(endpoint, **arguments)
    return url_for(fallback) if fallback in current_app.view_functions else ""
