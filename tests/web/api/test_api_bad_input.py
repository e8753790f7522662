"""What programs send by mistake or on purpose: a clear refusal each, nothing half-written, never a 5xx."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from flask_babel import force_locale
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.problems import of_invalid
from booking.models import Reservation
from tests.web.programs import UNKNOWN_ID, rows, wish

BAD = {
    "ends before it starts": {"ends_at": "2026-11-23T07:30:00Z"},
    "ends when it starts": {"ends_at": "2026-11-23T08:00:00Z"},
    "a number for a time": {"starts_at": 0},
    "a time as text of a number": {"starts_at": "1764000000"},
    "a time without offset": {"starts_at": "2026-11-23T08:00:00"},
    "a day without time": {"starts_at": "2026-11-23"},
    "a day that is not": {"starts_at": "2026-02-30T08:00:00Z"},
    "the year 1": {"starts_at": "0001-01-01T00:00:00Z"},
    "the year 9999": {"ends_at": "9999-12-31T23:59:59+00:00"},
    "no places": {"places": 0},
    "negative places": {"places": -1},
    "half a place": {"places": 1.5},
    "places as text": {"places": "2"},
    "a true machine": {"machine_id": True},
    "a huge machine": {"machine_id": 10**30},
    "a negative machine": {"machine_id": -1},
    "ten thousand characters": {"purpose": "x" * 10_000},
    "a NUL": {"purpose": "a\x00b"},
    "an escape": {"purpose": "\x1b[31m"},
    "a list for a text": {"purpose": ["x"]},
    "a name that the call does not know": {"start": "2026-11-23T08:00:00Z"},
    "null for a time": {"starts_at": None},
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_with_the_field_at_fault(anna, session, sample_ring, content):
    answer = anna.post("/reservations", {**wish(sample_ring.combine), **content})

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert next(iter(content)) in {violation["field"] for violation in answer.json["violations"]}
    assert rows(session, Reservation) == 0


TEXTS = {
    "emoji": "Mähdrescher 🚜🌾",
    "right to left": "حجز الحصادة",
    "a formula": '=HYPERLINK("http://example.org")',
    "markup": "<script>alert(1)</script>",
    "SQL": "'; DROP TABLE booking_reservation; --",
    "lines": "one\ntwo\tthree",
    "as long as allowed": "ö" * 500,
}


@pytest.mark.parametrize("purpose", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_comes_back_as_it_was_sent(anna, sample_ring, purpose):
    entered = anna.post("/reservations", wish(sample_ring.combine, purpose=purpose))

    assert entered.status_code == 201
    assert anna.get(f"/reservations/{entered.json['id']}").json["purpose"] == purpose


NO_JSON = {
    "nothing": (b"", 422),
    "half an object": (b'{"machine_id": 1', 400),
    "a list": (b"[]", 422),
    "a text": (b'"x"', 422),
    "null": (b"null", 422),
    "deep nesting": (b"[" * 60_000, 400),
    "a huge number": (b'{"machine_id": ' + b"9" * 5_000 + b"}", 400),
    "not a number": (b'{"machine_id": NaN}', 422),
    "no UTF-8": (b'{"purpose": "\xff\xfe"}', 400),
    "half a surrogate": (b'{"purpose": "\\ud800"}', 400),
}


@pytest.mark.parametrize(("raw", "status"), NO_JSON.values(), ids=NO_JSON.keys())
def test_what_is_no_such_object_is_refused(anna, sample_ring, raw, status):
    answer = anna.send("POST", "/reservations", raw, Content_Type="application/json")

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_a_whole_number_may_be_written_with_a_zero_behind_the_point(anna, sample_ring):
    made = anna.post("/reservations", {**wish(sample_ring.cold_store, 24, 26), "places": 2.0})

    assert (made.status_code, made.json["places"]) == (201, 2)
    assert anna.post("/reservations", {**wish(sample_ring.cold_store, 24, 26), "places": 2.5}).status_code == 422
    assert anna.post("/reservations", {**wish(sample_ring.cold_store, 24, 26), "places": True}).status_code == 422
    assert anna.post("/reservations", {**wish(sample_ring.cold_store, 24, 26), "places": 1e300}).status_code == 422


def test_foreign_and_unknown_ids_are_not_found(anna, sample_ring):
    assert anna.post("/reservations", wish(UNKNOWN_ID)).status_code == 404
    assert anna.get(f"/reservations/{UNKNOWN_ID}").status_code == 404
    assert anna.get("/reservations/0").status_code == 404
    assert anna.get("/reservations/" + "9" * 5_000).status_code == 404
    assert anna.get("/reservations/-1").status_code == 404


def test_the_repeated_hour_is_distinguished_by_its_offset(anna, sample_ring, clock):
    first = {
        **wish(sample_ring.combine),
        "starts_at": "2027-10-31T02:30:00+02:00",
        "ends_at": "2027-10-31T02:30:00+01:00",
    }

    answer = anna.post("/reservations", first)

    assert answer.status_code == 201
    assert (answer.json["starts_at"], answer.json["ends_at"]) == ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z")


def test_a_span_over_several_days_is_one_reservation(anna, sample_ring):
    assert anna.post("/reservations", wish(sample_ring.combine, 20, 100)).status_code == 201


def test_an_unknown_address_is_a_problem_and_no_page(anna, nobody):
    for program in (anna, nobody):
        answer = program.get("/nothing-here")
        assert answer.status_code == 404
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "TRACE"])
def test_another_method_is_refused_and_the_right_ones_named(anna, method):
    answer = anna.send(method, "/reservations")

    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_what_is_wrong_with_a_field_is_told_in_the_language_of_the_login(app):
    class Wanted(BaseModel):
        model_config = ConfigDict(extra="forbid")
        places: Annotated[int, Field(ge=1)]
        purpose: Annotated[str, Field(max_length=3)]
        kind: Literal["a", "b"]
        member_id: int

    with pytest.raises(ValidationError) as caught:
        Wanted.model_validate({"places": 0, "purpose": "long", "kind": "c", "more": 1})
    told = {}
    for language in ("de", "en"):
        with app.test_request_context(), force_locale(language):
            faults = json.loads(of_invalid(caught.value).body)["violations"]
        told[language] = {one["field"]: one["message"] for one in faults}

    assert told["de"] == {
        "places": "Der Wert muss mindestens 1 sein.",
        "purpose": "Die Länge darf höchstens 3 sein.",
        "kind": "Möglich sind: 'a' oder 'b'",
        "member_id": "Dieses Feld ist nötig.",
        "more": "Ein solches Feld gibt es hier nicht.",
    }
    assert told["en"]["kind"] == "Input should be 'a' or 'b'"
