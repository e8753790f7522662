"""Before what cannot be undone: its sums, and beside them what takes it back. One row for each verb of money."""

from __future__ import annotations

import re

import pytest

from billing.closing.periods import set_period_length
from billing.fees.posting import enter_fee
from tests.integration.documents.documents_ring import able_to_issue, invoice
from tests.integration.money.harvester_pool import cost, do, post
from tests.web.costs.test_balances import CALL

JUNE = "from=2026-06-01&until=2026-06-30"
BY_REVERSAL = "A mistake is taken back by a reversal, which stays visible too."
DUES = {
    "amount": "60",
    "since": "2026-01-01",
    "until": "2026-12-31",
    "members_on": "2026-11-23",
    "price_classes": ["member"],
    "text": "Dues 2026",
    "tax_code": "outside",
}


@pytest.mark.usefixtures("app_context")
def test_each_verb_that_cannot_be_undone_shows_its_sums_and_what_takes_it_back(
    session, sample_ring, log_in, seven, charged, plywood
):
    able_to_issue(session, *seven, sample_ring.anna, other_code="standard")
    do(session, set_period_length, "month")
    cost(session, charged, "variable", 1_148_230)
    posted, fee = post(session, charged), do(session, enter_fee, plywood)
    cost(session, charged, "fixed", 2_431_655)
    (issued,) = invoice(session, sample_ring.anna)
    karl = log_in(sample_ring.karl_login)
    tariff = {"valid_from": "2026-02-01", "member_price": "150", "guest_price": "160", "basis": "used"}

    shown = {
        "allocate": (f"/costs/pools/{charged}/allocate?{JUNE}", None, "€24,316.55", BY_REVERSAL),
        "reverse an allocation": (
            f"/costs/allocations/{posted}",
            None,
            "6 members together get back €11,482.30",
            "a reversal is not reversed: a new allocation takes its place",
        ),
        "call an advance": (f"/costs/pools/{charged}/advances", CALL, "7 members will owe €4,000.00", BY_REVERSAL),
        "call dues": ("/fees/dues", DUES, "9 members will owe €540.00", BY_REVERSAL),
        "reverse a fee": (
            f"/fees/{fee}",
            None,
            "-€32.48 is posted",
            "The reversal itself cannot be taken back: enter the fee again.",
        ),
        "issue invoices": ("/invoices/run", None, "€11,482.30", "A mistake is taken back by a correction"),
        "take an invoice back": (f"/invoices/{issued}", None, "-€32.48", "The lines can be invoiced again."),
        "issue statements": (
            f"/invoices/statements?{JUNE}",
            None,
            "Owed at the end",
            "where something is posted for these days later, the next one states it",
        ),
        "close a period": (
            "/costs/periods/2026-06",
            None,
            "are sealed with a hash",
            "no reversal takes that back. A late bill becomes a correction run",
        ),
        "export": (
            "/costs/exports/new?what=journal_csv&year=2026&month=6",
            None,
            "Sum of the debits",
            "it is not taken back; the entries can be written into a further file",
        ),
        "price again": (
            f"/costs/tariffs/{sample_ring.combine}/new",
            tariff,
            "€31,780.00 were charged; by this tariff it is €34,050.00, a difference of €2,270.00",
            "a further tariff for the same day takes it back in the same way",
        ),
    }
    missing = []
    for verb, (address, sent, figure, way_back) in shown.items():
        answer = karl.get(address) if sent is None else karl.post(address, data=sent | {"show": "1"})
        words = " ".join(re.sub(r"<[^>]*>", "", answer.text).split()).replace("&#39;", "'")
        missing += [(verb, one) for one in (figure, way_back) if one not in words]
    assert missing == []
