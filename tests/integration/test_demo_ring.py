"""The demo ring: the same for the same seed and day, believable, and clean before every audit."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app import create_app, demo
from app.extensions import db
from app.mail.models import Mail
from billing.models import Allocation, Charge, Cost
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Photo, Reservation, Unit, UsageRecord, Workshop
from tests import builders

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def load(session, **wishes):
    with write_transaction(session):
        return demo.load(session, TODAY, now=NOW, **{"scale": 0.1, **wishes})


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_it_is_as_large_as_promised(session):
    assert load(session)

    assert (count(session, Member), count(session, Workshop)) == (30, 3)
    assert count(session, Machine) >= 14
    places = select(func.count()).select_from(Unit).join(Machine).where(Machine.slug == "cold-store")
    assert session.scalar(places) == 24
    statuses = set(session.scalars(select(Reservation.status)))
    assert {"requested", "confirmed", "completed"} <= statuses


def test_every_audit_is_content_with_it(app, session):
    load(session)
    result = app.test_cli_runner().invoke(args=["ring", "check"])

    assert (result.exit_code, "BROKEN" in result.output) == (0, False)


def test_every_machine_shows_a_small_picture(session):
    load(session)
    pictures = dict(
        session.execute(select(Machine.slug, Photo.content).join(Photo, Photo.id == Machine.photo_id)).all()
    )

    assert len(pictures) == count(session, Machine)
    assert all(picture.startswith(b"\x89PNG") and len(picture) < 25_000 for picture in pictures.values())


def test_no_text_is_written_in_two_languages_at_once(session):
    load(session)

    assert not session.scalars(select(Machine.slug).where(Machine.description.contains("\n"))).all()


def test_the_books_were_kept_while_the_season_went_on(session):
    load(session)
    posted = session.scalars(select(Allocation)).one()
    bills = session.scalars(select(Cost).where(Cost.service_date <= posted.period_until)).all()

    assert (NOW - posted.posted_at).days > 60
    assert len(bills) == 5
    assert all(bill.entered_at < posted.posted_at for bill in bills)
    assert session.scalar(select(func.count()).where(Cost.service_date > posted.period_until)) == 4


def test_some_requests_wait_for_the_manager(session):
    load(session)
    waiting = session.scalars(select(Machine.slug).join(Reservation).where(Reservation.status == "requested")).all()

    assert {"forage-harvester", "wood-splitter"} <= set(waiting)
    assert len(waiting) >= 4


def test_nothing_of_the_past_was_left_lying(session):
    load(session, scale=0.3)
    forgotten = (Reservation.status == "requested") & (Reservation.decide_until < NOW - timedelta(days=1))
    objected = UsageRecord.objected_at < NOW - timedelta(days=14)

    assert not session.scalar(select(func.count()).where(forgotten))
    assert session.scalar(select(func.count()).where(objected))
    assert not session.scalar(select(func.count()).where(objected, UsageRecord.answered_at.is_(None)))


def test_nobody_is_written_to_about_the_invented_past(app, session, clock):
    clock.instant = NOW
    load(session)
    result = app.test_cli_runner().invoke(args=["ring", "work", "--once"])

    assert result.exit_code == 0
    assert count(session, Charge)  # the worker has gone through the log, for the money alone
    assert not count(session, Mail)


def test_it_is_loaded_once(session):
    load(session)
    before = count(session, Reservation)

    assert not load(session)
    assert count(session, Reservation) == before


def test_it_leaves_the_members_of_a_real_ring_alone(session):
    builders.member(session, "Anna")

    with pytest.raises(demo.StrangersHere):
        load(session)
    assert count(session, Member) == 1


def test_the_same_seed_and_day_give_the_same_data(sqlite_template, tmp_path):
    first, second, other = (dump(sqlite_template, tmp_path / name, seed) for name, seed in SEEDS)

    assert first == second
    assert first != other


SEEDS = (("first", 1), ("second", 1), ("other", 2))


def dump(sqlite_template, folder, seed):
    """Everything that the loading wrote, but for the salts of passwords."""
    folder.mkdir()
    with sqlite_template.copy(folder) as url:
        app = create_app({"DATABASE_URL": url, "SECRET_KEY": "x" * 40}, instance_path=folder)
        with app.app_context():
            load(db.session(), seed=seed)
            db.session.remove()
            db.engine.dispose()
        connection = sqlite3.connect(folder / "ring.sqlite")
        lines = [line for line in connection.iterdump() if '"auth_user"' not in line]
        connection.close()
    return lines
