"""Recurring costs and budgets on their pages and in the API: works; bad input; conflict; other roles."""

from __future__ import annotations

from datetime import date

import pytest

from billing import queries
from billing.pools.pools import enter_pool
from billing.queries.recurring import recurring_costs
from tests.integration.money.harvester_pool import do

pytestmark = pytest.mark.of_sqlite

TYPED = {
    "name": "Rent",
    "supplier": "Huber",
    "net": "300",
    "every_months": "12",
    "first_on": "2025-01-01",
    "last_on": "",
    "kind": "fixed",
}
FACTS = {"name": "Rent", "supplier": "Huber", "kind": "fixed", "net_cents": 30_000, "every_months": 12}


@pytest.fixture
def pool(session, sample_ring):
    return do(session, enter_pool, sample_ring.combine, "Combine", {"fixed": "head", "running": "use"})


def text(answer):
    return " ".join(answer.get_data(as_text=True).split())


def test_the_treasurer_enters_accepts_changes_and_dismisses_what_comes_again(session, sample_ring, pool, log_in):
    client, address = log_in(sample_ring.karl_login), f"/costs/pools/{pool}/recurring"
    for wrong, sentence in (
        ({"net": "0"}, "above zero"),
        ({"last_on": "2024-12-31"}, "The last day is before the first one."),
        ({"name": ""}, "Please enter what is paid."),
    ):
        refused = client.post(f"{address}/new", data=TYPED | wrong)
        assert refused.status_code == 422
        assert sentence in text(refused)
    assert client.post(f"{address}/new", data=TYPED).status_code == 303
    ((rent,), _more) = recurring_costs(session, pool)
    for page in ("/costs", f"/costs/pools/{pool}", address, "/costs/recurring"):
        shown = text(client.get(page))
        assert shown.count(f"/costs/recurring/{rent.id}/accept") == 2, page  # 2025 and 2026
    assert "Enter 2 recurring costs" in text(client.get("/today"))

    here = f"/costs/recurring/{rent.id}"
    for _twice in range(2):
        taken = client.post(f"{here}/accept", data={"day": "2025-01-01", "revision": 0, "from": "all"})
        assert (taken.status_code, taken.location) == (303, "/costs/recurring")
    changing = f"{here}/change?day=2026-01-01"
    assert 'value="300.00"' in text(client.get(changing))
    bill = {"service_date": "2026-02-03", "supplier": "Huber", "net": "310", "kind": "running", "revision": "0"}
    tenfold = bill | {"net": "3100", "kind": "fixed"}
    assert client.post(changing, data=tenfold).status_code == 409  # asked about first
    assert client.post(changing, data=bill).status_code == 303
    assert client.post(changing, data=bill | {"net": "320"}).status_code == 409
    costs, _more = queries.costs(session, pool, limit=5)
    assert [(one.service_date, one.net_cents) for one in costs] == [
        (date(2026, 2, 3), 31_000),
        (date(2025, 1, 1), 30_000),
    ]
    page = text(client.get(here))
    assert page.count("cost entered") == 2
    assert client.post(here, data=TYPED | {"every_months": "1", "revision": "0"}).status_code == 409
    monthly = TYPED | {"name": "Water", "every_months": "1", "first_on": "2026-05-01", "last_on": "2026-05-31"}
    assert client.post(f"{address}/new", data=monthly).status_code == 303
    water = f"/costs/recurring/{recurring_costs(session, pool)[0][1].id}"
    client.post(f"{water}/dismiss", data={"day": "2026-05-01"})
    assert "dismissed" in text(client.get(water))
    client.post(f"{water}/propose", data={"day": "2026-05-01"})
    assert client.post(f"{water}/delete", data={"revision": 0}).status_code == 303
    assert [one.name for one in recurring_costs(session, pool)[0]] == ["Rent"]


