"""Two windows on one record: the second one to save sees what the first one stored, and loses nothing."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from billing.pools import costs, pools
from billing.pools.costs import CostEntry
from billing.tariffs import tariffs
from billing.tariffs.tariffs import TariffEntry
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with


@dataclass(frozen=True)
class Record:
    """A page that changes a record: who may, where, and two of its fields with what is typed into them.

    field, theirs, mine: both windows change it. other, follows: only the first window does. label: how the page
    calls that one.
    """

    who: str
    address: str
    field: str
    theirs: str
    mine: str
    other: str
    follows: str
    label: str
    sent_to: str = ""


RECORDS = {
    "settings": Record("rita", "/admin/settings", "name", "Ring A", "Ring B", "objection_days", "21", "Days in which"),
    "member": Record("rita", "/admin/members/{anna}", "name", "Hof A", "Hof B", "phone", "08841 1", "Phone"),
    "roles": Record(
        "rita",
        "/admin/logins/{karl_login}",
        "member_number",
        "M-Anna",
        "M-Bernd",
        "is_admin",
        "y",
        "Administrator",
        "/admin/logins/{karl_login}/roles",
    ),
    "workshop": Record("wanda", "/workshop/hall/edit", "name", "Hall A", "Hall B", "monday", "8:00-12:00", "Monday"),
    "machine": Record(
        "wanda", "/machines/combine/edit", "name", "Combine A", "Combine B", "notice_hours", "48", "Notice"
    ),
    "tariff": Record(
        "karl", "/costs/tariffs/{combine}/{tariff}", "note", "By A", "By B", "guest_price", "140.00", "guest"
    ),
    "pool": Record(
        "karl", "/costs/pools/{pool}/edit", "name", "Pool A", "Pool B", "kinds-1-kind", "fuel", "Kinds of cost"
    ),
    "cost": Record(
        "karl", "/costs/costs/{cost}", "supplier", "Shop A", "Shop B", "document", "4711", "Number of the bill"
    ),
}
PRICES = TariffEntry(date(2026, 1, 1), {"member": Decimal(115), "guest": Decimal(138)}, 1, 0, 0, "used", "")
BILL = CostEntry(date(2026, 11, 2), "Garage", "repair", 12_345, "", "")


@pytest.fixture
def ids(session, sample_ring):
    """What stands in the addresses."""
    with write_transaction(session):
        tariff = tariffs.enter_tariff(session, sample_ring.combine, PRICES, by=SOMEBODY, now=MONDAY).id
        made = {"rules": {"repair": "use"}, "charges_are": "income"}
        pool = pools.enter_pool(session, sample_ring.combine, "Combine", **made, by=SOMEBODY, now=MONDAY).id
        cost = costs.enter_cost(session, pool, BILL, by=SOMEBODY, now=MONDAY).id
    return {**vars(sample_ring), "tariff": tariff, "pool": pool, "cost": cost}


@pytest.fixture(params=sorted(RECORDS))
def record(request, ids):
    found = RECORDS[request.param]
    values = {**vars(found), "address": found.address.format(**ids), "sent_to": found.sent_to.format(**ids)}
    return Record(**values | {"sent_to": values["sent_to"] or values["address"]})


@pytest.fixture
def browser(record, log_in, sample_ring):
    return log_in(getattr(sample_ring, f"{record.who}_login"))


def opened(browser, record):
    """What the page would send, untouched."""
    return form_with(browser.get(record.address).text, record.field)


@pytest.fixture
def stale(browser, record):
    """The answer to the second window, after the first one saved."""
    first, second = opened(browser, record), opened(browser, record)
    saved = browser.post(record.sent_to, data={**first, record.field: record.theirs, record.other: record.follows})
    assert saved.status_code == 303
    return browser.post(record.sent_to, data={**second, record.field: record.mine})


def test_the_second_window_keeps_the_input_and_shows_the_stored_values(browser, stale, record):
    page, shown = html.unescape(stale.text), form_with(stale.text, record.field)

    assert stale.status_code == 409
    assert "This was changed after you opened it" in page
    assert f"the stored value is now “{record.theirs}”. Your own entry stays" in page
    assert record.label in page
    assert "so the form shows it too" in page
    assert (shown[record.field], shown[record.other]) == (record.mine, record.follows)
    assert f'href="{record.address}">Discard my entries and show the stored values' in page
    stored = opened(browser, record)
    assert (stored[record.field], stored[record.other]) == (record.theirs, record.follows)


def test_sent_again_it_is_stored_and_the_first_change_stays(browser, stale, record):
    answer = browser.post(record.sent_to, data=form_with(stale.text, record.field))

    assert answer.status_code == 303
    stored = opened(browser, record)
    assert (stored[record.field], stored[record.other]) == (record.mine, record.follows)


def test_a_third_change_is_reported_again(browser, stale, record):
    second = form_with(stale.text, record.field)
    third = browser.post(record.sent_to, data={**opened(browser, record), record.field: record.mine})
    assert third.status_code == 303

    again = browser.post(record.sent_to, data=second)

    assert again.status_code == 409
    assert "your form shows what is stored" in again.text
    assert browser.post(record.sent_to, data=form_with(again.text, record.field)).status_code == 303


def test_a_form_without_a_revision_keeps_all_input(browser, record):
    """A program, or a page of before this was told."""
    first, second = opened(browser, record), opened(browser, record)
    browser.post(record.sent_to, data={**first, record.field: record.theirs, record.other: record.follows})
    del second["original_checksums"]

    answer = browser.post(record.sent_to, data={**second, record.field: record.mine})

    shown = form_with(answer.text, record.field)
    assert answer.status_code == 409
    assert shown[record.field] == record.mine
    assert shown.get(record.other, "") == second.get(record.other, "")


@pytest.mark.parametrize(("address", "renamed"), [("/machines/{}/edit", "combine"), ("/workshop/{}/edit", "hall")])
def test_a_short_name_changed_meanwhile_leads_to_the_same_record(log_in, sample_ring, address, renamed):
    wanda, old, new = log_in(sample_ring.wanda_login), address.format(renamed), address.format("renamed")
    second = {**form_with(wanda.get(old).text, "slug"), "name": "Mine"}
    assert wanda.post(old, data={**second, "name": "Theirs", "slug": "renamed"}).status_code == 303

    stale = wanda.post(old, data=second)

    shown = form_with(stale.text, "slug")
    assert stale.status_code == 409
    assert (shown["slug"], shown["name"]) == ("renamed", "Mine")
    assert wanda.post(old, data=shown).status_code == 303
    assert form_with(wanda.get(new).text, "slug")["name"] == "Mine"


@pytest.mark.parametrize("told", ["99999999999999999999999", "-1", "0", "x", "4711"])
def test_any_record_sent_by_a_form_is_answered(log_in, sample_ring, told):
    wanda = log_in(sample_ring.wanda_login)
    sent = form_with(wanda.get("/machines/combine/edit").text, "slug")

    answer = wanda.post("/machines/combine/edit", data={**sent, "record_id": told})

    is_number = told not in {"x", "99999999999999999999999"}  # more than 64 bits are none
    assert answer.status_code == (404 if told == "4711" else 303 if is_number else 422)


def test_the_record_of_another_workshop_looks_like_a_missing_one(log_in, sample_ring):
    wanda = log_in(sample_ring.wanda_login)
    sent = form_with(wanda.get("/machines/combine/edit").text, "slug")

    assert wanda.post("/machines/combine/edit", data={**sent, "record_id": sample_ring.laser}).status_code == 404


@pytest.mark.parametrize("seen", ["", "x", ":::", "name:", "name:zzzzzzzz " * 50, "näme:\u202e"])
def test_any_original_value_sent_by_a_form_is_answered(log_in, sample_ring, seen):
    rita = log_in(sample_ring.rita_login)
    sent = {
        **form_with(rita.get("/admin/settings").text, "name"),
        "revision": "7",
        "name": "Mine",
        "original_checksums": seen,
    }

    answer = rita.post("/admin/settings", data=sent)

    assert answer.status_code == 409
    assert form_with(answer.text, "name")["name"] == "Mine"


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("rita", "/admin/settings"),
        ("rita", "/admin/logins/invite"),
        ("wanda", "/workshop/closures/new"),
        ("wanda", "/machines/combine/edit"),
        ("karl", "/costs/pools/new"),
        ("anna", "/reservations/new?machine=combine"),
        ("anna", "/feeds/new"),
        ("anna", "/account/password"),
    ],
)
def test_a_fresh_form_reports_no_change(log_in, sample_ring, who, address):
    page = log_in(getattr(sample_ring, f"{who}_login")).get(address)

    assert page.status_code == 200
    assert "was changed after you opened it" not in page.text
