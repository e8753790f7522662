"""The API's main job: reserve, look, move; who sees what, and a clear answer to everything else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking.kernel.events import RecordedEvent
from booking.models import Occupancy, Reservation
from tests.builders import hours, machine, reserve
from tests.conftest import MONDAY
from tests.web.programs import UNKNOWN_ID, rows, times, wish

# Reserve


def test_a_member_reserves_a_machine(anna, sample_ring):
    answer = anna.post("/reservations", wish(sample_ring.combine, purpose="Barley, upper field"))

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/reservations/{answer.json['id']}"
    assert answer.headers["ETag"] == '"0"'
    assert answer.json["status"] == "confirmed"
    assert answer.json["member_id"] == sample_ring.anna
    assert answer.json["starts_at"] == "2026-11-23T08:00:00Z"
    assert answer.json["purpose"] == "Barley, upper field"


def test_what_was_answered_is_what_is_stored(anna, sample_ring):
    entered = anna.post("/reservations", wish(sample_ring.splitter))

    assert entered.json["status"] == "requested"
    assert anna.get(f"/reservations/{entered.json['id']}").json == entered.json


def test_set_up_and_cleaning_are_in_the_response(anna, session, sample_ring):
    mill = machine(session, sample_ring.hall, "mill", setup_min=30, cleaning_min=60)

    answer = anna.post("/reservations", wish(mill))

    assert answer.json["occupied_from"] == "2026-11-23T07:30:00Z"
    assert answer.json["occupied_until"] == "2026-11-23T11:00:00Z"


def test_a_taken_span_is_refused_with_the_next_ones(anna, bernd, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine))

    answer = bernd.post("/reservations", wish(sample_ring.combine))

    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "slot_taken"
    assert answer.json["status"] == 409
    assert answer.json["alternatives"][0] == {
        "machine_id": sample_ring.combine,
        "starts_at": "2026-11-23T10:00:00Z",
        "ends_at": "2026-11-23T12:00:00Z",
    }


def test_what_is_offered_instead_is_accepted(anna, bernd, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine))
    offered = bernd.post("/reservations", wish(sample_ring.combine)).json["alternatives"]

    assert [bernd.post("/reservations", offer).status_code for offer in offered] == [201] * 3


def test_every_violation_is_named_with_its_values(bernd, sample_ring):
    answer = bernd.post("/reservations", wish(sample_ring.laser, -2, -1.9, places=2))

    assert answer.status_code == 422
    assert answer.json["code"] == "request_refused"
    broken = {violation["rule"]: violation for violation in answer.json["violations"]}
    assert {"past", "shortest", "opening_hours", "places", "induction"} <= set(broken)
    assert broken["shortest"]["limit"] == 30
    assert broken["shortest"]["field"] == "ends_at"
    assert broken["places"] | {"limit": 1, "actual": 2} == broken["places"]
    assert all(violation["message"] for violation in answer.json["violations"])


def test_a_refused_wish_leaves_nothing_behind(anna, session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 1, 3), now=MONDAY)
    before = [rows(session, table) for table in (Reservation, Occupancy, RecordedEvent)]

    anna.post("/reservations", wish(sample_ring.combine))
    anna.post("/reservations", wish(sample_ring.laser, -2, -1))

    assert [rows(session, table) for table in (Reservation, Occupancy, RecordedEvent)] == before


def test_a_manager_reserves_for_a_member_in_their_own_workshop_only(wanda, sample_ring):
    assert wanda.post("/reservations", wish(sample_ring.combine, member_id=sample_ring.bernd)).status_code == 201
    assert wanda.post("/reservations", wish(sample_ring.laser, member_id=sample_ring.anna)).status_code == 404


def test_a_member_reserves_for_nobody_else(anna, sample_ring):
    assert anna.post("/reservations", wish(sample_ring.combine, member_id=sample_ring.bernd)).status_code == 404
    assert anna.post("/reservations", wish(sample_ring.combine, member_id=UNKNOWN_ID)).status_code == 404


def test_a_login_without_a_member_must_say_for_whom(wanda, sample_ring):
    answer = wanda.post("/reservations", wish(sample_ring.combine))

    assert answer.status_code == 422
    assert answer.json["violations"][0]["field"] == "member_id"


def test_nobody_and_the_treasurer_reserve_nothing(nobody, karl, sample_ring):
    assert nobody.post("/reservations", wish(sample_ring.combine)).status_code == 401
    assert karl.post("/reservations", wish(sample_ring.combine)).status_code == 403


# Look


def test_a_member_sees_their_own_in_full_and_others_as_busy(anna, bernd, sample_ring):
    mine = anna.post("/reservations", wish(sample_ring.combine, purpose="secret")).json

    assert anna.get("/reservations").json["items"] == [mine]
    seen = {
        "id": mine["id"],
        "status": "busy",
        "machine_id": sample_ring.combine,
        "starts_at": mine["starts_at"],
        "ends_at": mine["ends_at"],
        "former_starts_at": None,
        "former_ends_at": None,
    }
    assert bernd.get("/reservations").json["items"] == [seen]
    assert bernd.get(f"/reservations/{mine['id']}").json == seen


def test_a_manager_the_treasurer_and_an_administrator_see_it_whole(anna, wanda, karl, rita, sample_ring):
    mine = anna.post("/reservations", wish(sample_ring.combine)).json

    for program in (wanda, karl, rita):
        assert program.get("/reservations").json["items"] == [mine]
        assert program.get(f"/reservations/{mine['id']}").json == mine


def test_filters_reveal_nothing_about_others(anna, bernd, sample_ring):
    anna.post("/reservations", wish(sample_ring.splitter))

    assert bernd.get("/reservations", member_id=sample_ring.anna).json["items"] == []
    assert bernd.get("/reservations", status="requested").json["items"] == []
    assert len(bernd.get("/reservations", machine_id=sample_ring.splitter).json["items"]) == 1


def test_what_another_cancelled_is_gone(anna, bernd, sample_ring):
    mine = anna.post("/reservations", wish(sample_ring.combine)).json
    anna.post(f"/reservations/{mine['id']}/cancel")

    assert bernd.get("/reservations").json["items"] == []
    assert bernd.get(f"/reservations/{mine['id']}").status_code == 404
    assert anna.get("/reservations", status="cancelled").json["items"][0]["id"] == mine["id"]


def test_a_list_comes_in_pages_that_neither_repeat_nor_lose(anna, session, sample_ring):
    entered = [
        reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1 + n // 3, 2 + n // 3), now=MONDAY).id
        for n in range(10)
    ]
    found, cursor = [], None
    while True:
        page = anna.get("/reservations", limit=3, **({"cursor": cursor} if cursor else {})).json
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert found == entered


def test_from_and_until_find_what_overlaps(anna, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine, 1, 3))
    later = anna.post("/reservations", wish(sample_ring.combine, 5, 7)).json["id"]

    found = anna.get("/reservations", **{"from": times(3, 6)["starts_at"], "until": times(3, 6)["ends_at"]})

    assert [one["id"] for one in found.json["items"]] == [later]


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"from": "today"}, {"status": "busy"}, {"machine": 1}],
    ids=str,
)
def test_a_query_that_is_none_is_refused(anna, query):
    answer = anna.get("/reservations", **query)

    assert answer.status_code == 422
    assert answer.json["violations"][0]["field"] == next(iter(query))


def test_the_longest_cursor_is_only_the_end_of_the_list(anna, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine))

    assert anna.get("/reservations", cursor="9" * 16 + "-" + "9" * 9).json == {"items": [], "next": None}


# Move


def test_a_moved_reservation_keeps_its_identity(anna, bernd, sample_ring):
    mine = anna.post("/reservations", wish(sample_ring.combine)).json

    moved = anna.patch(f"/reservations/{mine['id']}", times(5, 7))

    assert moved.status_code == 200
    assert moved.headers["ETag"] == '"1"'
    assert (moved.json["id"], moved.json["uid"]) == (mine["id"], mine["uid"])
    assert moved.json["starts_at"] == "2026-11-23T12:00:00Z"
    assert bernd.post("/reservations", wish(sample_ring.combine)).status_code == 201


def test_a_move_onto_a_taken_span_changes_nothing(anna, bernd, sample_ring):
    mine = anna.post("/reservations", wish(sample_ring.combine)).json
    bernd.post("/reservations", wish(sample_ring.combine, 5, 7))

    refused = anna.patch(f"/reservations/{mine['id']}", times(4, 6))

    assert refused.status_code == 409
    assert refused.json["code"] == "slot_taken"
    assert refused.json["alternatives"]
    assert anna.get(f"/reservations/{mine['id']}").json == mine


def test_a_move_by_a_member_needs_approval_again_and_by_the_manager_stays_confirmed(anna, wanda, sample_ring):
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.splitter)).json['id']}"
    wanda.post(f"{path}/approve")

    assert wanda.patch(path, times(5, 7)).json["status"] == "confirmed"
    assert anna.patch(path, times(8, 9)).json["status"] == "requested"


def test_only_who_may_moves(anna, bernd, wanda, nobody, sample_ring):
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.laser, 4, 5)).json['id']}"

    assert bernd.patch(path, times(5, 7)).status_code == 404
    assert wanda.patch(path, times(5, 7)).status_code == 404  # the laser is not in her workshop
    assert nobody.patch(path, times(5, 7)).status_code == 401


def test_a_stale_revision_changes_nothing(anna, sample_ring):
    mine = anna.post("/reservations", wish(sample_ring.combine)).json
    path = f"/reservations/{mine['id']}"
    anna.patch(path, times(5, 7), If_Match='"0"')

    stale = anna.patch(path, times(8, 9), If_Match='"0"')

    assert stale.status_code == 412
    assert stale.json["code"] == "stale_revision"
    assert anna.get(path).json["starts_at"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"0"', 200),
        ('W/"0"', 200),
        ("*", 200),
        ('"7", "0"', 200),
        ('"7"', 412),
        ('"x"', 412),
        ('"0-gzip"', 200),
        ('W/"0--gzip"', 200),
        ('"0-br"', 200),
        ('"0;gz"', 200),
        ('"7-gzip"', 412),
        ('"0-other"', 412),
        ("0", 422),
        ("", 422),
    ],
)
def test_if_match_as_programs_write_it(anna, sample_ring, tag, status):
    mine = anna.post("/reservations", wish(sample_ring.combine)).json

    assert anna.patch(f"/reservations/{mine['id']}", times(5, 7), If_Match=tag).status_code == status


# What it takes


def test_statements_of_a_request_do_not_grow_with_the_schedule(anna, session, sample_ring, statements):
    anna.post("/reservations", wish(sample_ring.combine, 1, 2))
    with statements() as few:
        anna.post("/reservations", wish(sample_ring.combine, 3, 4))
    for hour in range(20):
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 10 + hour, 11 + hour), now=MONDAY)
    with statements() as many:
        assert anna.post("/reservations", wish(sample_ring.combine, 5, 6)).status_code == 201

    assert len(many) == len(few) <= 10


def test_the_clock_decides_until_when_a_request_holds(anna, sample_ring, clock):
    clock.instant = MONDAY + timedelta(hours=1)

    answer = anna.post("/reservations", wish(sample_ring.splitter, 100, 101))

    assert answer.json["decide_until"] == "2026-11-25T08:00:00Z"


def test_the_machines_that_are_free_earliest_are_listed_first(anna, sample_ring):
    anna.post("/reservations", wish(sample_ring.combine, 0, 6))

    answer = anna.get("/machines/free", minutes=120, workshop="hall")

    assert answer.status_code == 200
    starts = {found["machine_id"]: found["starts_at"] for found in answer.json["items"]}
    assert starts[sample_ring.combine] == wish(sample_ring.combine, 6, 8)["starts_at"].replace("+00:00", "Z")
    assert list(starts.values()) == sorted(starts.values())
    assert len(anna.get("/machines/free", minutes=120, limit=1).json["items"]) == 1
    later = anna.get(
        "/machines/free", minutes=120, **{"from": wish(0, 5)["starts_at"], "until": wish(0, 5)["starts_at"]}
    )
    assert later.json["items"] == []
    assert anna.get("/machines/free").status_code == 422
