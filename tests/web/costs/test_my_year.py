"""A member's year on one page, and what the next use will cost, with its working."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.pages.costs.years.year_in_words import TOPIC_SENTENCES, cost_sentences
from app.wording.ledger import TOPIC_LABELS
from billing.fees.posting import FeeInput, enter_fee
from billing.queries.statements import Statement
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from tests.builders import hours, login, reserve
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import charge_use
from tests.integration.money.harvester_pool import IN_JUNE, do
from tests.web.costs.test_costs_pages import text

pytestmark = pytest.mark.of_sqlite


@pytest.fixture
def anna(session, sample_ring, log_in):
    charge_use(session, sample_ring.combine, sample_ring.anna, 1250, 300)
    return log_in(sample_ring.anna_login)


def test_the_year_stands_on_one_page_in_sentences_and_one_picture(anna):
    page = anna.get("/costs/mine/year")
    shown = text(page)

    for sentence in (
        "You used: Combine 2 times (15.50 ha).",
        "Your uses cost €2,170.00.",
        "On 23 Nov 2026 you owed the ring €2,170.00 in all.",
    ):
        assert sentence in shown, sentence
    assert page.text.count('<svg class="chart ') == 1
    assert "/costs/balance/statement?until=2026-11-23&amp;from=2026-01-01" in page.text
    assert "What your next use will cost" not in shown, "nothing is reserved"
    assert "You used no machine in this year." in text(anna.get("/costs/mine/year?year=2025"))
    assert anna.get("/costs/mine/year?year=never").status_code == 422


def test_fees_are_named_beside_the_use(session, sample_ring, anna):
    fee = FeeInput("other", sample_ring.anna, date(2026, 10, 1), "Replacement key", Decimal(1), Decimal(12))
    do(session, enter_fee, fee)

    assert "Fees of €12.00 were added." in text(anna.get("/costs/mine/year"))


def test_each_topic_has_its_sentence_also_where_more_was_given_back_than_was_owed(app):
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    made_of = {
        "dues": 5_000,
        "material": 1_234,
        "share": -10_000,
        "counted": 6_000,
        "advance": -700,
        "deposit": -5,
        "set_off": -1_000,
        "use": 0,
    }
    with app.test_request_context(headers={"Accept-Language": "en"}):
        said = cost_sentences(Statement(1, first, last, 0, made_of, 6), last)
        of_a_year_to_come = cost_sentences(Statement(1, first, last, 2_000, {}, 0), first)

    assert said == [
        "Membership dues of €50.00 were called.",
        "Material of €12.34 was charged.",
        "Deposits of €0.05 went back.",
        "Of your share of the costs of the machines, €100.00 was given back.",
        "€60.00 that had counted against it is owed again.",
        "Advances of €7.00 were taken back.",
        "€10.00 was set off against your equity.",
        "On 31 Dec 2026 you owed the ring €5.29 in all.",
    ]
    assert of_a_year_to_come == [], "nobody knows yet what will be owed then"
    kept_apart = {"counter", "equity", "use"}  # lines of no member; the charges have sentences of their own
    assert set(TOPIC_LABELS) - kept_apart == set(TOPIC_SENTENCES)


def test_the_next_use_is_priced_like_the_last_one_where_only_a_meter_will_tell(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 25, 29), now=MONDAY)

    shown = text(anna.get("/costs/mine/year"))

    assert "about €420.00" in shown, "3.00 ha at 140.00, as the last time"
    assert "3.00 ha × €140.00 per hectare" in shown
    assert "If you use as much as the last time, 3.00 ha on" in shown
    assert "/costs/mine/year#next" in anna.get("/today").text


def test_the_next_use_is_priced_by_its_time_or_by_the_unit(session, sample_ring, log_in):
    by_the_hour = TariffEntry(IN_JUNE.date(), {"member": Decimal(12), "guest": Decimal(15)})
    bernd = log_in(sample_ring.bernd_login)
    assert "What your next use will cost" not in text(bernd.get("/costs/mine/year"))
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 49, 52), now=MONDAY)
    assert "No price is known." in text(bernd.get("/costs/mine/year"))

    do(session, enter_tariff, sample_ring.splitter, by_the_hour)
    assert "about €36.00" in text(bernd.get("/costs/mine/year"))

    by_the_hectare = TariffEntry(IN_JUNE.date(), {"member": Decimal(140), "guest": Decimal(160)})
    do(session, enter_tariff, sample_ring.combine, by_the_hectare)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 25, 29), now=MONDAY)
    assert "Costs €140.00 per hectare, by actual use" in text(bernd.get("/costs/mine/year"))


def test_a_year_is_a_members_own(session, sample_ring, log_in, client):
    assert log_in(sample_ring.karl_login).get("/costs/mine/year").status_code == 403
    assert log_in(login(session, "Nora", now=MONDAY)).get("/costs/mine/year").status_code == 403
