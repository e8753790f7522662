"""What programs do with a reservation: approve, reject, cancel, hand out, hand back; closures and slips."""

from __future__ import annotations

import io
from base64 import b64encode
from datetime import timedelta

import pytest
from PIL import Image

from app.api.endpoints import BODY_BYTES_MAX
from app.server.bodies import BodyRules
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import UNKNOWN_ID, times, wish

ACTIONS = ("approve", "reject", "cancel", "hand-out", "hand-back")


@pytest.fixture
def request_path(anna, sample_ring) -> str:
    """Anna's request for the splitter, which Wanda decides."""
    return f"/reservations/{anna.post('/reservations', wish(sample_ring.splitter)).json['id']}"


def test_a_manager_approves_a_request(wanda, anna, request_path):
    answer = wanda.post(f"{request_path}/approve")

    assert answer.status_code == 200
    assert (answer.json["status"], answer.headers["ETag"]) == ("confirmed", '"1"')
    assert anna.get(request_path).json == answer.json


def test_a_manager_declines_a_request_with_a_reason(wanda, anna, bernd, sample_ring, request_path):
    answer = wanda.post(f"{request_path}/reject", {"reason": "The chain is blunt"})

    assert answer.json["status"] == "rejected"
    assert anna.get(request_path).json["reason"] == "The chain is blunt"
    assert bernd.post("/reservations", wish(sample_ring.splitter)).status_code == 201


def test_a_decision_is_taken_back_while_nothing_came_after_it(wanda, anna, request_path):
    decided = wanda.post(f"{request_path}/reject", {"reason": "a mistake"})
    path, tag = f"{request_path}/undo-decision", decided.headers["ETag"]

    assert (wanda.post(path).status_code, wanda.post(path).json["violations"][0]["field"]) == (422, "If-Match")
    assert anna.post(path, If_Match=tag).status_code == 403
    undone = wanda.post(path, If_Match=tag)
    assert (undone.json["status"], undone.json["reason"]) == ("requested", "")
    assert wanda.post(path, If_Match=tag).status_code == 412
    approved = wanda.post(f"{request_path}/approve").headers["ETag"]
    assert anna.post(f"{request_path}/cancel").status_code == 200
    assert wanda.post(path, If_Match=approved).status_code == 412


def test_a_member_gives_a_reservation_back(anna, bernd, sample_ring):
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.combine)).json['id']}"

    assert anna.post(f"{path}/cancel", {"reason": "rain"}).json["status"] == "cancelled"
    assert bernd.post("/reservations", wish(sample_ring.combine)).status_code == 201


def test_nothing_is_decided_twice(wanda, request_path):
    wanda.post(f"{request_path}/approve")

    for action in ("approve", "reject"):
        answer = wanda.post(f"{request_path}/{action}", {})
        assert answer.status_code == 409
        assert answer.json["code"] == "wrong_status"


def test_a_decision_on_an_old_revision_is_refused(wanda, anna, request_path):
    anna.patch(request_path, times(5, 7))

    answer = wanda.post(f"{request_path}/approve", If_Match='"0"')

    assert answer.status_code == 412
    assert anna.get(request_path).json["status"] == "requested"


@pytest.mark.parametrize("action", ACTIONS)
def test_only_who_may_acts(anna, bernd, karl, nobody, request_path, action):
    path = f"{request_path}/{action}"
    decides = action in ("approve", "reject")

    assert nobody.post(path).status_code == 401
    assert karl.post(path).status_code == 403
    assert bernd.post(path).status_code == (403 if decides else 404)
    if decides:
        assert anna.post(path).status_code == 403
    assert anna.get(request_path).json["status"] == "requested"


@pytest.mark.parametrize("action", ACTIONS)
def test_an_unknown_reservation_is_not_found(rita, sample_ring, action):
    assert rita.post(f"/reservations/{UNKNOWN_ID}/{action}").status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_no_page_to_look_at(rita, request_path, action):
    answer = rita.get(f"{request_path}/{action}")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


# Use


