"""Materials as pages and calls: entered, received, sold by itself and at a slip, taken back by the treasurer."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from flask_babel import force_locale

from app.wording.errors import sentence_of
from billing.errors.fee_errors import StockTooLow
from billing.fees.materials import enter_material, receive
from billing.fees.stock import units
from billing.queries.balances import balance_of, made_of
from billing.queries.materials import material, materials, stock_moves, taken_for
from tests.integration.documents.documents_ring import TODAY
from tests.integration.machines.test_materials import PLYWOOD, stock
from tests.integration.money.test_allocations import do, use
from tests.integration.money.test_ledger_races import statements_of
from tests.web.costs.test_costs_pages import text

pytestmark = pytest.mark.of_sqlite
FACTS = {"name": "Plywood <b>", "unit": "m²", "unit_price": "12,99", "tax_code": "standard", "is_sold": "y"}


@pytest.fixture
def wanda(sample_ring, log_in):
    return log_in(sample_ring.wanda_login)


def key_in(answer):
    return re.search(r'name="form_key"[^>]*value="([^"]+)"', text(answer))[1]


def test_a_manager_enters_receives_and_sells_what_her_own_workshop_sells(app, session, sample_ring, wanda, log_in):
    sent = wanda.post("/fees/materials/new", data=FACTS | {"workshop": str(sample_ring.hall)})
    assert sent.status_code == 303
    here = sent.location
    for wrong in ({"workshop": str(sample_ring.lab)}, {"unit_price": "0"}, {"unit": ""}, {"name": ""}, {}):
        answer = wanda.post("/fees/materials/new", data=FACTS | {"workshop": str(sample_ring.hall)} | wrong)
        assert answer.status_code in (409, 422), wrong  # the last one: the name is taken
    for kind, quantity, status in (
        ("receipt", "10", 303),
        ("receipt", "0", 422),
        ("count", "-1", 422),
        ("x", "1", 422),
    ):
        assert wanda.post(f"{here}/stock", data={"kind": kind, "quantity": quantity}).status_code == status

    delivered = {"kind": "receipt", "quantity": "5", "form_key": key_in(wanda.get(here))}
    for _click in range(2):
        assert wanda.post(f"{here}/stock", data=delivered).status_code == 303
    assert wanda.post(f"{here}/stock", data={"kind": "count", "quantity": "10"}).status_code == 303
    moves = [units(one.quantity) for one in stock_moves(session, int(here.rsplit("/", 1)[1]))[0]]
    assert moves == [Decimal(-5), Decimal(5), Decimal(10)]

    sale = {"q": "Anna", "found_for": "Anna", "member": str(sample_ring.anna), "quantity": "2,5"}
    sale["service_date"] = TODAY.isoformat()
    key = key_in(wanda.get(f"{here}/sell"))
    for _click in range(2):
        assert wanda.post(f"{here}/sell", data=sale | {"form_key": key}).status_code == 303
    assert made_of(session, sample_ring.anna) == {"material": 3_248}
    page = text(wanda.get(here))
    assert all(words in page for words in ("Plywood &lt;b&gt;", "7.5 m²", "-2.5 m²", "Goods received", "Anna")), page
    refused = wanda.post(f"{here}/sell", data=sale | {"quantity": "8"})
    assert (refused.status_code, "There is 7.5 m² in stock" in text(refused)) == (409, True)
    with app.test_request_context(), force_locale("de"):
        assert "Vorrätig sind 7,5 m²" in sentence_of(StockTooLow(stock=Decimal("7.5"), unit="m²"))

    changed = FACTS | {"unit_price": "14", "revision": "0", "workshop": str(sample_ring.hall)}
    assert wanda.post(f"{here}/edit", data=changed).status_code == 303
    assert wanda.post(f"{here}/edit", data=changed | {"unit_price": "15"}).status_code == 409
    stale = wanda.post(f"{here}/sell", data=sale | {"price": "12.99", "quantity": "1,25"})
    assert (stale.status_code, "costs 14 euro for 1 m² by now" in text(stale)) == (409, True)
    assert re.search(r'name="price"[^>]*value="14(\.0+)?"', text(stale)), "sent again, it is agreed to"
    assert 'value="1,25"' in text(stale)
    assert wanda.post(f"{here}/edit", data=changed | {"unit_price": "1", "revision": "1"}).status_code == 303
    nothing = wanda.post(f"{here}/sell", data=sale | {"quantity": "0.001"})
    assert (nothing.status_code, "The fee must be at least one cent" in text(nothing)) == (422, True)
    assert wanda.post(f"{here}/edit", data=changed | {"revision": "2"}).status_code == 303

    anna = log_in(sample_ring.anna_login)
    seen = text(anna.get(here))
    assert "14.00" in seen
    assert "Goods received" not in seen
    assert "Plywood" in text(anna.get("/fees/materials"))
    assert anna.get(f"{here}/sell").status_code == 403


def test_material_is_taken_at_a_slip_by_its_member_and_stands_beside_the_price(session, sample_ring, log_in):
    plywood = do(session, enter_material, sample_ring.hall, PLYWOOD)
    elsewhere = do(session, enter_material, sample_ring.lab, replace(PLYWOOD, name="Acrylic"))
    do(session, receive, plywood, Decimal(3), "")
    slip = use(session, sample_ring.combine, sample_ring.anna, 100)
    anna, bernd, karl = (
        log_in(one) for one in (sample_ring.anna_login, sample_ring.bernd_login, sample_ring.karl_login)
    )
    with statements_of(session) as sent:
        page = text(anna.get(f"/usage/{slip}"))
    assert sum("FROM billing_material" in one for one in sent) == 1  # up to 500 are read, once
    assert "Plywood 4 mm" in page
    assert "Acrylic" not in page
    taken = {"material": str(plywood), "quantity": "2"}
    assert anna.post(f"/usage/{slip}/material", data=taken).status_code == 303
    assert "25.98" in text(anna.get(f"/usage/{slip}"))
    (line,) = taken_for(session, slip)
    assert f'href="/fees/{line.fee_id}"' in text(anna.get(f"/usage/{slip}"))
    seen = text(log_in(sample_ring.wanda_login).get(f"/usage/{slip}"))
    assert ("Plywood 4 mm" in seen, f'href="/fees/{line.fee_id}"' in seen) == (True, False)  # she may not open it
    stale = anna.post(f"/usage/{slip}/material", data={"material": f"{plywood}@11.5", "quantity": "1"})
    assert (stale.status_code, "costs 12.99 euro for 1 m² by now" in text(stale)) == (409, True)
    for wrong, status in (({"quantity": "2"}, 409), ({"quantity": "0"}, 422), ({"material": str(elsewhere)}, 422)):
        assert anna.post(f"/usage/{slip}/material", data=taken | wrong).status_code == status, wrong
    assert bernd.post(f"/usage/{slip}/material", data=taken).status_code == 404

    assert karl.post(f"/fees/{line.fee_id}/reverse", data={"reason": "Falsch."}).status_code == 303
    assert (stock(session, plywood), balance_of(session, sample_ring.anna).cents) == (3, 0)
    assert "25.98" not in text(anna.get(f"/usage/{slip}"))


def test_materials_by_calls(session, sample_ring, wanda, log_in):
    facts = {"name": "Acrylic", "unit": "kg", "unit_price": "8.5", "vat_code": "standard"}
    assert wanda.post("/api/v1/materials", json=facts | {"workshop_id": sample_ring.lab}).status_code == 404
    made = wanda.post("/api/v1/materials", json=facts | {"workshop_id": sample_ring.hall})
    assert (made.status_code, made.json["stock"]) == (201, "0")
    here = f"/api/v1/materials/{made.json['id']}"
    assert wanda.post(f"{here}/moves", json={"kind": "receipt", "quantity": "4.25"}).json["stock"] == "4.25"
    sale = {"member_id": sample_ring.anna, "quantity": "5", "service_date": TODAY.isoformat()}
    assert wanda.post(f"{here}/sell", json=sale).json["code"] == "stock_too_low"
    stale = wanda.post(f"{here}/sell", json=sale | {"quantity": "0.25", "unit_price": "8.4"})
    assert (stale.status_code, stale.json["code"]) == (409, "material_price_changed")
    sold = wanda.post(f"{here}/sell", json=sale | {"quantity": "0.25", "unit_price": "8.50"})
    assert (sold.status_code, sold.json["cents"], sold.json["kind"]) == (201, 213, "material")
    assert wanda.put(here, json=facts | {"may_go_below": True}, headers={"If-Match": '"7"'}).status_code == 412
    assert wanda.put(here, json=facts | {"may_go_below": True}, headers={"If-Match": '"0"'}).json["may_go_below"]
    assert wanda.post(f"{here}/moves", json={"kind": "count", "quantity": "1"}).json["stock"] == "1"

    slip = use(session, sample_ring.combine, sample_ring.anna, 100)
    anna = log_in(sample_ring.anna_login)
    wanted = {"material_id": made.json["id"], "quantity": "2"}
    assert anna.post(f"/api/v1/usage/{slip}/materials", json=wanted).json["cents"] == 1_700
    assert anna.get(f"/api/v1/usage/{slip}/materials").json["items"][0]["quantity"] == "2"
    assert anna.get(here).json["stock"] == "-1"
    moves = wanda.get(f"{here}/moves?limit=2").json
    assert ([one["kind"] for one in moves["items"]], moves["next"]) == (["sale", "count"], "2")
    assert anna.get(f"{here}/moves").status_code == 403
    assert [one["name"] for one in anna.get("/api/v1/materials").json["items"]] == ["Acrylic"]
    assert anna.get("/api/v1/materials/4711").json["code"] == "material_not_found"
    assert len(materials(session)[0]) == 1
    assert material(session, made.json["id"]).revision == 1
