"""What a treasurer changes on pages, by calls too: pools, shares, bills, allocations, addresses, terms of documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, select

from app.api.members import member_address
from app.auth.current_login import current_actor
from app.extensions import db
from billing.models import FailedFile
from billing.parties.party import party
from billing.queries.balances import balance_of
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, change_member
from booking.models import Member
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import able_to_issue, charge_use, invoice
from tests.integration.money.harvester_pool import cost, do, post
from tests.integration.money.test_ledger_races import statements_of

pytestmark = [pytest.mark.of_sqlite, pytest.mark.usefixtures("app_context")]
API = "/api/v1"


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def anna(sample_ring, log_in):
    return log_in(sample_ring.anna_login)


def test_a_pool_is_opened_changed_and_its_shares_are_set(session, sample_ring, karl, anna):
    wanted = {"what": "machines", "machine_ids": [sample_ring.laser], "name": "Laser", "rules": {"tube": "use"}}
    assert anna.post(f"{API}/pools", json=wanted).status_code == 403
    assert karl.post(f"{API}/pools", json=wanted | {"what": "ring"}).status_code == 422
    made = karl.post(f"{API}/pools", json=wanted)
    assert (made.status_code, made.json["rules"], made.json["charges_are"]) == (201, {"tube": "use"}, None)
    address = f"{API}/pools/{made.json['id']}"
    assert karl.post(f"{API}/pools", json=wanted).json["code"] == "name_taken"

    tag = {"If-Match": made.headers["ETag"]}
    changed = karl.patch(address, json={"charges_are": "advance"}, headers=tag)
    assert (changed.json["name"], changed.json["rules"], changed.json["charges_are"]) == (
        "Laser",
        {"tube": "use"},
        "advance",
    )
    assert karl.patch(address, json={"name": "Laser 2"}, headers=tag).status_code == 412
    assert karl.get(address).json == changed.json

    holding = {"member_id": sample_ring.anna, "valid_from": "2026-01-01", "shares": 3}
    assert karl.put(f"{address}/shares", json=holding).json == holding | {"outlasts_membership": False}
    assert karl.put(f"{address}/shares", json=holding | {"shares": 4}).status_code == 200
    assert karl.put(f"{address}/shares", json=holding | {"member_id": 99_999}).status_code == 404
    assert karl.put(f"{address}/shares", json=holding | {"valid_from": "2026-07-01"}).status_code == 200
    with statements_of(session) as sent:
        pages = [karl.get(f"{address}/shares?limit=1&cursor={cursor}").json for cursor in (0, 1)]
    assert [(row["shares"], row["valid_from"]) for page in pages for row in page["items"]] == [
        (4, "2026-01-01"),
        (3, "2026-07-01"),
    ]
    assert [page["next"] for page in pages] == ["1", None]
    assert all("LIMIT" in statement for statement in sent if "FROM billing_share" in statement)


def test_a_bill_is_corrected_while_it_waits_and_an_allocation_is_taken_back(session, karl, seven, pool, anna):
    first = cost(session, pool, "basic fee", 7_000)
    address = f"{API}/costs/{first}"
    read = karl.get(address)
    bill = {"service_date": "2026-06-20", "supplier": "Ring", "kind": "basic fee", "net_cents": 70_000}
    unusual = karl.put(address, json=bill | {"kind": "tea"})
    assert unusual.status_code == 422
    changed = karl.put(address, json=bill, headers={"If-Match": read.headers["ETag"]})
    assert (changed.status_code, changed.json["net_cents"]) == (200, 70_000)
    assert karl.put(address, json=bill, headers={"If-Match": read.headers["ETag"]}).status_code == 412
    second = cost(session, pool, "basic fee", 100)
    assert karl.post(f"{API}/costs/{second}/delete").json["unallocated_cents"] == 70_000
    assert karl.get(f"{API}/costs/{second}").status_code == 404

    allocation = post(session, pool)
    assert balance_of(session, seven[0]).cents == 10_000
    assert karl.put(address, json=bill).status_code == 409
    back = f"{API}/allocations/{allocation}/reverse"
    assert anna.post(back, json={"reason": "No"}).status_code == 403
    made = karl.post(back, json={"reason": "Wrong"})
    assert (made.status_code, made.json["reverses_id"], made.json["total_cents"]) == (201, allocation, -70_000)
    assert karl.post(back, json={"reason": "Again"}).json["code"] == "already_reversed"
    session.rollback()
    assert balance_of(session, seven[0]).cents == 0


def test_what_documents_need_is_entered_by_calls(app, session, sample_ring, karl, anna, monkeypatch):
    address = f"{API}/members/{sample_ring.anna}/address"
    whole = {"street": "Hauptstr. 1", "postcode": "82418", "town": "Murnau"}
    assert anna.put(address, json=whole).status_code == 403
    assert karl.put(address, json=whole | {"postcode": "8"}).status_code == 422
    read = karl.get(address)
    assert karl.put(address, json=whole, headers={"If-Match": read.headers["ETag"]}).json["town"] == "Murnau"
    assert karl.put(address, json=whole, headers={"If-Match": read.headers["ETag"]}).status_code == 412
    assert karl.get(f"{API}/members/99999/address").status_code == 404

    def renamed_meanwhile():
        with app.app_context():
            other = db.session()
            do(
                other,
                change_member,
                sample_ring.anna,
                replace(MemberInput.of(other.get(Member, sample_ring.anna)), name="Anna Neu"),
            )
        return current_actor()

    with monkeypatch.context() as between:
        between.setattr(member_address, "current_actor", renamed_meanwhile)
        assert karl.put(address, json=whole | {"town": "Seehausen"}).status_code == 412
    assert karl.get(address).json["town"] == "Murnau"

    regimes = f"{API}/members/{sample_ring.anna}/vat-regimes"
    karl.post(regimes, json={"valid_from": "2026-01-01", "regime": "small"})
    assert karl.post(f"{regimes}/take-back", json={"valid_from": "2026-01-01"}).json["vat_regimes"] == []
    karl.post(f"{API}/ring/vat-regimes", json={"valid_from": "2026-01-01", "regime": "small"})
    karl.post(f"{API}/ring/vat-regimes/take-back", json={"valid_from": "2026-01-01"})
    assert party(session, 0).regimes == ()

    terms = f"{API}/document-terms"
    read = karl.get(terms)
    changed = karl.patch(
        terms, json={"pay_days": 30, "use_code": "reduced"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert changed.json == read.json | {"pay_days": 30, "use_code": "reduced"}
    assert karl.patch(terms, json={"use_code": None}).json["use_code"] is None
    assert karl.patch(terms, json={"pay_days": 366}).status_code == 422
    sentence = {"reason": "small", "valid_from": "2026-01-01", "text": "Steuerfrei nach § 19 UStG."}
    assert sentence in karl.post(f"{terms}/vat-texts", json=sentence).json["items"]
    assert sentence in karl.get(f"{terms}/vat-texts").json["items"]


def test_a_file_that_could_not_be_made_is_tried_again_by_a_call(session, sample_ring, karl, anna):
    able_to_issue(session, sample_ring.anna)
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    (first,) = invoice(session, sample_ring.anna)
    later = MONDAY.replace(year=2027)
    failed = {"reason": "no such sign", "attempts": 1, "failed_at": MONDAY, "next_attempt_at": later}
    with write_transaction(session):
        session.execute(insert(FailedFile).values(document_id=first, **failed))
    assert anna.post(f"{API}/invoices/{first}/file").status_code == 403
    assert karl.post(f"{API}/invoices/{first}/file").json["has_file"] is False
    session.rollback()
    assert session.scalar(select(FailedFile.next_attempt_at)).date() == date(2026, 11, 23)
    assert karl.post(f"{API}/invoices/999/file").status_code == 404