def test_a_machine_goes_out_and_comes_back_with_a_slip(anna, sample_ring, clock):
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.combine)).json['id']}"
    clock.instant = MONDAY + timedelta(hours=1)
    out = anna.post(f"{path}/hand-out", {"reading": {"amount": "100.00", "unit": "ha"}})
    clock.instant = MONDAY + timedelta(hours=2)

    back = anna.post(f"{path}/hand-back", {"reading": {"amount": "112.50", "unit": "ha"}, "note": "belt worn"})

    assert out.json["status"] == "in_use"
    assert (back.json["status"], back.json["ends_at"]) == ("completed", "2026-11-23T09:00:00Z")
    slip = anna.get("/usage").json["items"][0]
    assert slip["used"] == {"amount": "12.50", "unit": "ha"}
    assert (slip["member_id"], slip["service_date"]) == (sample_ring.anna, "2026-11-23")


def test_an_early_return_frees_the_rest_at_once(anna, bernd, sample_ring, clock):
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.combine, 1, 9)).json['id']}"
    clock.instant = MONDAY + timedelta(hours=1)
    anna.post(f"{path}/hand-out")
    clock.instant = MONDAY + timedelta(hours=2)
    anna.post(f"{path}/hand-back", {"amount": {"amount": "3", "unit": "ha"}})

    assert bernd.post("/reservations", wish(sample_ring.combine, 2, 4)).status_code == 201


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"amount": {"amount": "3", "unit": "kg"}}, "amount.unit"),
        ({"amount": {"amount": "3", "unit": "acre"}}, "amount.unit"),
        ({"amount": {"amount": "-3", "unit": "ha"}}, "amount.amount"),
        ({"amount": {"amount": "1e3", "unit": "ha"}}, "amount.amount"),
        ({"amount": {"amount": 3, "unit": "ha"}}, "amount.amount"),
        ({"amount": {"amount": "3.005", "unit": "ha"}}, "amount"),
        ({"amount": "3"}, "amount"),
        ({"reading": {"amount": "1", "unit": "ha"}}, "reading"),
        ({}, "amount"),
    ],
    ids=str,
)
def test_a_wrong_amount_is_refused_and_the_machine_stays_out(anna, sample_ring, clock, content, field):
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.combine)).json['id']}"
    clock.instant = MONDAY + timedelta(hours=1)
    anna.post(f"{path}/hand-out", {"reading": {"amount": "100", "unit": "ha"}})

    answer = anna.post(f"{path}/hand-back", content)

    assert answer.status_code == 422
    assert answer.json["violations"][0]["field"] == field
    assert anna.get(path).json["status"] == "in_use"


# Closures


def test_a_manager_closes_a_machine(wanda, anna, sample_ring):
    answer = wanda.post("/closures", wish(sample_ring.combine, reason="service"))

    assert answer.status_code == 201
    assert answer.json["reason"] == "service"
    assert anna.post("/reservations", wish(sample_ring.combine)).json["code"] == "slot_taken"


def test_a_closure_does_not_push_a_reservation_away(wanda, anna, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine))

    answer = wanda.post("/closures", wish(sample_ring.combine, 0, 48))

    assert (answer.status_code, answer.json["code"]) == (409, "slot_taken")


def test_a_broken_machine_is_closed_around_its_reservations(wanda, anna, bernd, sample_ring):
    kept = anna.post("/reservations", wish(sample_ring.combine, 30, 32)).json["id"]
    answer = wanda.post("/closures", wish(sample_ring.combine, 0, 48, around_reservations=True))

    assert (answer.status_code, answer.json["around_reservations"]) == (201, True)
    assert bernd.post("/reservations", wish(sample_ring.combine, 33, 34)).json["code"] == "slot_taken"
    anna.post(f"/reservations/{kept}/cancel")
    assert bernd.post("/reservations", wish(sample_ring.combine, 30, 32)).json["code"] == "slot_taken"


