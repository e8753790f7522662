"""The calls about series: preview, enter, look, cancel, put back, decide."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import hours, reserve
from tests.conftest import MONDAY

IN_A_WEEK = hours(MONDAY + timedelta(days=18), 1, 3)  # Friday 11 December, 9 to 11 by the clock


def test_programs_preview_enter_cancel_and_put_back(anna, bernd, session, sample_ring):
    body = {
        "machine_id": sample_ring.combine,
        "starts_at": "2026-12-04T09:00:00+01:00",
        "ends_at": "2026-12-04T11:00:00+01:00",
        "rrule": "FREQ=WEEKLY;UNTIL=20261225T080000Z",
    }
    reserve(session, sample_ring.combine, sample_ring.bernd, IN_A_WEEK, now=MONDAY)

    preview = anna.post("/series", body | {"preview": True})
    assert (preview.status_code, preview.json["possible"], preview.json["refused"]) == (200, 3, 1)
    assert [one["status"] for one in preview.json["dates"]] == ["possible", "taken", "possible", "possible"]
    assert preview.json["dates"][1]["alternative"]["starts_at"].startswith("2026-12-11T")

    refused = anna.post("/series", body)
    assert (refused.status_code, refused.json["code"]) == (409, "series_conflicts")
    assert refused.json["violations"][0]["rule"] == "slot_taken"
    for rrule, rule in (
        ("FREQ=HOURLY;COUNT=2", "series_frequency"),
        ("FREQ=WEEKLY", "series_endless"),
        ("x", "series_malformed"),
    ):
        answer = anna.post("/series", body | {"rrule": rrule})
        assert (answer.status_code, answer.json["violations"][0]["rule"]) == (422, rule)
        assert answer.json["violations"][0]["field"] == "rrule"

    made = anna.post("/series", body | {"on_conflict": "skip", "may_move_min": 60})
    assert made.status_code == 201
    first = made.json["dates"][0]["reservation_id"]
    assert anna.get(f"/reservations/{first}").json["may_move_min"] == 60
    assert made.json["rrule"] == "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261225T080000Z"
    assert [one["status"] for one in made.json["dates"]] == ["confirmed", None, "confirmed", "confirmed"]
    path = made.headers["Location"].removeprefix("/api/v1")
    assert anna.get("/series").json["items"][0]["id"] == made.json["id"]
    assert bernd.get(path).status_code == 404
    assert anna.post(f"{path}/put-back", {"day": "2026-12-11"}).status_code == 409
    cancelled = anna.post(f"{path}/cancel", {"since": "2026-12-18"}, If_Match=made.headers["ETag"])
    assert [one["status"] for one in cancelled.json["dates"]] == ["confirmed", None, "cancelled", "cancelled"]
    assert anna.post(f"{path}/cancel", {}, If_Match=made.headers["ETag"]).status_code == 412
    back = anna.post(f"{path}/put-back", {"day": "2026-12-18"})
    assert [one["status"] for one in back.json["dates"]] == ["confirmed", None, "confirmed", "cancelled"]
