"""`ring check`: one line for each promise, and exit status 1 when one does not hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from app.extensions import db
from app.mail.outbox import queue_mail
from app.storage.audits import AUDITS
from app.worker.scheduler import work_once
from booking.kernel import deliveries, sealing
from booking.kernel.deliveries import Failure
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from tests.builders import hours, reserve
from tests.conftest import MONDAY


@pytest.fixture
def check(app):
    """check(name) -> (exit code, lines)."""

    def run(*names):
        result = app.test_cli_runner().invoke(args=["ring", "check", *names])
        return result.exit_code, result.output.splitlines()

    return run


@pytest.fixture
def reservation(session, sample_ring):
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY).id


def test_a_fresh_ring_passes_every_audit(check, reservation):
    code, lines = check()

    assert code == 0
    assert [line.split(":")[0] for line in lines][:3] == ["integrity", "migrations", "overlaps"]
    assert not any("BROKEN" in line for line in lines)


def test_a_ring_in_use_passes_every_audit(app, check, reservation):
    work_once(app)

    code, lines = check()
    assert (code, len(lines)) == (0, len(AUDITS))
    assert "undelivered: ok" in lines
    assert "mail: ok" in lines


def test_an_unknown_audit_is_refused_by_name(check):
    code, lines = check("everything")

    assert code == 2
    assert "overlaps" in lines[-1]


def test_a_reservation_that_holds_too_little_is_found(session, check, reservation):
    with write_transaction(session):
        session.execute(update(Reservation).values(places=2))

    assert check("overlaps") == (1, [f"overlaps: BROKEN - reservation {reservation}: places_missing"])


def test_a_changed_event_is_found(app, session, check, reservation):
    work_once(app)
    with write_transaction(session):
        if db.engine.name == "sqlite":
            session.execute(text("DROP TRIGGER booking_event_no_update"))
        else:
            session.execute(text("ALTER TABLE booking_event DISABLE TRIGGER USER"))
        session.execute(update(RecordedEvent).values(actor_job="nobody"))

    code, lines = check("events")
    assert (code, lines) == (1, ["events: BROKEN - seal 1 does not fit its events"])


def test_an_event_set_aside_is_reported_with_its_error(session, check, reservation):
    event_id = session.scalar(text("SELECT min(id) FROM booking_event"))
    with write_transaction(session):
        failure = {"subscriber": "notifications", "tries": 6, "failed_at": MONDAY, "error": "ValueError: why"}
        session.add(Failure(event_id=event_id, **failure))

    code, lines = check("undelivered")
    assert code == 1
    assert (
        f"undelivered: BROKEN - event {event_id} dead-lettered by notifications after 6 tries: ValueError: why" in lines
    )


def test_events_that_wait_for_a_quarter_of_an_hour_are_reported(app, session, clock, sample_ring, check, reservation):
    work_once(app)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 5, 6), now=MONDAY)
    clock.instant = MONDAY + timedelta(minutes=14)
    assert check("undelivered")[0] == 0
    clock.instant = MONDAY + timedelta(minutes=16)

    code, lines = check("undelivered")
    assert code == 1
    waiting = (
        "1 events wait for notifications, which was last served at 2026-11-23 07:00 UTC, "
        "the first since 2026-11-23 07:00 UTC"
    )
    assert lines == [f"undelivered: BROKEN - {waiting}"]


def test_events_entered_with_a_past_instant_wait_since_they_were_sealed(app, session, clock, check, reservation):
    """As those of a demo: its first night must not mail that they wait since the spring."""
    clock.instant = MONDAY + timedelta(hours=20)
    assert check("undelivered")[0] == 1, "nobody has looked at them: a worker may be missing"
    with write_transaction(session):
        sealing.seal_next(session, now=clock.instant)

    assert check("undelivered")[0] == 0
    clock.instant += timedelta(minutes=16)
    code, lines = check("undelivered")
    assert (code, lines[0][-len("2026-11-24 03:00 UTC") :]) == (1, "2026-11-24 03:00 UTC")


def test_mails_that_nobody_sends_are_reported(session, clock, check):
    with write_transaction(session):
        words = {"to_address": "a@ring.example", "to_name": "A", "subject": "S", "body": "B"}
        queue_mail(session, key="one", **words, now=MONDAY)
    assert check("mail") == (0, ["mail: ok"])
    clock.instant = MONDAY + timedelta(hours=2)

    assert check("mail") == (1, ["mail: BROKEN - 1 mails wait for a worker"])


def test_mails_given_up_are_named(app, session, check):
    with write_transaction(session):
        words = {"to_address": "nowhere", "to_name": "A", "subject": "S", "body": "B"}
        queue_mail(session, key="one", **words, now=MONDAY)
    app.config["MAIL_URL"] = "console:"
    work_once(app)

    code, lines = check("mail")
    assert code == 0
    assert lines == ["mail: ok - mail 1 to nowhere was given up: not a mail address: 'nowhere'"]


def test_a_schema_that_differs_is_found(session, check):
    with write_transaction(session):
        session.execute(text("ALTER TABLE booking_member ADD COLUMN surprise INTEGER"))

    code, lines = check("migrations")
    assert code == 1
    assert "surprise" in lines[0]


def test_a_guard_that_is_gone_or_switched_off_is_found(session, check):
    if session.get_bind().dialect.name == "sqlite":
        names, statements = ["INSERT"], ["DROP TRIGGER booking_occupancy_no_overlap_INSERT"]
    else:
        names = ["booking_event_no_update", "no_overlap"]
        statements = [
            "ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap",
            "ALTER TABLE booking_event DISABLE TRIGGER booking_event_no_update",
        ]
    with write_transaction(session):
        for statement in statements:
            session.execute(text(statement))

    code, lines = check("migrations")
    assert code == 1
    for name, line in zip(names, lines, strict=True):
        assert f"{name} is gone or switched off" in line


def test_what_was_set_aside_gets_another_round_on_demand(app, session, check, reservation):
    work_once(app)
    event_id = session.scalar(text("SELECT min(id) FROM booking_event"))
    with write_transaction(session):
        session.execute(text("DELETE FROM booking_event_delivery"))
        session.add(Failure(event_id=event_id, subscriber="notifications", tries=6, failed_at=MONDAY))

    result = app.test_cli_runner().invoke(args=["ring", "work", "--once", "--retry"])

    assert result.output.startswith("Retrying 1 events and 0 mails.")
    assert result.exit_code == 0
    assert session.query(deliveries.Delivery).count() == 1
    assert check("undelivered") == (0, ["undelivered: ok"])
