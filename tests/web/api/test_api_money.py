"""Pools, costs, allocations and files, as the treasurer's program uses them."""

from __future__ import annotations

from datetime import date

import pytest

from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.web.programs import UNKNOWN_ID

YEAR = {"period": "2026"}


@pytest.fixture
def pool_id(session, sample_ring) -> int:
    """The combine's pool: Anna holds two shares of it, Bernd one."""
    with write_transaction(session):
        pool = enter_pool(session, sample_ring.combine, "Combine", {"fixed": "shares"}, by=SOMEBODY, now=MONDAY)
        for member_id, shares in ((sample_ring.anna, 2), (sample_ring.bernd, 1)):
            set_shares(session, pool.id, member_id, shares, date(2026, 1, 1), by=SOMEBODY, now=MONDAY)
        return pool.id


def bill(pool_id: int, **more) -> dict:
    return {
        "pool_id": pool_id,
        "service_date": "2026-03-01",
        "supplier": "Landtechnik Huber",
        "kind": "fixed",
        "net_cents": 100_000,
        **more,
    }


def test_a_bill_is_entered_and_listed(karl, pool_id):
    entered = karl.post("/costs", bill(pool_id, document_number="R-17"))

    assert entered.status_code == 201
    assert (entered.json["document_number"], entered.json["allocation_id"]) == ("R-17", None)
    assert karl.get("/costs", pool_id=pool_id).json == {"items": [entered.json], "next": None}
    assert karl.get("/pools").json["items"][0]["unallocated_cents"] == 100_000


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"net_cents": 0}, 422),
        ({"net_cents": 10.5}, 422),
        ({"net_cents": 10**15}, 422),
        ({"kind": "unknown"}, 422),
        ({"supplier": ""}, 422),
        ({"supplier": "   "}, 422),
        ({"service_date": "2026-02-30"}, 422),
        ({"service_date": 0}, 422),
        ({"service_date": "2026-03-01T00:00:00Z"}, 422),
        ({"note": "\x00"}, 422),
        ({"pool_id": UNKNOWN_ID}, 404),
    ],
    ids=str,
)
def test_a_bill_that_cannot_be_is_refused(karl, pool_id, more, status):
    assert karl.post("/costs", {**bill(pool_id), **more}).status_code == status
    assert karl.get("/costs", pool_id=pool_id).json["items"] == []


def test_a_refused_number_or_text_names_its_field_and_its_limits(karl, pool_id):
    fee = {"kind": "other", "member_id": 1, "service_date": "2026-06-01", "text": "Key", "unit_price": "10"}
    wanted = [({"unit_price": "0.004"}, "unit_price"), ({"text": " "}, "text"), ({"quantity": "0"}, "quantity")]
    for more, field in wanted:
        refused = karl.post("/fees", fee | more)
        (fault,) = refused.json["violations"]
        assert (refused.status_code, fault["rule"], fault["field"]) == (422, refused.json["code"], field)
        assert str(fault["limit"]) in fault["message"]
    refused = karl.post("/fees", fee | {"service_date": "2026-11-24"})
    (fault,) = refused.json["violations"]
    assert (fault["rule"], fault["field"], fault["actual"]) == ("wrong_period", "service_date", "2026-11-24")
    assert "still to come" in refused.json["detail"]


def test_a_preview_posts_nothing_and_the_posting_is_what_was_previewed(karl, pool_id, sample_ring):
    karl.post("/costs", bill(pool_id))

    preview = karl.post("/allocations", {"pool_id": pool_id, **YEAR, "preview": True})
    posted = karl.post("/allocations", {"pool_id": pool_id, **YEAR, "preview": False, "digest": preview.json["digest"]})

    assert (preview.status_code, preview.json["id"]) == (200, None)
    assert posted.status_code == 201
    assert posted.json["lines"] == preview.json["lines"]
    assert all("slips_url" in line for line in posted.json["lines"])
    assert {line["member_id"]: line["cents"] for line in posted.json["lines"]} == {
        sample_ring.anna: 66_667,
        sample_ring.bernd: 33_333,
    }
    address = f"/allocations/{posted.json['id']}"
    assert karl.get(address).json == posted.json
    first = karl.get(address, limit=1).json
    second = karl.get(address, limit=1, cursor=first["next"]).json
    assert first["lines"] + second["lines"] == posted.json["lines"]
    assert (first["member_count"], second["next"]) == (2, None)


