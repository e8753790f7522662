"""The treasurer's desk: works; anonymous; wrong role; bad input; conflict; wrong method."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from app.exports import texts
from billing import queries
from billing.charges.charges import charge_for
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import KEYS, KINDS_MAX, OWN, enter_pool
from billing.pools.shares import set_shares
from billing.prices.price_windows import PriceWindow
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.charge_units import CHARGE_UNITS
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do, post, use

YEAR = date(2026, 1, 1), date(2026, 12, 31)
PRICES = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(115), "guest": Decimal(138)})
COST = {"service_date": "2026-06-20", "supplier": "Huber", "kind": "repair", "net": "1,234.50"}


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def anna(sample_ring, log_in):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def pool(session, sample_ring):
    """Anna and Bernd used the combine and hold shares; nothing is paid yet."""
    made = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use", "insurance": "shares"})
    for member_id, ares in ((sample_ring.anna, 200), (sample_ring.bernd, 100)):
        do(session, set_shares, made, member_id, 3, date(2026, 1, 1))
        use(session, sample_ring.combine, member_id, ares)
    return made


@pytest.fixture
def cost(session, pool):
    return do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", "repair", 10_001, document="R-17"))


@pytest.fixture
def posted(session, pool, cost):
    return post(session, pool, YEAR)


@pytest.fixture
def tariff(session, sample_ring):
    return do(session, enter_tariff, sample_ring.combine, PRICES)


def text(answer):
    return " ".join(answer.get_data(as_text=True).split())


# The year


def test_the_year_shows_what_is_divided_and_what_waits(session, karl, pool, posted):
    do(session, enter_cost, pool, CostEntry(date(2026, 8, 1), "Huber", "repair", 20_000))
    do(session, enter_cost, pool, CostEntry(date(2025, 12, 31), "Huber", "repair", 77_700))

    for page in (text(karl.get("/costs?year=2026")), text(karl.get("/costs?year=2026&page=1"))):
        assert "€100.01 of €300.01 is divided among the members." in page
        assert 'max="30001" value="10001"' in page
        assert "<dt>Still waiting</dt><dd>€200.00</dd>" in page


def test_what_was_reversed_waits_again(session, karl, posted):
    karl.post(f"/costs/allocations/{posted}/reverse", data={"reason": "Mistyped"})

    assert "€0.00 of €100.01 is divided among the members." in text(karl.get("/costs"))


# Tariffs


def test_the_treasurer_enters_a_tariff(session, sample_ring, karl):
    sent = {
        "valid_from": "2026-01-01",
        "member_price": "115.00",
        "guest_price": "1,138.0050",
        "basis": "used",
        "step": "0.25",
        "minimum_amount": "1",
        "minimum_charge": "50",
        "vat_code": "standard",
    }
    answer = karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=sent)

    assert (answer.status_code, answer.location) == (303, f"/costs/tariffs/{sample_ring.combine}")
    entered = queries.tariff_history(session, sample_ring.combine)[0]
    assert (entered.prices["guest"], entered.step_amount, entered.minimum_amount) == (Decimal("1138.0050"), 25, 100)
    assert entered.minimum_cents == 5_000
    page = text(karl.get(f"/costs/tariffs/{sample_ring.combine}"))
    assert "€1,138.005" in page
    assert "valid today" in page
    assert "included, Standard rate" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"member_price": "-1"},
        {"member_price": "=1+1"},
        {"member_price": "NaN"},
        {"member_price": "1.00001"},
        {"member_price": "2000000"},
        {"valid_from": ""},
        {"valid_from": "0001-01-01"},
        {"step": "0.001"},
        {"minimum_charge": "-1"},
        {"note": "x" * 10_000},
    ],
    ids=lambda changes: "-".join(f"{field} {value[:12]!r}" for field, value in changes.items()),
)
def test_an_impossible_tariff_is_refused_and_kept_in_the_form(session, sample_ring, karl, changes):
    sent = {"valid_from": "2026-01-01", "member_price": "115", "guest_price": "77.7", "basis": "used", **changes}
    answer = karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=sent)

    assert answer.status_code == 422
    assert "77.7" in text(answer)
    assert "Please check these points" in text(answer)
    assert queries.tariff_history(session, sample_ring.combine) == ()


def test_a_backdated_tariff_asks_for_confirmation_before_it_changes_charges(session, sample_ring, karl, tariff):
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_000)
    do(session, charge_for, slip)
    sent = {"valid_from": "2026-02-01", "member_price": "110", "guest_price": "138", "basis": "used"}

    asked = karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=sent)
    assert asked.status_code == 409
    assert "1 use is already priced within this time" in text(asked)
    assert "€1,150.00 were charged; by this tariff it is €1,100.00, a difference of -€50.00." in text(asked)

    done = karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=sent | {"reprice": "y"})
    assert done.status_code == 303
    charges, _more = queries.charges_of_member(session, sample_ring.anna)
    assert [charge.cents for charge in charges] == [110_000, -115_000, 115_000]


def test_steps_of_a_time_are_typed_and_shown_as_people_say_them(session, sample_ring, karl):
    address = f"/costs/tariffs/{sample_ring.splitter}"
    sent = {"valid_from": "2026-01-01", "member_price": "12", "guest_price": "15", "basis": "used", "step": "0:20"}
    assert karl.post(f"{address}/new", data=sent | {"minimum_amount": "1 h 30 min"}).status_code == 303

    entered = queries.tariff_history(session, sample_ring.splitter)[0]
    assert (entered.step_amount, entered.minimum_amount) == (1_200, 5_400)
    assert "1 h 30 min" in text(karl.get(address))
    form = text(karl.get(f"{address}/{entered.id}"))
    assert 'value="0:20"' in form
    assert 'value="1:30"' in form


PARTS = {
    "cap_day": "90",
    "month_free_amount": "0.5",
    "main_name": "Threshing",
    "tier_mode": "volume",
    "tiers-0-from_amount": "50",
    "tiers-0-member_price": "100",
    "tiers-0-guest_price": "120",
    "tiers-1-line": "Travel",
    "tiers-1-from_amount": "30",
    "tiers-1-member_price": "0.90",
    "tiers-1-guest_price": "1",
    "lines-0-name": "Travel",
    "lines-0-unit": "km",
    "lines-0-member_price": "1.10",
    "lines-0-guest_price": "1.30",
    "lines-0-free_amount": "2",
    "lines-0-free_times": "2",
    "adjustments-0-name": "Night",
    "adjustments-0-value": "-12.5",
    "adjustments-0-kind": "percent",
    "adjustments-0-applies": "times",
    "adjustments-0-weekdays": "127",
    "adjustments-0-from_time": "22:00",
    "adjustments-0-until_time": "6",
    "adjustments-0-from_day": "1.12.",
    "adjustments-0-until_day": "28.2",
}
FIRST = {"valid_from": "2026-01-01", "member_price": "115", "guest_price": "138", "basis": "used"}


def test_a_tariff_with_tiers_amounts_and_surcharges_is_entered_shown_and_changed(session, sample_ring, karl):
    address = f"/costs/tariffs/{sample_ring.combine}"

    assert karl.post(f"{address}/new", data=FIRST | PARTS).status_code == 303

    entered = queries.tariff_history(session, sample_ring.combine)[0]
    parts = entered.parts
    assert (entered.cap_day_cents, parts.main.month_free_amount, parts.main.is_volume) == (9_000, 50, True)
    assert [tier.from_amount for tier in (*parts.main.tiers, *parts.lines[0].tiers)] == [5_000, 30_000]
    assert (parts.lines[0].free_amount, parts.lines[0].free_times) == (2_000, 2)
    assert parts.adjustments[0].window == PriceWindow(127, 22 * 60, 6 * 60, 1201, 228)
    page = text(karl.get(address))
    for sentence in (
        "Beyond 50.00 ha: €100.00 per hectare (member), €120.00 per hectare (guest).",
        "Travel: €1.10 per km (member), €1.30 per km (guest), the first 2.0 km of each way free.",
        "Travel: Beyond 30.0 km: €0.90 per km (member), €1.00 per km (guest).",
        "Night: -12.5%, every day, 22:00 – 6:00, 1.12. – 28.2.",
    ):
        assert sentence in page
    form = text(karl.get(f"{address}/{entered.id}"))
    assert 'value="22:00"' in form
    sent = FIRST | PARTS | {"revision": "0", "lines-0-name": "", "lines-0-member_price": "", "tiers-1-line": ""}
    assert karl.post(f"{address}/{entered.id}", data=sent).status_code == 422  # the row is only half empty
    kept = {name: value for name, value in PARTS.items() if not name.startswith(("lines-", "tiers-1"))}
    assert karl.post(f"{address}/{entered.id}", data=FIRST | kept | {"revision": "0"}).status_code == 303
    assert queries.tariff_history(session, sample_ring.combine)[0].parts.lines == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tiers-0-from_amount": ""}, "Please enter the amount beyond which"),
        ({"tiers-0-guest_price": ""}, "Please fill in “Price (guest)”."),
        ({"tiers-1-line": "Trvel"}, "There is no further amount with this name below."),
        ({"tiers-1-line": "", "tiers-1-from_amount": "50"}, "Two tiers hold for the same amount."),
        ({"lines-0-member_price": "-1"}, "A price cannot be negative."),
        ({"adjustments-0-kind": "fixed"}, "Only a percentage can hold at some times."),
        ({"adjustments-0-value": "-101"}, "Please enter a percentage from -100 to 1000."),
        ({"adjustments-0-from_time": "25:00"}, "Enter a time such as 22:00."),
        ({"adjustments-0-from_day": "31.2."}, "Enter day and month such as 1.12."),
        ({"adjustments-0-name": ""}, "Please fill in “Name”."),
        ({"member_price": "1000001"}, "A number is zero, negative or too large."),
        ({"cap_day": "0"}, "Enter more than zero"),
        ({"vat_mode": "added"}, "Choose which VAT is added to the prices."),
        ({"vat_mode": "added", "vat_code": "reduced"}, "the rate of VAT is not entered"),
    ],
)
def test_impossible_parts_of_a_tariff_are_refused_at_their_fields(session, sample_ring, karl, changes, said):
    answer = karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=FIRST | PARTS | changes)

    assert answer.status_code == 422
    assert said in text(answer)
    assert queries.tariff_history(session, sample_ring.combine) == ()


def test_a_tariff_is_tried_on_an_example_and_on_the_last_year_and_nothing_is_stored(session, sample_ring, karl, tariff):
    for ares in (1_000, 6_000):
        do(session, charge_for, use(session, sample_ring.combine, sample_ring.anna, ares))
    tiers = {"tiers-0-from_amount": "50", "tiers-0-member_price": "100", "tiers-0-guest_price": "120"}
    sent = FIRST | tiers | {"member_price": "110", "example": "63.5", "try": "1"}

    page = text(karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=sent))

    assert "The example (member): €6,850.00" in page
    assert "50.00 ha × €110.00 per hectare" in page
    for figure in ("€8,050.00", "€7,600.00", "-€450.00"):  # charged at 115; 10 x 110, 50 x 110 + 10 x 100
        assert figure in page
    assert len(queries.tariff_history(session, sample_ring.combine)) == 1
    refused = karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=sent | {"tiers-0-from_amount": "0"})
    assert refused.status_code == 422
    assert "Tried, not stored" not in text(refused)


def test_an_unused_tariff_is_changed_and_withdrawn(session, sample_ring, karl, tariff):
    address = f"/costs/tariffs/{sample_ring.combine}/{tariff}"
    assert 'value="115.00"' in text(karl.get(address))
    sent = {"valid_from": "2026-01-01", "member_price": "99", "guest_price": "99", "basis": "larger"}

    assert karl.post(address, data=sent | {"revision": "7"}).status_code == 409
    assert karl.post(address, data=sent | {"revision": "0"}).status_code == 303
    assert queries.tariff(session, tariff).prices["member"] == Decimal(99)
    assert karl.post(f"{address}/withdraw").status_code == 303
    assert queries.tariff_history(session, sample_ring.combine) == ()


def test_a_used_tariff_stays(session, sample_ring, karl, tariff):
    do(session, charge_for, use(session, sample_ring.combine, sample_ring.anna, 1_000))
    address = f"/costs/tariffs/{sample_ring.combine}/{tariff}"

    assert karl.post(f"{address}/withdraw").status_code == 303
    assert "have already been priced" in text(karl.get(f"/costs/tariffs/{sample_ring.combine}"))
    assert len(queries.tariff_history(session, sample_ring.combine)) == 1


def test_everybody_logged_in_reads_tariffs_and_nobody_else_changes_them(client, sample_ring, log_in, tariff):
    for login in (sample_ring.anna_login, sample_ring.wanda_login, sample_ring.rita_login):
        page = log_in(login).get("/costs/tariffs")
        assert page.status_code == 200
        assert "€115.00" in text(page)
    assert log_in(sample_ring.wanda_login).get(f"/costs/tariffs/{sample_ring.combine}/new").status_code == 403
    assert client.get("/costs/tariffs").status_code == 303


# Pools and costs


def test_the_treasurer_opens_a_pool(session, sample_ring, karl):
    assert karl.get("/costs/pools/new").status_code == 200
    sent = {
        "machine": sample_ring.combine,
        "name": "Combine",
        "charges_are": "income",
        "kinds-0-kind": "insurance",
        "kinds-0-key": "shares",
        "kinds-1-kind": "fuel",
        "kinds-1-key": "use",
        "kinds-2-key": "use",
    }
    answer = karl.post("/costs/pools/new", data=sent)

    assert answer.status_code == 303
    assert queries.pools(session)[0].rules == {"insurance": "shares", "fuel": "use"}
    assert karl.post("/costs/pools/new", data=sent).status_code == 409
    assert karl.post("/costs/pools/new", data=sent | {"name": " "}).status_code == 422
    assert karl.post("/costs/pools/new", data={"machine": sample_ring.combine, "name": "Empty"}).status_code == 422
    assert karl.post("/costs/pools/new", data=sent | {"machine": 99, "name": "New"}).status_code == 422


def test_an_error_in_a_row_of_kinds_leads_to_the_row(session, sample_ring, karl):
    sent = {"machine": sample_ring.combine, "name": "Combine", "kinds-0-kind": "fuel", "kinds-1-kind": "x" * 500}

    answer = karl.post("/costs/pools/new", data=sent)

    assert answer.status_code == 422
    assert 'href="#kinds-1-kind"' in answer.text
    assert 'name="kinds-0-kind"' in answer.text
    assert not queries.pools(session)


def test_rows_of_kinds_may_have_any_numbers_but_are_not_too_many(session, sample_ring, karl):
    rows = {f"kinds-{number}-kind": f"kind {number}" for number in range(1_000, 1_500)}

    answer = karl.post(
        "/costs/pools/new", data={"machine": sample_ring.combine, "name": "Combine", "charges_are": "income", **rows}
    )

    assert answer.status_code == 303
    assert list(queries.pools(session)[0].rules) == [f"kind {1_000 + number}" for number in range(KINDS_MAX)]


def test_the_kinds_of_a_pool_can_be_changed_while_nothing_waits(session, karl, pool, cost):
    assert 'value="insurance"' in text(karl.get(f"/costs/pools/{pool}/edit"))
    sent = {"name": "Combine", "kinds-0-kind": "insurance", "kinds-0-key": "head", "revision": "0"}
    sent["charges_are"] = "income"

    refused = karl.post(f"/costs/pools/{pool}/edit", data=sent)
    assert refused.status_code == 409
    assert "costs that are not allocated yet" in text(refused)
    sent |= {"kinds-1-kind": "repair", "kinds-1-key": "use"}
    assert karl.post(f"/costs/pools/{pool}/edit", data=sent).status_code == 303
    assert karl.post(f"/costs/pools/{pool}/edit", data=sent).status_code == 409  # stale


def test_the_treasurer_enters_corrects_and_deletes_a_cost(session, karl, pool):
    assert karl.get(f"/costs/pools/{pool}/costs/new").status_code == 200
    assert karl.post(f"/costs/pools/{pool}/costs/new", data=COST).status_code == 303
    entered = queries.costs(session, pool)[0][0]
    assert entered.net_cents == 123_450
    assert "€1,234.50" in text(karl.get(f"/costs/pools/{pool}"))

    address = f"/costs/costs/{entered.id}"
    assert 'value="1234.50"' in text(karl.get(address))
    assert karl.post(address, data=COST | {"net": "-18.20", "revision": "0"}).status_code == 303
    assert queries.cost(session, entered.id).net_cents == -1_820
    assert karl.post(address, data=COST | {"revision": "0"}).status_code == 409
    assert karl.post(f"{address}/delete", data={"revision": "1"}).status_code == 303
    assert karl.get(address).status_code == 404


def test_the_menu_leads_to_the_form_of_a_bill_by_way_of_its_pool(session, sample_ring, karl, anna):
    assert "There is no cost pool yet" in karl.get("/costs/new").text
    first = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})
    assert karl.get("/costs/new").location == f"/costs/pools/{first}/costs/new"
    second = do(session, enter_pool, sample_ring.splitter, "Splitter", {"repair": "use"})

    page = karl.get("/costs/new").text

    assert all(f'href="/costs/pools/{pool}/costs/new"' in page for pool in (first, second))
    assert anna.get("/costs/new").status_code == 403


def test_a_bill_whose_form_is_sent_twice_is_entered_once(session, karl, pool):
    address = f"/costs/pools/{pool}/costs/new"
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', karl.get(address).text)[1]

    for _click in range(2):
        assert karl.post(address, data=COST | {"form_key": key}).location.endswith(f"/costs/pools/{pool}")
    assert len(queries.costs(session, pool)[0]) == 1

    # Gone back to and written over, and on a form of its own, a bill is another one; so are two without a key.
    for sent in ({"form_key": key, "net": "17"}, {"form_key": "another"}, {}, {}):
        assert karl.post(address, data=COST | sent).status_code == 303
    assert len(queries.costs(session, pool)[0]) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"net": "0"},
        {"net": ""},
        {"net": "12.345"},
        {"net": "=A1"},
        {"net": "99999999999"},
        {"kind": "champagne"},
        {"supplier": ""},
        {"supplier": "x" * 10_000},
        {"supplier": "a\x00b"},
        {"service_date": "2026-02-30"},
        {"service_date": "1066-10-14"},
    ],
    ids=lambda changes: "-".join(f"{field} {value[:12]!r}" for field, value in changes.items()),
)
def test_an_impossible_cost_is_refused(session, karl, pool, changes):
    answer = karl.post(f"/costs/pools/{pool}/costs/new", data=COST | changes)

    assert answer.status_code == 422
    assert queries.costs(session, pool) == ((), False)


def test_a_formula_or_script_in_a_name_is_shown_as_text(karl, pool):
    karl.post(f"/costs/pools/{pool}/costs/new", data=COST | {"supplier": "<script>alert(1)</script>"})

    assert "&lt;script&gt;alert(1)" in text(karl.get(f"/costs/pools/{pool}"))


def test_the_treasurer_enters_shares(sample_ring, karl, pool):
    address = f"/costs/pools/{pool}/shares"
    sent = {"member": sample_ring.anna, "shares": "12", "valid_from": "2026-07-01"}

    assert karl.post(address, data=sent).status_code == 303
    assert "12 from 1 Jul 2026; 3 from 1 Jan 2026" in text(karl.get(address))
    assert 'name="member"' not in karl.get(address).text  # nobody is listed: a ring may have thousands
    found = karl.post(address, data={"q": "ann", "find": "1", "shares": "12"})
    assert found.status_code == 200
    assert re.search(f'<input[^>]*name="member"[^>]*value="{sample_ring.anna}"', found.text)
    assert 'value="12"' in found.text
    for changes in ({"shares": "-1"}, {"shares": "1.5"}, {"member": "99"}, {"member": ""}, {"valid_from": ""}):
        assert karl.post(address, data=sent | changes).status_code == 422


# Allocations


def test_the_preview_shows_what_would_be_posted(karl, pool, cost):
    page = text(karl.get(f"/costs/pools/{pool}/allocate"))

    assert "€66.67" in page
    assert "€33.34" in page
    assert "€100.01 × 1.00 ha / 3.00 ha = <strong>€33.34</strong>, a rounding cent included" in page
    assert "Post €100.01" in page


def test_what_was_seen_is_posted_once(session, karl, pool, cost):
    preview = f"/costs/pools/{pool}/allocate?from=2026-01-01&until=2026-12-31"
    sent = {"since": "2026-01-01", "until": "2026-12-31", "note": "Season 2026", "digest": digest_in(karl.get(preview))}

    answer = karl.post(f"/costs/pools/{pool}/allocate", data=sent)
    assert answer.status_code == 303
    page = text(karl.get(answer.location))
    assert "Season 2026" in page
    assert "R-17" in page


def test_a_second_click_on_post_leads_to_what_the_first_one_posted(session, karl, pool, cost):
    digest = digest_in(karl.get(f"/costs/pools/{pool}/allocate?from=2026-01-01&until=2026-12-31"))
    sent = {"since": "2026-01-01", "until": "2026-12-31", "note": "Season 2026", "digest": digest}

    first, second = (karl.post(f"/costs/pools/{pool}/allocate", data=sent) for _click in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert second.location == first.location
    assert "a second click changes nothing" in karl.get(second.location).text
    assert len(queries.allocations(session)[0]) == 1


def test_a_form_without_costs_left_shows_one_message(session, karl, pool, cost):
    digest = digest_in(karl.get(f"/costs/pools/{pool}/allocate?from=2026-01-01&until=2026-12-31"))
    sent = {"since": "2026-01-01", "until": "2026-12-31", "note": "Season 2026", "digest": digest}
    karl.post(f"/costs/pools/{pool}/allocate", data=sent)

    page = karl.post(f"/costs/pools/{pool}/allocate", data={**sent, "note": "Another note"})

    assert page.status_code == 422
    assert page.text.count("No costs of this period are left to allocate.") == 1


def test_changed_amounts_are_shown_again_instead_of_posted(session, karl, pool, cost):
    digest = digest_in(karl.get(f"/costs/pools/{pool}/allocate?from=2026-01-01&until=2026-12-31"))
    do(session, enter_cost, pool, CostEntry(date(2026, 6, 4), "Maier", "repair", 1))

    sent = {"since": "2026-01-01", "until": "2026-12-31", "digest": digest, "note": "kept"}
    answer = karl.post(f"/costs/pools/{pool}/allocate", data=sent)

    assert answer.status_code == 409
    assert "check the new amounts" in text(answer)
    assert "kept" in text(answer)
    assert queries.allocations(session) == ((), False)


def test_a_period_without_costs_or_with_wrong_dates_shows_a_message(karl, pool, cost):
    address = f"/costs/pools/{pool}/allocate"
    empty = karl.get(f"{address}?from=2025-01-01&until=2025-12-31")
    assert empty.status_code == 200
    assert "No costs of this period are left to allocate" in text(empty)
    assert karl.get(f"{address}?from=2026-12-31&until=2026-01-01").status_code == 422
    assert karl.get(f"{address}?from=x&until=").status_code == 422
    assert "too far away" in text(karl.get(f"{address}?from=0001-01-01&until=9999-12-31"))
    assert karl.post(address, data={"since": "x"}).status_code == 422


def test_an_allocation_is_reversed_with_a_reason(session, karl, posted):
    address = f"/costs/allocations/{posted}"
    assert karl.post(f"{address}/reverse", data={"reason": ""}).status_code == 422

    answer = karl.post(f"{address}/reverse", data={"reason": "Wrong bill"})
    assert answer.status_code == 303
    assert "cent by cent" in text(karl.get(answer.location))
    assert "was reversed" in text(karl.get(address))
    assert karl.post(f"{address}/reverse", data={"reason": "Again"}).status_code == 409


def test_a_member_sees_only_their_own_lines(sample_ring, log_in, anna, posted):
    page = text(anna.get(f"/costs/allocations/{posted}"))
    assert "Why do I pay €66.67?" in page
    assert "Costs of €100.01 were divided. Your part is €66.67, of one kind:" in page
    assert "You used 2.00 ha of 3.00 ha." in page
    assert "Your exact part is €66.673333, in whole cents €66.67." in page
    assert "When every part was rounded down, 1 cent was left." in page
    assert "You got none of them." in page
    assert "/usage/" in page
    assert "€33.34" not in page
    assert "Bernd" not in page
    assert "Huber" not in page
    assert "€66.67" in text(anna.get("/costs/mine"))
    assert "€66.67" in text(anna.get("/costs/mine/allocations"))


def test_the_treasurer_sees_what_an_allocation_is_made_of(session, karl, pool, posted):
    do(session, enter_cost, pool, CostEntry(date(2026, 6, 20), "Allianz", "insurance", 60_000))
    for address, whole in (
        (f"/costs/allocations/{posted}", "2 members together bear €100.01."),
        (f"/costs/pools/{pool}/allocate?from=2026-01-01&until=2026-12-31", "€600.00 is borne by 2 members."),
    ):
        assert whole in text(karl.get(address))
    page = text(karl.get(f"/costs/allocations/{posted}"))
    assert "2 members used 3.00 ha together." in page
    assert "<b>€33.34 per hectare</b>" in page
    assert "When every part was rounded down, 1 cent was left." in page
    assert "2 members hold the shares" in text(karl.get(f"/costs/pools/{pool}/allocate"))


def test_an_allocation_of_many_members_is_shown_in_pages(karl, pool, posted, monkeypatch):
    monkeypatch.setattr("app.pages.costs.presenter.ROWS_OF_A_PAGE", 1)
    address = f"/costs/allocations/{posted}"
    first, second = text(karl.get(address)), text(karl.get(f"{address}?page=2"))

    assert ("<strong>€66.67<" in first, "<strong>€33.34<" in first) == (True, False)
    assert ("<strong>€66.67<" in second, "<strong>€33.34<" in second) == (False, True)
    assert "€100.01" in second  # the sums are those of all
    assert f"{address}?page=2" in first
    assert 'rel="next"' not in second


def test_another_ones_allocation_looks_like_a_missing_one(session, sample_ring, log_in, posted):
    from tests.builders import login, member

    carla = log_in(login(session, "Carla", now=MONDAY, member_id=member(session, "Carla")))

    assert carla.get(f"/costs/allocations/{posted}").status_code == 404
    assert carla.get("/costs/allocations/999").status_code == 404


def test_a_charge_opens_to_its_calculation(session, sample_ring, anna, tariff):
    do(session, charge_for, use(session, sample_ring.combine, sample_ring.anna, 1_250))

    page = text(anna.get("/costs/mine"))
    assert "<dt>12.50 ha × €115.00 per hectare</dt><dd>€1,437.50</dd>" in page


# Files


@pytest.mark.parametrize(
    ("language", "head", "name"),
    [("de", b"\xef\xbb\xbfUmlage;", "Umlage"), ("en", b"\xef\xbb\xbfAllocation,Reverses", "Allocation")],
)
def test_an_allocation_is_downloaded_as_csv(karl, posted, language, head, name):
    karl.post("/language", data={"language": language})
    answer = karl.get(f"/costs/allocations/{posted}/file.csv")

    assert answer.status_code == 200
    assert answer.data.startswith(head)
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}-{posted}.csv"
    assert answer.data == karl.get(f"/costs/allocations/{posted}/file.csv").data


@pytest.mark.parametrize(
    ("language", "words"), [("de", ("nach Nutzung", "Ar", "Mitglied")), ("en", ("by use", "ares", "member"))]
)
def test_files_have_texts_for_codes(karl, posted, tariff, language, words):
    karl.post("/language", data={"language": language})
    divided = karl.get(f"/costs/allocations/{posted}/file.csv").data.decode().splitlines()[1]
    used = karl.get("/costs/slips/file.csv?from=2026-01-01&until=2026-12-31").data.decode().splitlines()[1]

    by_what, small_unit, price_class = words
    assert {by_what, "ha"} < set(re.split("[;,]", divided))
    assert {price_class, "ha", small_unit} < set(re.split("[;,]", used))


def test_every_code_has_a_text():
    units = CHARGE_UNITS.values()

    assert texts.CODE_TEXTS["unit"].keys() == CHARGE_UNITS.keys()
    assert texts.CODE_TEXTS["small_unit"].keys() == {unit.small_unit for unit in units}
    assert texts.CODE_TEXTS["weight_unit"].keys() == CHARGE_UNITS.keys() | {"shares", "heads", "parts", ""}
    assert texts.CODE_TEXTS["key"].keys() == {*KEYS, OWN}


def test_the_bills_of_a_pool_are_downloaded_with_their_allocation(session, karl, pool, cost, posted):
    do(session, enter_cost, pool, CostEntry(date(2026, 8, 1), "=HYPERLINK(1)", "repair", -500, note="Credit"))
    page = karl.get(f"/costs/pools/{pool}").text
    file = karl.get(f"/costs/pools/{pool}/file.csv")
    lines = file.text.lstrip("\ufeff").splitlines()

    assert f"/costs/pools/{pool}/file.xlsx" in page
    assert lines[0] == "Cost pool,Service date,Supplier,Kind of cost,Number of the bill,Note,Amount in EUR,Allocation"
    assert lines[1] == "Combine,2026-08-01,'=HYPERLINK(1),repair,,Credit,-5.00,"
    assert lines[2] == f"Combine,2026-06-03,Huber,repair,R-17,,100.01,{posted}"
    assert karl.get(f"/costs/pools/{pool}/file.csv").data == file.data
    assert karl.get("/costs/pools/999/file.csv").status_code == 404


def test_everybody_downloads_the_price_list(anna, tariff):
    lines = anna.get("/costs/tariffs/file.csv").text.lstrip("\ufeff").splitlines()

    assert lines[0].startswith("Workshop,Machine,Unit,Price (member),Price (guest)")
    assert "Combine,ha,115" in lines[1]
    book = openpyxl.load_workbook(io.BytesIO(anna.get("/costs/tariffs/file.xlsx").data))
    assert book.active.max_row == 2


def test_slips_are_downloaded_as_a_workbook(karl, pool):
    answer = karl.get("/costs/slips/file.xlsx?from=2026-06-01&until=2026-06-30")

    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    assert sheet.max_row == 4  # headers, two slips, their sum
    assert karl.get("/costs/slips/file.csv?from=2026-06-01").status_code == 422
    assert karl.get("/costs/slips/file.pdf?from=2026-06-01&until=2026-06-30").status_code == 404
    june = "/costs/slips/file.csv?from=2026-06-01&until=2026-06-30"
    assert karl.get(f"{june}&machine=combine").data == karl.get(june).data
    assert karl.get(f"{june}&machine=nothing").status_code == 404
    assert karl.get("/costs/slips/file.csv?from=0001-01-01&until=9999-12-31").status_code == 422


# Who may, and how


PAGES = (
    "/costs/pools/{pool}",
    "/costs/pools/{pool}/shares",
    "/costs/pools/{pool}/allocate",
    "/costs/allocations",
    "/costs/allocations/{posted}/file.csv",
    "/costs/slips/file.csv?from=2026-06-01&until=2026-06-30",
)


@pytest.mark.parametrize("page", PAGES)
def test_the_books_are_for_treasurer_and_administrator(client, sample_ring, log_in, pool, posted, page):
    address = page.format(pool=pool, posted=posted)
    assert client.get(address).status_code == 303
    assert [
        log_in(login).get(address).status_code
        for login in (sample_ring.anna_login, sample_ring.wanda_login, sample_ring.karl_login, sample_ring.rita_login)
    ] == [403, 403, 200, 200]


def test_the_administrator_reads_and_does_not_write(sample_ring, log_in, pool, cost, posted):
    rita = log_in(sample_ring.rita_login)
    assert "Enter a cost" not in text(rita.get(f"/costs/pools/{pool}"))
    assert "Post €" not in text(rita.get(f"/costs/pools/{pool}/allocate"))
    for address in (f"/costs/pools/{pool}/costs/new", f"/costs/pools/{pool}/allocate", f"/costs/costs/{cost}/delete"):
        assert rita.post(address, data=COST).status_code == 403
    assert rita.post(f"/costs/allocations/{posted}/reverse", data={"reason": "x"}).status_code == 403


def test_the_costs_page_redirects_each_role_to_its_page(sample_ring, karl, anna, pool, cost):
    assert anna.get("/costs").location == "/costs/mine"
    page = text(karl.get("/costs"))
    assert f'href="/costs/pools/{pool}/allocate"' in page
    assert "€100.01" in page


def test_missing_objects_are_404(karl, pool, posted):
    for missing in (
        "/costs/pools/99",
        "/costs/costs/99",
        "/costs/tariffs/99",
        "/costs/allocations/99/file.xlsx",
        f"/costs/pools/{10**30}",
    ):
        assert karl.get(missing).status_code == 404


def digest_in(answer):
    """The name of the figures that a preview shows."""
    page = answer.get_data(as_text=True)
    return page.partition('name="digest"')[2].partition('value="')[2].partition('"')[0]


@pytest.fixture
def corrected(session, sample_ring):
    """A slip of Anna's that was charged, reversed and charged again; charged on the last evening of a year, by UTC."""
    evening = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight of the next day in Germany
    do(session, enter_tariff, sample_ring.combine, tariff_entry("10"))
    slip = use(session, sample_ring.combine, sample_ring.anna, 200)
    other = use(session, sample_ring.combine, sample_ring.bernd, 100)
    with write_transaction(session):
        charge_for(session, slip, by=SOMEBODY, now=evening)
    with write_transaction(session):
        charge_for(session, other, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        enter_tariff(session, sample_ring.combine, tariff_entry("12"), by=SOMEBODY, now=MONDAY, reprice=True)
    return slip


def tariff_entry(price):
    return TariffEntry(date(2026, 1, 1), prices={"member": Decimal(price), "guest": Decimal(price)})


def test_all_charges_and_reversals_are_listed_by_the_day_of_posting(karl, corrected):
    page = karl.get("/costs/charges").text
    assert "Sum of all 6 entries" in page
    assert "€36.00" in page  # 12 for each of three hectares; what was reversed adds up to nothing
    assert "reverses 1" in page

    page = karl.get("/costs/charges?from=2026-01-01&until=2026-01-01").text
    assert "Sum of 1 entry" in page
    assert "1 Jan 2026" in page
    assert "Sum of 1 entry" not in karl.get("/costs/charges?until=2025-12-31").text
    assert "Sum of all 2 entries" not in karl.get("/costs/charges?member=Bernd&machine=combine").text
    assert "Sum of all 3 entries" in karl.get("/costs/charges?member=Bernd&machine=combine").text


def test_the_file_of_charges_has_the_filter_of_the_page_and_is_the_same_by_command(karl, app, corrected):
    link = "/costs/charges/file.csv?member=Anna&from=2026-01-01&until=2026-12-31"
    assert link.replace("&", "&amp;") in karl.get("/costs/charges?member=Anna&from=2026-01-01&until=2026-12-31").text
    lines = karl.get(link).get_data().decode("utf-8-sig").splitlines()
    assert lines[0].split(",")[:3] == ["Usage charge", "Reverses", "Posted on"]
    assert [line.split(",")[1] for line in lines[1:]] == ["", "1", ""]

    options = ["--from", "2026-01-01", "--until", "2026-12-31", "--member", "Anna", "--language", "en"]
    written = app.test_cli_runner().invoke(args=["ring", "export", "charges", *options])
    assert written.stdout_bytes == karl.get(link).get_data()
    assert karl.get("/costs/charges/file.xlsx?from=2026-01-01&until=2020-01-01").status_code == 422


@pytest.mark.parametrize("field", ["step", "minimum_amount"])
def test_an_amount_of_a_tariff_finer_than_the_unit_is_refused_with_the_finest_step(sample_ring, karl, field):
    sent = {"valid_from": "2026-01-01", "member_price": "115", "basis": "used", field: "0.00125"}
    answer = karl.post(f"/costs/tariffs/{sample_ring.combine}/new", data=sent)

    assert answer.status_code == 422
    assert "The finest step that is counted here is 0.01 ha." in text(answer)
