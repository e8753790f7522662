"""The calls about series: preview, enter, look, cancel, put back, decide."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import update

from booking.kernel.transaction import write_transaction
from booking.models import Machine, Reservation
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import rows
from tests.web.reservations.test_series import send

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
    assert refused.json["dates"] == [{"day": "2026-12-11", "rules": ["slot_taken"]}]
    for rrule, rule in (
        ("FREQ=HOURLY;COUNT=2", "series_frequency"),
        ("FREQ=WEEKLY", "series_endless"),
        ("FREQ=DAILY;COUNT=10000", "series_too_long"),
        ("x", "series_malformed"),
    ):
        answer = anna.post("/series", body | {"rrule": rrule})
        assert (answer.status_code, answer.json["violations"][0]["rule"]) == (422, rule)
        assert answer.json["violations"][0]["field"] == "rrule"
    assert (anna.get("/series").json["items"], rows(session, Reservation)) == ([], 1)  # nothing of what was refused

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
    meant = anna.post(f"{path}/cancel", {"since": "2026-12-18", "preview": True}).json
    assert (meant["late"], [one["day"] for one in meant["dates"]]) == (0, ["2026-12-18", "2026-12-25"])
    assert anna.get(path).json["dates"] == made.json["dates"]
    cancelled = anna.post(f"{path}/cancel", {"since": "2026-12-18"}, If_Match=made.headers["ETag"])
    assert [one["status"] for one in cancelled.json["dates"]] == ["confirmed", None, "cancelled", "cancelled"]
    assert anna.post(f"{path}/cancel", {}, If_Match=made.headers["ETag"]).status_code == 412
    back = anna.post(f"{path}/put-back", {"day": "2026-12-18"})
    assert [one["status"] for one in back.json["dates"]] == ["confirmed", None, "confirmed", "cancelled"]


def test_a_new_series_is_answered_as_it_is_read_afterwards(anna, wanda, session, sample_ring):
    """The answer is made of what was entered; reading it again would cost a fifth of the call."""
    both = tuple(RankedMachine(one) for one in (sample_ring.combine, sample_ring.cold_store))
    with write_transaction(session):
        group_id = groups.make(session, sample_ring.hall, GroupInput("Any", both), by=SOMEBODY, now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.bernd, IN_A_WEEK, now=MONDAY)
    weekly = {
        "starts_at": "2026-12-04T09:00:00+01:00",
        "ends_at": "2026-12-04T11:00:00+01:00",
        "rrule": "FREQ=WEEKLY;UNTIL=20261225T080000Z",
        "purpose": "Timber",
        "may_move_min": 60,
    }
    through_spring = {
        "starts_at": "2027-03-27T02:30:00+01:00",
        "ends_at": "2027-03-27T04:30:00+01:00",
        "rrule": "FREQ=DAILY;COUNT=3",
    }
    an_hour_later = {"starts_at": "2026-12-04T10:00:00+01:00", "ends_at": "2026-12-04T12:00:00+01:00"}
    on_combine = weekly | {"machine_id": sample_ring.combine}
    left_out, elsewhere, on_group, shifted = (
        anna.post("/series", on_combine | {"on_conflict": "skip"}),
        anna.post("/series", on_combine | an_hour_later | {"on_conflict": "alternative"}),
        anna.post("/series", weekly | {"group_id": group_id, "on_conflict": "skip"}),
        wanda.post(
            "/series",
            through_spring
            | {"machine_id": sample_ring.combine, "member_id": sample_ring.anna, "overrule_reason": "By word of mouth"},
        ),
    )

    for made in (left_out, elsewhere, on_group, shifted):
        assert made.status_code == 201, made.text
        read = anna.get(made.headers["Location"].removeprefix("/api/v1"))
        assert (made.json, made.headers["ETag"]) == (read.json, read.headers["ETag"])
    assert elsewhere.json["dates"][0]["starts_at"] != elsewhere.json["first_starts_at"]
    assert [one["is_shifted"] for one in shifted.json["dates"]] == [False, True, False]
    assert None in [one["reservation_id"] for one in left_out.json["dates"]]


def test_what_a_preview_calls_possible_is_what_is_entered_under_a_quota(anna, session, sample_ring):
    """The date that is left out has another time, which must not use up what the others need."""
    with write_transaction(session):
        week = QuotaInput(measure="time", period="week", most=6 * 60)
        quotas.enter_quota(session, week, by=SOMEBODY, now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 7 * 24 + 1, 7 * 24 + 3), now=MONDAY)
    body = {
        "machine_id": sample_ring.combine,
        "starts_at": (MONDAY + timedelta(days=7, hours=1)).isoformat(),
        "ends_at": (MONDAY + timedelta(days=7, hours=3)).isoformat(),
        "rrule": "FREQ=DAILY;COUNT=4",
    }

    preview = anna.post("/series", body | {"preview": True}).json
    made = anna.post("/series", body | {"on_conflict": "skip"}).json

    assert [one["status"] for one in preview["dates"]] == ["taken", "possible", "possible", "possible"]
    assert preview["dates"][0]["alternative"] is None
    assert [one["status"] for one in made["dates"]] == [None, "confirmed", "confirmed", "confirmed"]


def test_programs_preview_and_change_a_part_of_a_series(anna, bernd, session, sample_ring):
    body = {
        "machine_id": sample_ring.combine,
        "starts_at": "2026-12-04T09:00:00+01:00",
        "ends_at": "2026-12-04T11:00:00+01:00",
        "rrule": "FREQ=WEEKLY;COUNT=4",
    }
    made = anna.post("/series", body)
    path = made.headers["Location"].removeprefix("/api/v1")
    change = {"scope": "following", "day": "2026-12-18", "start_time": "13:00"}

    preview = anna.patch(path, change | {"preview": True})
    assert (preview.status_code, preview.json["possible"], preview.json["refused"]) == (200, 2, 0)
    assert preview.json["dates"][0]["starts_at"].startswith("2026-12-18T")
    assert bernd.patch(path, change).status_code == 404
    assert anna.patch(path, change | {"digest": "another"}).status_code == 412
    assert anna.patch(path, change, If_Match='"7"').status_code == 412

    changed = anna.patch(path, change | {"digest": preview.json["digest"]})
    assert (changed.status_code, changed.json["follows_id"], len(changed.json["dates"])) == (200, made.json["id"], 2)
    assert changed.json["rrule"] == "FREQ=WEEKLY;BYDAY=FR;COUNT=2"
    assert [one["day"] for one in anna.get(path).json["dates"]] == ["2026-12-04", "2026-12-11"]
    nothing_left = anna.patch(path, {"scope": "one", "day": "2026-12-05", "start_time": "13:00"})
    assert (nothing_left.status_code, nothing_left.json["violations"][0]["rule"]) == (422, "series_nothing_to_change")


WRONG = [
    {"scope": "some"},
    {"scope": "all", "start_time": "25:00"},
    {"scope": "all", "start_time": 9},
    {"scope": "all", "length_minutes": True},
    {"scope": "all", "length_minutes": 10**30},
    {"scope": "all", "machine_id": 2**70},
    {"scope": "all", "purpose": "x\u0000"},
    {"scope": "one", "day": "soon"},
    {"scope": "one"},
    {"scope": "all", "passage": 2},
    {},
]


def test_a_wrong_change_is_answered_with_its_field(anna, sample_ring):
    body = {
        "machine_id": sample_ring.combine,
        "starts_at": "2026-12-04T09:00:00+01:00",
        "ends_at": "2026-12-04T11:00:00+01:00",
        "rrule": "FREQ=WEEKLY;COUNT=4",
    }
    path = anna.post("/series", body).headers["Location"].removeprefix("/api/v1")

    answers = [anna.patch(path, wrong) for wrong in WRONG]

    assert [one.status_code for one in answers] == [422] * len(WRONG)
    assert anna.patch(path, {"scope": "all", "machine_id": 99}).status_code == 404


def test_more_dates_for_another_machine_need_no_more_statements(anna, sample_ring, statements):
    def sent_for(count):
        body = {
            "machine_id": sample_ring.combine,
            "starts_at": "2026-12-04T09:00:00+01:00",
            "ends_at": "2026-12-04T10:00:00+01:00",
            "rrule": f"FREQ=DAILY;COUNT={count}",
        }
        path = anna.post("/series", body).headers["Location"].removeprefix("/api/v1")
        with statements() as sent:
            preview = anna.patch(path, {"scope": "all", "machine_id": sample_ring.cold_store, "preview": True})
            assert preview.json["refused"] == count
        assert anna.post(f"{path}/cancel", {}).status_code == 200
        return len(sent)

    sent_for(2)
    assert sent_for(9) == sent_for(2)


def test_administrators_allow_managers_longer_series_on_the_page_and_by_program(
    log_in, anna, wanda, rita, session, sample_ring
):
    """The form, the preview and the call have the limit of whoever is logged in."""
    with write_transaction(session):
        session.execute(update(Machine).values(horizon_days=400))
    admin, manager, member = (
        log_in(one) for one in (sample_ring.rita_login, sample_ring.wanda_login, sample_ring.anna_login)
    )
    own = {"dates_by_members": 200, "dates_by_managers": 200}
    assert anna.get("/series-rules").json == own | {"revision": 0}
    assert wanda.patch("/series-rules", {"dates_by_managers": 300}).status_code == 403
    for wrong in (199, 1001, "300", None):
        assert rita.patch("/series-rules", {"dates_by_managers": wrong}).status_code == 422
    changed = rita.patch("/series-rules", {"dates_by_managers": 300})
    assert changed.json == own | {"dates_by_managers": 300, "revision": 1}
    assert rita.patch("/series-rules", {"dates_by_managers": 400}, If_Match='"0"').status_code == 412
    assert "dates of a series entered by managers" in admin.get("/admin/events").text

    page = admin.get("/admin/settings").text
    assert re.search(r'name="series_dates_managers"[^>]* value="300"', page)
    sent = {
        "name": "R",
        "objection_days": "14",
        "exchange_hours": "24",
        "colour": "#14532d",
        "holidays_region": "DE-BY",
    }
    for typed, status, stored in (("199", 422, 300), ("1001", 422, 300), ("", 303, 300), ("250", 303, 250)):
        assert admin.post("/admin/settings", data=sent | {"series_dates_managers": typed}).status_code == status
        assert anna.get("/series-rules").json["dates_by_managers"] == stored

    form = "/reservations/new?machine=combine"
    assert ["at most 250 dates" in one.get(form).text for one in (member, manager, admin)] == [False, True, True]
    asked = {"repeats": "DAILY", "member": str(sample_ring.anna)}
    for browser, times, said in (
        (member, "201", "1 to 200 dates; these are 201"),
        (manager, "251", "1 to 250 dates; these are 251"),
        (manager, "250", "All 250 dates are free"),
    ):
        assert said in send(browser, times=times, **asked).text
    body = {
        "machine_id": sample_ring.combine,
        "member_id": sample_ring.anna,
        "starts_at": "2026-12-04T09:00:00+01:00",
        "ends_at": "2026-12-04T11:00:00+01:00",
        "preview": True,
    }
    for program, count, most in ((anna, 201, 200), (wanda, 251, 250), (rita, 251, 250)):
        refused = program.post("/series", body | {"rrule": f"FREQ=DAILY;COUNT={count}"})
        (one,) = refused.json["violations"]
        found = refused.status_code, one["rule"], one["field"], one["limit"], one["actual"]
        assert found == (422, "series_too_long", "rrule", most, count)
        planned = program.post("/series", body | {"rrule": f"FREQ=DAILY;COUNT={most}"}).json
        assert (planned["possible"], planned["refused"]) == (most, 0)