def test_without_a_digest_the_current_amounts_are_posted_once(karl, pool_id):
    karl.post("/costs", bill(pool_id))
    content = {"pool_id": pool_id, **YEAR, "preview": False}

    first, again = (karl.post("/allocations", content, Idempotency_Key="year-end") for _ in range(2))

    assert (first.status_code, again.json) == (201, first.json)
    assert karl.post("/allocations", content).json["code"] == "nothing_to_allocate"


def test_amounts_that_changed_since_the_preview_are_not_posted(karl, pool_id):
    karl.post("/costs", bill(pool_id))
    digest = karl.post("/allocations", {"pool_id": pool_id, **YEAR}).json["digest"]
    karl.post("/costs", bill(pool_id, net_cents=1))

    answer = karl.post("/allocations", {"pool_id": pool_id, **YEAR, "preview": False, "digest": digest})

    assert (answer.status_code, answer.json["code"]) == (409, "stale_preview")


@pytest.mark.parametrize(
    ("period", "status"),
    [("2026-03", 201), ("2026-01-01/2026-12-31", 201), ("2026-12-31/2026-01-01", 422), ("2026-13", 422), ("", 422),
     ("2026-02-30/2026-03-01", 422), (2026, 422)],
)  # fmt: skip
def test_a_period_is_a_year_a_month_or_two_days(karl, pool_id, period, status):
    karl.post("/costs", bill(pool_id))

    content = {"pool_id": pool_id, "period": period, "preview": False}

    assert karl.post("/allocations", content).status_code == status


def test_a_member_sees_its_own_lines_and_nothing_of_others(karl, anna, session, sample_ring, pool_id, speak_as):
    karl.post("/costs", bill(pool_id))
    allocation = karl.post("/allocations", {"pool_id": pool_id, **YEAR, "preview": False}).json

    mine = anna.get(f"/allocations/{allocation['id']}").json

    assert [line["member_id"] for line in mine["lines"]] == [sample_ring.anna]
    assert anna.get(f"/allocations/{UNKNOWN_ID}").status_code == 404


def test_only_the_treasurer_writes_and_members_do_not_look(karl, anna, wanda, rita, nobody, pool_id):
    for program, status in ((anna, 403), (wanda, 403), (rita, 403), (nobody, 401)):
        assert program.post("/costs", bill(pool_id)).status_code == status
        assert program.post("/allocations", {"pool_id": pool_id, **YEAR}).status_code == status
    for path in ("/pools", f"/costs?pool_id={pool_id}", "/exports/slips?period=2026"):
        assert anna.get(path).status_code == wanda.get(path).status_code == 403
        assert rita.get(path).status_code == 200


@pytest.mark.parametrize("name", ["slips", "charges", "allocations"])
@pytest.mark.parametrize(("form", "begin"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_a_file_is_the_same_when_fetched_again(karl, pool_id, name, form, begin):
    karl.post("/costs", bill(pool_id))
    karl.post("/allocations", {"pool_id": pool_id, **YEAR, "preview": False})

    first, again = (karl.get(f"/exports/{name}", period="2026", format=form) for _ in range(2))

    assert first.status_code == 200
    assert first.get_data().startswith(begin)
    assert first.get_data() == again.get_data()
    assert f".{form}" in first.headers["Content-Disposition"]


def test_the_allocations_of_a_period_are_in_one_file(karl, pool_id):
    for month in ("2026-03", "2026-04"):
        karl.post("/costs", bill(pool_id, service_date=f"{month}-05"))
        karl.post("/allocations", {"pool_id": pool_id, "period": month, "preview": False})

    def lines(period: str) -> int:
        return karl.get("/exports/allocations", period=period).get_data(as_text=True).count("\r\n") - 1

    assert (lines("2026"), lines("2026-03"), lines("2025")) == (4, 2, 0)


@pytest.mark.parametrize(
    ("path", "status"), [("ledger?period=2026", 404), ("slips?period=2026&format=pdf", 422), ("slips", 422)]
)
def test_a_file_that_there_is_not_is_refused(karl, path, status):
    assert karl.get(f"/exports/{path}").status_code == status