def test_a_program_decides_on_the_reservations_in_a_closure(wanda, anna, bernd, sample_ring):
    first, second = (anna.post("/reservations", wish(sample_ring.combine, at, at + 2)).json["id"] for at in (30, 33))
    third = bernd.post("/reservations", wish(sample_ring.combine, 36, 38)).json["id"]
    closure = wanda.post("/closures", wish(sample_ring.combine, 0, 48, around_reservations=True, reason="belt")).json[
        "id"
    ]
    path = f"/closures/{closure}"
    assert anna.get(f"{path}/reservations").status_code == 403
    assert bernd.post(f"{path}/decisions", {"decisions": []}).status_code == 403
    listed = wanda.get(f"{path}/reservations", limit=2).json
    assert [one["reservation"]["id"] for one in listed["items"]] == [first, second]
    assert {"member_phone", "member_email"} <= set(listed["items"][0])
    assert listed["next"] == "2"
    assert [one["reservation"]["id"] for one in wanda.get(f"{path}/reservations", cursor="2").json["items"]] == [third]

    moved = {"reservation_id": second, "choice": "move", **times(72, 74)}
    wrong = [{"reservation_id": first, "choice": "cancel"}, moved | times(1, 3)]
    refused = wanda.post(f"{path}/decisions", {"decisions": wrong})
    assert (refused.status_code, refused.json["code"]) == (409, "decisions_refused")
    assert refused.json["violations"][0]["field"] == "decisions.1"
    assert anna.get(f"/reservations/{first}").json["status"] == "confirmed"
    for invalid in ([moved, moved], [{"reservation_id": first, "choice": "move"}], [], [{"reservation_id": first}]):
        assert wanda.post(f"{path}/decisions", {"decisions": invalid}).status_code == 422
    stale = [{"reservation_id": first, "choice": "keep", "revision": 7}]
    assert wanda.post(f"{path}/decisions", {"decisions": stale}).json["violations"][0]["rule"] == "stale_revision"

    decided = [wrong[0], moved, {"reservation_id": third, "choice": "keep"}]
    answer = wanda.post(f"{path}/decisions", {"decisions": decided})
    assert answer.status_code == 200
    assert [(one["reservation"]["id"], one["is_kept"]) for one in answer.json["items"]] == [(third, True)]
    assert wanda.get(f"{path}/reservations", only_open="true").json["items"] == []
    new = anna.get(f"/reservations/{second}").json
    assert (new["cancel_until"], new["awaits_answer"], new["status"]) == (new["starts_at"], True, "confirmed")

    answer = f"/reservations/{second}/accept-proposal"
    assert bernd.post(answer).status_code == 404
    accepted = anna.post(answer)
    assert (accepted.status_code, accepted.json["awaits_answer"]) == (200, False)
    assert accepted.json["cancel_until"] < accepted.json["starts_at"]
    assert anna.post(answer).json["code"] == "wrong_status"


def test_a_planned_closure_becomes_one_around_reservations(wanda, anna, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine, 30, 32))
    closure = wanda.post("/closures", wish(sample_ring.combine, 0, 20)).json
    longer = times(0, 48)

    assert wanda.patch(f"/closures/{closure['id']}", longer).json["code"] == "slot_taken"
    assert wanda.patch(f"/closures/{closure['id']}", longer | {"around_reservations": True}).status_code == 200


def test_damage_is_reported_once_and_listed_for_the_managers(wanda, anna, karl, sample_ring):
    path = f"/machines/{sample_ring.combine}/damage-reports"
    assert anna.post(path, {"text": "Belt torn"}).status_code == 201
    assert anna.post(path, {"text": "Belt torn"}).json["violations"][0]["rule"] == "damage_open"
    assert anna.post(path, {"text": " "}).status_code == 422
    assert anna.post("/machines/4711/damage-reports", {"text": "Belt torn"}).status_code == 404
    assert karl.post(path, {"text": "Belt torn"}).status_code == 403

    wanda.post(path, {"text": "And a tyre is flat"})
    first = wanda.get("/damage-reports?limit=1").json
    assert [one["text"] for one in first["items"]] == ["And a tyre is flat"]
    rest = wanda.get(f"/damage-reports?limit=1&only_open=true&cursor={first['next']}").json
    assert ([one["text"] for one in rest["items"]], rest["next"]) == (["Belt torn"], None)
    assert anna.get("/damage-reports").status_code == 403


def test_damage_is_reported_with_a_photo(wanda, anna, bernd, sample_ring, app):
    path = f"/machines/{sample_ring.combine}/damage-reports"
    file = io.BytesIO()
    Image.effect_noise((400, 400), 90).save(file, "PNG")  # more than the 64 kB of other bodies
    photo = b64encode(file.getvalue()).decode()
    assert len(photo) > BODY_BYTES_MAX
    for wrong in ("no base64", "", b64encode(b"no picture").decode(), "AAAAA", 7):
        refused = anna.post(path, {"text": "Belt torn", "photo": wrong})
        assert (refused.status_code, refused.json["violations"][0]["field"]) == (422, "photo")
    bytes_max = app.config["MAX_CONTENT_LENGTH"]
    for address, typed, field, limit in (
        (path, {"text": "Belt torn", "photo": "A" * bytes_max}, "photo", bytes_max),
        ("/reservations", {"purpose": photo}, "", BODY_BYTES_MAX),
    ):
        refused = anna.post(address, typed)
        (fault,) = refused.json["violations"]
        assert (refused.status_code, fault["field"], fault["limit"]) == (413, field, limit)
        assert fault["actual"] > limit
    assert BodyRules.of(app.config).limit_of(f"/api/v1{path}") == app.config["MAX_CONTENT_LENGTH"]

    sent = anna.post(path, {"text": "Belt torn", "photo": photo})

    assert (sent.status_code, sent.json["has_photo"]) == (201, True)
    stored = f"/damage-reports/{sent.json['id']}/photo"
    assert [one.get(stored).mimetype for one in (anna, wanda)] == ["image/jpeg"] * 2
    assert bernd.get(stored).status_code == 404
    without = wanda.post(path, {"text": "And a tyre is flat"}).json
    assert without["has_photo"] is False
    assert wanda.get(f"/damage-reports/{without['id']}/photo").status_code == 404