def test_a_budget_is_entered_and_shown_with_the_difference(session, sample_ring, pool, log_in, karl, rita, anna):
    client, address = log_in(sample_ring.karl_login), f"/costs/pools/{pool}/budget?year=2026"
    rows = {"rows-0-kind": "fixed", "rows-0-net": "250", "rows-1-kind": "running", "rows-1-net": "", "revision": "0"}
    assert client.post(address, data=rows | {"rows-0-net": "-1"}).status_code == 422
    assert client.post(address, data=rows).status_code == 303
    assert client.post(address, data=rows).status_code == 409  # another window
    bill = {"pool_id": pool, "service_date": "2026-02-01", "supplier": "Huber", "kind": "fixed", "net_cents": 30_000}
    assert karl.post("/costs", bill).status_code == 201
    assert "€50.00 over" in text(client.get(f"/costs/pools/{pool}?year=2026"))
    assert "€300.00 of €250.00 entered" in text(client.get("/costs?year=2026"))

    stored = rita.get(f"/pools/{pool}/budget", year=2026)
    assert stored.json["total"] == {"kind": "", "budget_cents": 25_000, "actual_cents": 30_000, "left_cents": -5_000}
    facts = {"year": 2026, "kinds": [{"kind": "running", "net_cents": 7}]}
    assert anna.put(f"/pools/{pool}/budget", facts).status_code == 403
    assert karl.put(f"/pools/{pool}/budget", facts | {"year": 1989}).status_code == 422
    assert karl.put(f"/pools/{pool}/budget", facts | {"kinds": facts["kinds"] * 2}).status_code == 422
    assert karl.put(f"/pools/{pool}/budget", facts, **{"If-Match": '"9"'}).status_code == 412
    changed = karl.put(f"/pools/{pool}/budget", facts, **{"If-Match": stored.headers["ETag"]})
    assert [one["budget_cents"] for one in changed.json["kinds"]] == [None, 7]


def test_programs_enter_what_comes_again_and_answer_proposals(sample_ring, pool, karl, rita, anna):
    address, facts = f"/pools/{pool}/recurring-costs", FACTS | {"first_on": "2024-01-01"}
    assert anna.post(address, facts).status_code == 403
    assert karl.post(address, facts | {"every_months": 2}).status_code == 422
    made = karl.post(address, facts)
    assert (made.status_code, made.json["is_used"]) == (201, False)
    assert karl.post(address, facts).json["code"] == "name_taken"
    here = f"/recurring-costs/{made.json['id']}"
    proposed = rita.get("/recurring-costs/proposed", pool_id=pool, limit=2).json
    assert ([one["begins_on"] for one in proposed["items"]], proposed["next"]) == (["2024-01-01", "2025-01-01"], "2")

    seen = {"If-Match": f'"{proposed["items"][0]["revision"]}"'}
    changed = karl.put(here, facts | {"net_cents": 30_001})
    assert karl.post(f"{here}/accept", {"begins_on": "2024-01-01"}, **seen).status_code == 412
    seen["If-Match"] = changed.headers["ETag"]
    answers = [karl.post(f"{here}/accept", {"begins_on": "2024-01-01"}, **seen) for _twice in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]
    other = karl.post(f"{here}/accept", {"begins_on": "2024-01-01", "net_cents": 5})
    assert (other.status_code, other.json["code"]) == (409, "period_answered")
    assert karl.post(f"{here}/accept", {"begins_on": "2024-01-02"}).json["code"] == "not_proposed"
    assert karl.post(f"{here}/dismiss", {"begins_on": "2025-01-01"}).json["is_proposed"] is False
    assert karl.post(f"{here}/propose", {"begins_on": "2025-01-01"}).json["is_proposed"] is True
    assert karl.post(f"{here}/propose", {"begins_on": "2025-01-02"}).json["code"] == "not_proposed"
    assert karl.put(here, facts | {"net_cents": 31_000}).json["net_cents"] == 31_000
    assert karl.post(f"{here}/delete").json["code"] == "recurring_cost_used"
    unused = karl.post(address, facts | {"name": "Tax"}).json["id"]
    first = karl.get(address, limit=1).json
    assert ([one["name"] for one in first["items"]], first["next"]) == (["Rent"], "1")
    assert karl.get(address, limit=1, cursor=1).json["next"] is None
    assert karl.post(f"/recurring-costs/{unused}/delete", **{"If-Match": '"7"'}).status_code == 412
    for _twice in range(2):  # the second is the stored reply
        gone = karl.post(f"/recurring-costs/{unused}/delete", **{"Idempotency-Key": "delete-tax"})
        assert [one["name"] for one in gone.json["items"]] == ["Rent"]
    assert karl.post("/recurring-costs/999/accept", {"begins_on": "2024-01-01"}).status_code == 404
    assert rita.post(f"{here}/accept", {"begins_on": "2025-01-01"}).status_code == 403
    assert len(rita.get(address).json["items"]) == 1
