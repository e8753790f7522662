"""Loading of the demo ring into an empty instance, or as sample data during the set-up."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from app.auth.models import User
from app.demo.accounting import Accounting
from app.demo.base_data import build, past_start
from app.demo.closures import enter_repeated_closure
from app.demo.courses import enter_courses
from app.demo.exchanges import agree_on_swap, offer_exchanges
from app.demo.fees import enter_fees
from app.demo.house_rules import enter_rules
from app.demo.maintenance import enter_maintenance
from app.demo.meters import enter_meters
from app.demo.season import Season
from app.demo.simulation import ZONE, Simulation
from app.demo.waiting import enter_waiting
from app.notifications import subscribers as mail
from booking.kernel import cursors, sealing
from booking.models import Member, Ring
from booking.times.wall_clock import local_day

SEASON_DAYS = 200
SAMPLE_SCALE = 0.3  # loads while the browser waits
MORNING = time(7, 30)
DOMAIN = "@demo.example"


class InstanceNotEmpty(Exception):
    """The instance has members or logins that do not belong to the demo; nothing was changed."""


def is_loaded(session: Session) -> bool:
    """Return whether the demo ring is already loaded."""
    return bool(session.scalar(select(exists().where(User.email.like(f"%{DOMAIN}")))))


def load(session: Session, today: date, *, seed: int = 1, scale: float = 1.0, now: datetime) -> bool:
    """Fill an empty instance. Return False, and change nothing, if the demo is already loaded.

    Call inside write_transaction().

    The same seed, day and scale give the same data. now: the clock; the demo's present is the morning of
    `today`, or earlier when that has not come yet.

    Raises InstanceNotEmpty.
    """
    if is_loaded(session):
        return False
    if session.scalar(select(exists().where(Member.id > 0))) or session.scalar(select(exists().where(User.id > 0))):
        raise InstanceNotEmpty
    _simulate(session, today, seed=seed, scale=scale, now=now, with_ring=True)
    return True


def load_sample(session: Session, *, now: datetime) -> None:
    """Add the members, machines and season of the demo to existing data. Call inside write_transaction()."""
    if not is_loaded(session):
        _simulate(session, local_day(now, ZONE), seed=1, scale=SAMPLE_SCALE, now=now, with_ring=False)


def _simulate(session: Session, today: date, *, seed: int, scale: float, now: datetime, with_ring: bool) -> None:
    rng = Random(f"{seed} {today.isoformat()} {scale}")
    present = datetime.combine(today, MORNING, tzinfo=ZONE)
    if today == local_day(now, ZONE):
        present = min(present, now)
    begin = today - timedelta(days=SEASON_DAYS)
    opened = datetime.combine(past_start(today) - timedelta(days=30), MORNING, tzinfo=ZONE)
    base = build(session, today, begin, rng, now=opened, with_ring=with_ring)
    if with_ring:  # samples in a ring of its own are no demo: there, roles are not switched
        session.execute(update(Ring).values(is_demo=True))
    season, accounting = Season(session, base, rng, now=present), Accounting(session, base)
    past = Season(session, base, Random(f"past {seed}"), now=present)
    past.readings = season.readings  # a meter goes on where it stood
    processes = (*past.past_processes(scale), *season.processes(scale), *accounting.processes(is_invoicing=with_ring))
    with _without_garbage_collection():
        Simulation(processes).run(session, until=present)
    enter_rules(session, base, now=present)
    enter_maintenance(session, now=present)
    enter_repeated_closure(session, base, now=present)
    enter_fees(session, base, now=present)
    enter_meters(session, base, now=present)
    enter_waiting(session, base, now=present)
    enter_courses(session, base, zone=ZONE, now=present)
    offer_exchanges(session, base, now=present)
    agree_on_swap(session, base, now=present)
    _skip_notifications(session, now=present)
    _seal(session, now=now)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause the collector: it would look through all rows again and again, and find that all are still needed."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _skip_notifications(session: Session, *, now: datetime) -> None:
    """Mark past events as processed by the subscribers of mails, so that none is sent about the simulated season."""
    for subscription in mail.SUBSCRIPTIONS:
        cursor = cursors.claim(session, subscription.subscriber, now=now)
        if cursor is not None:
            cursors.advance(session, cursor, lambda: None, now=now)


def _seal(session: Session, *, now: datetime) -> None:
    """Seal what was entered with past instants: the seal tells when that was, and so since when it waits."""
    while sealing.seal_next(session, now=now):
        pass