def test_only_the_manager_of_the_workshop_closes(anna, karl, wanda, rita, sample_ring):
    assert anna.post("/closures", wish(sample_ring.combine)).status_code == 403
    assert karl.post("/closures", wish(sample_ring.combine)).status_code == 403
    assert wanda.post("/closures", wish(sample_ring.laser)).status_code == 404
    assert rita.post("/closures", wish(sample_ring.laser)).status_code == 201


@pytest.mark.parametrize(("start", "end"), [(3, 1), (1, 1), (-9, -8)])
def test_a_closure_needs_a_time_to_come(wanda, sample_ring, start, end):
    answer = wanda.post("/closures", wish(sample_ring.combine, start, end))

    assert answer.status_code == 422
    assert answer.json["violations"][0]["field"] == "ends_at"


def test_a_manager_changes_a_closure_and_its_reason_stays(wanda, anna, sample_ring):
    closure = wanda.post("/closures", wish(sample_ring.combine, 1, 9, reason="service")).json

    shorter = {"ends_at": wish(sample_ring.combine, 1, 4)["ends_at"]}
    answer = wanda.patch(f"/closures/{closure['id']}", shorter, **{"If-Match": f'"{closure["revision"]}"'})

    assert (answer.status_code, answer.json["reason"]) == (200, "service")
    assert answer.headers["ETag"] == f'"{closure["revision"] + 1}"'
    assert anna.post("/reservations", wish(sample_ring.combine, 5, 8)).status_code == 201
    stale = wanda.patch(f"/closures/{closure['id']}", shorter, **{"If-Match": f'"{closure["revision"]}"'})
    assert stale.status_code == 412
    empty = wanda.patch(f"/closures/{closure['id']}", shorter, **{"If-Match": 'W/"", "4"'})
    assert empty.status_code == 412


def test_a_closure_of_another_workshop_looks_like_a_missing_one(wanda, rita, sample_ring):
    closure = rita.post("/closures", wish(sample_ring.laser)).json

    assert wanda.patch(f"/closures/{closure['id']}", {"reason": "Repair"}).status_code == 404
    assert rita.patch("/closures/4711", {"reason": "Repair"}).status_code == 404


# Slips


def used(sample_ring, **more):
    return {**wish(sample_ring.combine, -5, -3), "member_id": sample_ring.bernd, **more}


def test_a_meter_reports_a_use(wanda, bernd, sample_ring):
    answer = wanda.post("/usage", used(sample_ring, amount={"amount": "4.2", "unit": "ha"}))

    assert answer.status_code == 201
    assert answer.json["used"] == {"amount": "4.20", "unit": "ha"}
    assert bernd.get("/usage").json["items"] == [answer.json]


def test_both_readings_of_the_meter_give_the_amount_and_are_refused_by_their_names(wanda, sample_ring):
    def at(before, after, unit="ha"):
        readings = {"reading_before": before, "reading": after}
        given = {name: {"amount": value, "unit": unit} for name, value in readings.items() if value}
        return wanda.post("/usage", used(sample_ring, **given))

    for wrong in (at("120", "110"), at(None, "110"), at("120", None), at("120", "122.5", unit="kg")):
        assert wrong.status_code == 422
    assert at("120", "110").json["violations"][0]["field"] == "reading"
    assert at("120", "122.5", unit="kg").json["violations"][0]["field"] == "reading.unit"
    assert at("120", "122.5").json["used"] == {"amount": "2.50", "unit": "ha"}
    assert at("120", "122.5").status_code == 200


