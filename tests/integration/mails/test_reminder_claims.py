"""Reminders, their links and the digest on both databases: each once, whatever runs twice."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.auth.errors import LinkNotValid
from app.mail.models import Mail
from app.notifications import cancel_links, choices, recipients, reminders
from app.notifications.choices import Owner
from app.notifications.models import CancelLink, MailChoice, Reminder
from app.worker import jobs
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Reservation, Status
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

BERLIN = ZoneInfo("Europe/Berlin")


def keys(session):
    session.rollback()
    return [key.split(":")[1] for key in session.scalars(select(Mail.key).order_by(Mail.id))]


def test_two_runs_of_one_evening_one_hour_and_one_morning_write_each_mail_once(session, sample_ring, clock):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY)
    with write_transaction(session):
        choices.choose(session, {"digest": True}, owner=Owner(sample_ring.wanda_login), now=MONDAY)
        choices.choose(session, {"digest": True}, owner=Owner(sample_ring.wanda_login), now=MONDAY)
    assert session.scalars(select(MailChoice.kind)).all() == ["digest"]
    evening = jobs.latest_hour(MONDAY + timedelta(hours=12), 18)
    for _run in range(2):  # two workers whose leases were lost
        reminders.remind_of_next_day(session, evening, BERLIN, now=evening)
    assert keys(session) == ["reminder"]
    assert session.scalars(select(Reminder.kind)).all() == ["reminder"]

    reservation_id = session.scalars(select(Reservation.id)).one()
    start = MONDAY + timedelta(hours=24)
    with write_transaction(session):
        usage.hand_out(session, reservation_id, Measurement(), by=SOMEBODY, now=start)
    for _run in range(2):
        reminders.remind_of_ends(session, now=start + timedelta(hours=2))
    clock.instant = jobs.latest_hour(start, 6) + timedelta(days=1)
    for _run in range(2):
        jobs.send_digests(session)
    assert keys(session) == ["reminder", "use_ends", "digest"]


def test_a_link_cancels_once_and_is_stored_hashed(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY)
    reservation_id = session.scalars(select(Reservation.id)).one()
    to = recipients.of_member(session, sample_ring.anna)[0]
    address = in_write_transaction(session, lambda: cancel_links.create(session, reservation_id, to, now=MONDAY))
    secret = address.rpartition("/")[2]
    assert secret not in session.scalars(select(CancelLink.token_hash)).one()

    in_write_transaction(session, lambda: cancel_links.cancel(session, secret, revision=0, now=MONDAY))
    with pytest.raises(LinkNotValid):
        in_write_transaction(session, lambda: cancel_links.cancel(session, secret, revision=1, now=MONDAY))

    session.expire_all()
    assert session.get_one(Reservation, reservation_id).status == Status.CANCELLED
