"""The lines of documents: the VAT of what is counted against a share, and the working that explains an amount."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from flask_babel import force_locale

from app.documents.composer import TextComposer, _of_use
from app.documents.sheet import footer
from app.wording.formats import format_bare_price
from billing.allocations.advances import AdvanceInput, post_advance
from billing.allocations.allocations import reverse_allocation
from billing.charges.charges import charge_for
from billing.documents.drafts import drafts
from billing.documents.texts import Heading
from billing.ledger import entries
from billing.models.party import RING
from billing.parties.party import PartyInput, change_party
from billing.pools.pools import change_pool
from billing.prices.pricing import PriceCalculation
from billing.prices.working import Part, WorkingLine
from billing.queries.documents import document
from billing.tariffs.tariffs import enter_tariff
from booking.queries import counted_uses
from tests.integration.documents.documents_ring import (
    PER_HECTARE,
    TODAY,
    able_to_issue,
    charge_more,
    invoice,
    take_back,
)
from tests.integration.money.harvester_pool import JUNE, RULES, cost, do, post, use
from tests.integration.money.test_dated_classes import correct_amount
from tests.integration.money.test_ledger_races import statements_of

pytestmark = pytest.mark.usefixtures("app_context")


def test_what_is_counted_goes_back_with_the_vat_with_which_it_came(session, sample_ring, pool, seven, monkeypatch):
    do(session, change_pool, pool, "Harvester", RULES, charges_are="advance")
    able_to_issue(session, *seven, advance_code="outside")
    do(session, enter_tariff, sample_ring.combine, PER_HECTARE)
    for use_of_june in counted_uses(session, sample_ring.combine, *JUNE, steps=1):
        do(session, charge_for, use_of_june.usage_id)
    nothing = use(session, sample_ring.combine, seven[6], 50)
    do(session, charge_for, nothing)
    correct_amount(session, nothing, 0)
    do(session, charge_for, nothing)  # the charge and its reversal are both counted, no line is left of them
    do(session, post_advance, pool, AdvanceInput(*JUNE, shares_on=JUNE[0], unit_cents=10_000))
    cost(session, pool, "basic fee", 70_000)
    cost(session, pool, "variable", 1_148_230)
    with monkeypatch.context() as before:  # all kinds were one line
        parts = entries.counted_parts
        before.setattr(entries, "counted_parts", lambda *of: [one._replace(kind=(False, "")) for one in parts(*of)])
        posted = post(session, pool)
    found = drafts(session, TODAY)
    assert {each.problems for member_id, each in found.items() if member_id != seven[6]} == {("mixed_codes",)}

    do(session, reverse_allocation, posted, "A line for each VAT")  # the way out that is named
    post(session, pool)

    found = drafts(session, TODAY)
    assert {each.problems for each in found.values()} == {()}
    with statements_of(session) as sent:
        assert drafts(session, TODAY, [seven[0]]) == {seven[0]: found[seven[0]]}
    (counting,) = (one for one in sent if "FROM billing_allocation_charge" in one)
    assert "billing_allocation_charge.member_id IN" in counting, "a run asks member by member"

    def lines(member_id):
        return sorted(
            (line.topic, line.treatment.category, line.cents)
            for draft in found[member_id].drafts
            for line in draft.lines
            if line.topic != "share"
        )

    # The use of the last one came to nothing: only the advance, outside VAT, is counted. The charges of the first go
    # back with theirs.
    assert lines(seven[6]) == [("advance", "O", 20_000), ("counted", "O", -20_000)]
    assert [one for one in lines(seven[0]) if one[0] != "use"] == [
        ("advance", "O", 100_000),
        ("counted", "O", -100_000),
        ("counted", "S", -856_800),
    ]

    able_to_issue(session, *seven)
    (first,) = invoice(session, seven[0])
    workings = [text for line in document(session, first).lines for text, _figure in line.working]
    assert any("61,20 ha" in text and "227,00 ha" in text for text in workings), workings


def test_what_is_counted_is_credited_as_it_was_invoiced_whatever_is_said_since(session, sample_ring, seven, charged):
    able_to_issue(session, *seven)
    (_whole,), (wrong,) = invoice(session, seven[0]), invoice(session, seven[2])
    able_to_issue(session, *seven, use_code="reduced")
    charge_more(session, sample_ring.combine, seven[2], 100)
    invoice(session, seven[2])
    cost(session, charged, "variable", 1_148_230)
    post(session, charged)

    def counted(member_id):
        lines = [line for draft in drafts(session, TODAY)[member_id].drafts for line in draft.lines]
        return {int(line.treatment.percent) for line in lines if line.topic == "counted"}

    assert [counted(each) for each in seven[:2]] == [{19}, {7}]
    assert drafts(session, TODAY)[seven[2]].problems == ("mixed_vat",)
    take_back(session, wrong)  # the way out that is named
    assert counted(seven[2]) == {7}


def test_an_xrechnung_needs_a_contact_of_the_ring(session, charged_ring):
    do(session, change_party, charged_ring.anna, PartyInput(leitweg_id="04011000-1234512345-06"))
    do(session, change_party, RING, PartyInput(tax_number="119/815/08151", contact_name="Karl"))
    assert drafts(session, TODAY)[charged_ring.anna].problems == ("contact",)
    do(session, change_party, charged_ring.anna, PartyInput())
    assert drafts(session, TODAY)[charged_ring.anna].problems == ()


@pytest.mark.of_sqlite
def test_a_price_has_two_to_four_decimals_and_an_iban_stays_in_one_line(app):
    with app.app_context(), force_locale("de"):
        prices = [format_bare_price(Decimal(one)) for one in ("5565.4", "1.34453", "100")]
        names = ("name", "street", "postcode", "town", "tax_number", "vat_id", "contact_name", "contact_phone", "email")
        *_others, numbers = footer(dict.fromkeys(names, "") | {"iban": "DE02120300000000202051"})
    assert prices == ["5.565,40", "1,3445", "100,00"]
    assert numbers == ["IBAN: DE02\u00a01203\u00a00000\u00a00000\u00a02020\u00a051"]


def test_the_working_of_a_line_adds_up(app):
    with app.app_context(), force_locale("de"):
        assert_workings()


def assert_workings():
    one_price = PriceCalculation("booked", 100, 100, 100, 1, 100, 0, 100, 100, Decimal(140), 14_000, 20_000, 20_000)
    figures = [figure.replace("\u00a0", " ") for _text, figure in _of_use(one_price.as_json(), "ha")]
    assert figures == ["1,00 ha", "140,00 €", "60,00 €", "200,00 €"]
    parts = WorkingLine("use", 14_000, "", "ha", 100, 100, 100, 1, 100, 0, 100, parts=(Part(100, Decimal(140)),))
    several = replace(one_price, cents=14_500, lines=(parts, WorkingLine("fixed", 500, "Reinigung")))
    assert _of_use(several.as_json(), "ha")[-2:] == (("Reinigung", "5,00\u00a0€"), ("Preis", "145,00\u00a0€"))


def test_a_sum_of_nothing_asks_for_nothing(app_context):
    heading = Heading("invoice", "R-2026-00001", TODAY, TODAY, 0, "", ())
    assert TextComposer.texts(TextComposer.__new__(TextComposer), heading)["terms"] == (
        "Auf diesen Beleg ist nichts zu zahlen."
    )
