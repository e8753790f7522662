"""The clock of the ring is the zone in its settings, everywhere; TIMEZONE is what a new ring begins with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.auth import memberships
from app.ring_card import forget_ring_card, ring_zone
from app.worker import jobs
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import Member, Ring
from booking.records.price_classes import ring_today
from calendars import tokens
from calendars.tokens import FeedWish
from tests.builders import SOMEBODY

EVENING = datetime(2026, 11, 23, 3, tzinfo=UTC)  # in New York still Sunday, in Tokyo Monday noon
NIGHT = datetime(2026, 11, 23, 6, tzinfo=UTC)  # Monday, 1:00
SUNDAY = date(2026, 11, 22)
STORED, SETTING = "America/New_York", "Asia/Tokyo"


@pytest.fixture
def two_zones(app, session, sample_ring, clock):
    app.config["TIMEZONE"] = SETTING
    with write_transaction(session):
        session.get_one(Ring, 1).timezone = STORED
        session.get_one(Member, sample_ring.anna).left_on = SUNDAY
    with app.app_context():
        forget_ring_card()
    clock.instant = EVENING
    return sample_ring


def test_pages_programs_feeds_and_mails_go_by_the_stored_zone(app, session, two_zones, log_in, speak_as, clock):
    with write_transaction(session):
        wish = FeedWish("full", member_id=two_zones.anna)
        secret = tokens.create(session, two_zones.anna_login, wish, by=SOMEBODY, now=EVENING).secret
    browser, program = log_in(two_zones.anna_login), speak_as(two_zones.anna_login)

    def statuses():
        asked = (browser.get("/today"), program.get("/machines"), browser.get(f"/feeds/{secret}.ics"))
        return [answer.status_code for answer in asked]

    assert statuses() == [200, 200, 200]
    assert "22" in browser.get("/today").text
    clock.instant = NIGHT
    assert statuses() == [403, 403, 404]


def test_days_and_jobs_go_by_the_stored_zone(app, session, two_zones):
    with app.app_context():
        assert ring_zone() == queries.ring_zone(session) == ZoneInfo(STORED)
        assert memberships.ring_day(EVENING) == ring_today(session, EVENING) == SUNDAY
        assert jobs.latest_night(EVENING) == datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_an_administrator_changes_the_zone_of_the_ring(app, session, two_zones, log_in):
    rita = log_in(two_zones.rita_login)
    page = rita.get("/admin/settings").text
    assert f'<option selected value="{STORED}">' in page
    sent = {
        "name": "Ring",
        "colour": "#14532d",
        "objection_days": "14",
        "exchange_hours": "24",
        "holidays_region": "DE-BY",
    }

    assert rita.post("/admin/settings", data={**sent, "timezone": "Mars/Phobos"}).status_code == 422
    assert rita.post("/admin/settings", data={**sent, "timezone": "Europe/Athens"}).status_code == 303

    session.expire_all()
    assert session.get_one(Ring, 1).timezone == "Europe/Athens"
    with app.app_context():
        assert memberships.ring_day(EVENING) == date(2026, 11, 23)
