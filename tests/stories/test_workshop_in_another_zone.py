"""A workshop is entered in a wrong time zone, a member reserves by its clock, and the zone is corrected."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.builders import machine
from tests.stories.conftest import NEW_FORM, reserved, sent, words_of
from tests.web.filled_forms import form_with

JULY = datetime(2026, 7, 1, 8, tzinfo=UTC)
WEEKLY = {
    "machine": "printer",
    "date": "2026-07-06",
    "time": "08:00",
    "hours": "2",
    "repeats": "WEEKLY",
    "times": "3",
    "enter_series": "1",
    "on_conflict": "refuse",
    "places": "1",
    "until": "length",
}


@pytest.fixture
def printer(session, sample_ring, clock):
    clock.instant = JULY
    return machine(session, sample_ring.hall, "printer", step_min=30, horizon_days=400)


def starts(client, member_id: int) -> list[str]:
    """When each reservation of a member begins, in UTC."""
    found = client.get(f"/api/v1/reservations?limit=100&member_id={member_id}").json["items"]
    return sorted(datetime.fromisoformat(one["starts_at"]).astimezone(UTC).strftime("%d %b %H:%M") for one in found)


def test_what_was_made_by_the_wrong_clock_is_seen_and_series_get_their_time(
    log_in, sample_ring, printer, clock, ring_command
):
    anna, bernd, rita = map(log_in, (sample_ring.anna_login, sample_ring.bernd_login, sample_ring.rita_login))

    def move_to(zone: str) -> None:
        edit = "/workshop/hall/edit"
        page = rita.get(edit)
        answer = rita.post(edit, data=form_with(page.text, "revision") | {"timezone": zone})
        if answer.status_code != 303:  # reservations lie outside the new hours: shown once before it is stored
            answer = rita.post(edit, data=form_with(answer.text, "revision") | {"timezone": zone})
        sent(answer)
        clock.instant = clock.instant.replace(minute=clock.instant.minute + 5)

    reserved(bernd, machine="printer", date="2026-07-20", time="12:00", hours="1")
    right = sent(anna.post(NEW_FORM, data=WEEKLY | {"times": "2", "date": "2026-07-07", "form_key": "right"}))
    clock.instant = clock.instant.replace(minute=5)
    move_to("Europe/London")
    wrong = sent(anna.post(NEW_FORM, data=WEEKLY | {"form_key": "wrong"}))
    reserved(bernd, machine="printer", date="2026-07-21", time="12:00", hours="1")
    assert starts(anna, sample_ring.anna) == [
        "06 Jul 07:00",
        "07 Jul 06:00",
        "13 Jul 07:00",
        "14 Jul 06:00",
        "20 Jul 07:00",
    ]
    move_to("Europe/Berlin")

    (path,) = set(re.findall(r"/workshop/clock/\d+", rita.get("/workshop").text))
    page = words_of(rita.get(path))
    # The series and the reservation that were made by the clock of London; those of before show their time again.
    assert page.count("keeps this time of the clock") == 3
    assert page.count("stays, and the clock shows Tue 21 July, 13:00 to 14:00") == 1
    assert page.count("stays, and the clock shows") == 1
    listed = rita.get(f"/api/v1/zone-changes/{path.rpartition('/')[2]}").json["reservations"]
    assert [one["keeps"] for one in listed] == ["clock"] * 3 + ["instant"]

    reserved(bernd, machine="printer", date="2026-07-13", time="08:00", hours="1")  # where the second date goes
    sent(rita.post(f"{path}/keep"))

    assert starts(anna, sample_ring.anna) == [
        "06 Jul 06:00",
        "07 Jul 06:00",
        "13 Jul 07:00",
        "14 Jul 06:00",
        "20 Jul 06:00",
    ]
    assert "Dates moved: 2; not possible: 1" in words_of(rita.get(path))
    listed = rita.get(f"/api/v1/zone-changes/{path.rpartition('/')[2]}").json["reservations"]
    assert [one["keeps"] for one in listed] == ["clock", "instant"]
    assert "Mon 6 July, 8:00 to 10:00" in words_of(anna.get(wrong))
    assert "Tue 7 July, 8:00 to 10:00" in words_of(anna.get(right))
    sent(rita.post(f"{path}/keep"))
    assert "Dates moved: 2; not possible: 1" in words_of(rita.get(path))
    ring_command("check", "overlaps")