def test_a_member_sees_their_slips_and_a_manager_those_of_the_workshop(wanda, anna, rita, karl, sample_ring):
    wanda.post("/usage", used(sample_ring, amount={"amount": "4.2", "unit": "ha"}))
    rita.post("/usage", {**used(sample_ring), "machine_id": sample_ring.laser})

    assert anna.get("/usage").json["items"] == []
    assert anna.get("/usage", member_id=sample_ring.bernd).json["items"] == []
    assert len(wanda.get("/usage").json["items"]) == 1
    assert len(karl.get("/usage").json["items"]) == 2


def test_slips_come_in_pages(wanda, sample_ring):
    for start in (-9, -7, -5):
        times = wish(sample_ring.combine, start, start + 2)
        wanda.post("/usage", used(sample_ring, **times, amount={"amount": "1", "unit": "ha"}))

    first = wanda.get("/usage", limit=2).json
    second = wanda.get("/usage", limit=2, cursor=first["next"]).json

    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 422),  # a combine counts hectares, which the clock cannot tell
        ({"member_id": UNKNOWN_ID}, 404),
        ({"machine_id": UNKNOWN_ID}, 404),
        ({"ends_at": "2030-01-01T00:00:00Z"}, 422),
        ({"ends_at": "2020-01-01T00:00:00Z"}, 422),
        ({"amount": {"amount": "99999999999", "unit": "ha"}}, 422),
    ],
    ids=str,
)
def test_a_use_that_cannot_be_is_refused(rita, sample_ring, more, status):
    amount = {} if not more else {"amount": {"amount": "1", "unit": "ha"}}

    assert rita.post("/usage", {**used(sample_ring), **amount, **more}).status_code == status


def test_free_spans_are_those_in_which_a_reservation_is_accepted(anna, session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 2, 4), now=MONDAY)
    window = {"from": "2026-11-23T07:00:00Z", "until": "2026-11-23T15:00:00Z"}

    found = anna.get(f"/machines/{sample_ring.combine}/free", **window, minutes=60).json["items"]

    assert found == [
        {"starts_at": "2026-11-23T07:00:00Z", "ends_at": "2026-11-23T09:00:00Z"},
        {"starts_at": "2026-11-23T11:00:00Z", "ends_at": "2026-11-23T15:00:00Z"},
    ]
    assert all(
        anna.post("/reservations", {"machine_id": sample_ring.combine, **span}).status_code == 201 for span in found
    )
    assert anna.get(f"/machines/{sample_ring.combine}/free", **window, minutes=60).json["items"] == []


@pytest.mark.parametrize("plus", ["+", "%2B"])
def test_the_plus_of_an_offset_need_not_be_encoded(anna, sample_ring, plus):
    window = f"from=2026-11-23T08:00:00{plus}01:00&until=2026-11-23T10:00:00{plus}01:00"

    found = anna.get(f"/machines/{sample_ring.combine}/free?{window}")

    assert found.status_code == 200
    assert found.json["items"] == [{"starts_at": "2026-11-23T07:00:00Z", "ends_at": "2026-11-23T09:00:00Z"}]


def test_the_same_use_reported_twice_is_one_slip_and_another_at_that_time_names_it(wanda, bernd, sample_ring):
    use = used(sample_ring, amount={"amount": "4.2", "unit": "ha"})
    first, again = wanda.post("/usage", use), wanda.post("/usage", use)
    assert (first.status_code, again.status_code, again.json) == (201, 200, first.json)

    more = {**use, "amount": {"amount": "4.3", "unit": "ha"}}
    covered, other = wanda.post("/usage", more), wanda.post("/usage", {**more, "member_id": sample_ring.anna})

    assert (covered.status_code, covered.json["code"]) == (409, "use_covered")
    assert (other.status_code, other.json["code"]) == (409, "use_overlaps")
    assert covered.json["slip_id"] == other.json["slip_id"] == first.json["id"]
    assert covered.json["slip_url"].endswith(f"/usage/{first.json['id']}")
    assert wanda.post("/usage", {**more, "allow_overlap": True}).status_code == 201
    assert len(bernd.get("/usage").json["items"]) == 2


def test_an_amount_finer_than_its_unit_is_refused_with_the_finest_step(wanda, sample_ring):
    refused = wanda.post("/usage", used(sample_ring, amount={"amount": "4.205", "unit": "ha"}))

    assert refused.status_code == 422
    assert "finest step that is counted here is 0.01 ha" in refused.get_data(as_text=True)
