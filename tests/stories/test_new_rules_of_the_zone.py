"""Story S3.6: the rules of the time zone change for years to come, and reservations were made already."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime
from importlib import metadata, resources
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.mail.models import Mail
from tests.builders import machine
from tests.stories.conftest import NEW_FORM, reserved, sent, words_of

JULY = datetime(2026, 7, 1, 8, tzinfo=UTC)
RULES_OF_NOW, SUMMER_TIME_FOR_EVER = b"\nCET-1CEST,M3.5.0,M10.5.0/3\n", b"\nCEST-2\n"
# 8 to 10 o'clock by the clock: on 11 and 18 October from 6:00 UTC, and from 25 October on from 7:00 UTC.
WEEKLY = {
    "machine": "printer",
    "date": "2026-10-11",
    "time": "08:00",
    "hours": "2",
    "repeats": "WEEKLY",
    "times": "5",
    "enter_series": "1",
    "on_conflict": "refuse",
    "places": "1",
    "until": "length",
}


@pytest.fixture
def printer(session, sample_ring, clock):
    clock.instant = JULY
    return machine(session, sample_ring.hall, "printer", step_min=30, horizon_days=400)


@pytest.fixture
def new_rules(tmp_path, monkeypatch):
    """new_rules(): an update of the program brings a time zone database in which clocks are never changed again."""
    usual = zoneinfo.TZPATH

    def update() -> None:
        rules = resources.files("tzdata.zoneinfo.Europe").joinpath("Berlin").read_bytes()
        assert rules.endswith(RULES_OF_NOW)
        (tmp_path / "Europe").mkdir()
        (tmp_path / "Europe" / "Berlin").write_bytes(rules.removesuffix(RULES_OF_NOW) + SUMMER_TIME_FOR_EVER)
        monkeypatch.setattr(metadata, "version", lambda name: "2026.9" if name == "tzdata" else "")
        zoneinfo.reset_tzpath(to=(str(tmp_path),))
        ZoneInfo.clear_cache()

    yield update
    zoneinfo.reset_tzpath(to=usual)
    ZoneInfo.clear_cache()


def starts(client, member_id: int) -> list[str]:
    """When each reservation of a member begins, in UTC."""
    found = client.get(f"/api/v1/reservations?limit=100&member_id={member_id}").json["items"]
    return sorted(datetime.fromisoformat(one["starts_at"]).astimezone(UTC).strftime("%d %b %H:%M") for one in found)


def test_series_keep_the_clock_single_reservations_their_instant_and_the_manager_sees_both(
    log_in, sample_ring, printer, new_rules, ring_command, subscribed, entries, session
):
    anna, bernd, wanda = map(log_in, (sample_ring.anna_login, sample_ring.bernd_login, sample_ring.wanda_login))
    feed = subscribed(anna)
    series = sent(anna.post(NEW_FORM, data=WEEKLY))
    reserved(anna, machine="printer", date="2026-11-03", time="08:00", hours="2")
    # By the clock of now before the date of 1 November; by new rules at its time.
    reserved(bernd, machine="printer", date="2026-11-01", time="07:00", hours="1")
    ring_command("work", "--once")
    assert "No clock has changed" in words_of(wanda.get("/workshop/clock"))

    new_rules()
    ring_command("work", "--once")

    (path,) = set(re.findall(r"/workshop/clock/\d+", wanda.get("/workshop").text))
    written = session.scalars(select(Mail).where(Mail.to_address == "wanda@ring.example")).all()
    assert "zone_changed" in written[-1].key
    page = words_of(wanda.get(path))
    assert "new rules since the update" in page
    assert "now 2026.9" in page
    assert page.count("keeps this time of the clock") == 3
    assert page.count("stays, and the clock shows") == 2
    assert starts(anna, sample_ring.anna) == [
        "01 Nov 07:00",
        "03 Nov 07:00",
        "08 Nov 07:00",
        "11 Oct 06:00",
        "18 Oct 06:00",
        "25 Oct 07:00",
    ]

    sent(wanda.post(f"{path}/keep"))

    page = words_of(wanda.get(path))
    assert "Dates moved: 2; not possible: 1" in page
    assert page.count("could not be moved; the clock shows") == 1
    assert starts(anna, sample_ring.anna) == [
        "01 Nov 07:00",
        "03 Nov 07:00",
        "08 Nov 06:00",
        "11 Oct 06:00",
        "18 Oct 06:00",
        "25 Oct 06:00",
    ]
    assert starts(bernd, sample_ring.bernd) == ["01 Nov 06:00"]
    shown = words_of(anna.get(series))
    assert "Sun 8 November, 8:00 to 10:00" in shown
    assert "Sun 1 November, 9:00 to 11:00" in shown
    rule = next(one for one in entries(feed) if "RRULE" in one)
    assert rule["DTSTART"].dt.hour == 8
    assert [one["RECURRENCE-ID"].dt.day for one in entries(feed) if "RECURRENCE-ID" in one] == [1]

    # Once more changes nothing, and there is nothing more to be seen to.
    sent(wanda.post(f"{path}/keep"))
    assert "Dates moved: 2; not possible: 1" in words_of(wanda.get(path))
    ring_command("work", "--once")
    assert set(re.findall(r"/workshop/clock/\d+", wanda.get("/workshop").text)) == set()
    ring_command("check", "overlaps")
