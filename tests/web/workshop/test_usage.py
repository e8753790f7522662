"""At the machine and about its slips: fetch, bring back, object, answer."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.worker.jobs import deliver_events
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from booking.use.usage import Measurement, UnreservedUse, record_usage
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY


@pytest.fixture
def harvest(session, sample_ring):
    """Anna has the combine from 0 to 4 hours after MONDAY, which is now."""
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY).id


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def fetch(client, reservation_id, **form):
    return client.post(f"/usage/hand-out/{reservation_id}", data=form)


def deliver_all(session):
    """What the worker does within a minute."""
    while deliver_events(session):
        pass


def bring_back(client, reservation_id, **form):
    return client.post(f"/usage/hand-back/{reservation_id}", data=form)


def test_the_code_at_the_machine_offers_to_fetch_it(anna, harvest):
    page = anna.get("/usage/at/combine")

    assert page.status_code == 200
    assert f"/usage/hand-out/{harvest}" in page.text


def test_the_code_shows_others_only_that_it_is_taken(log_in, sample_ring, harvest):
    page = log_in(sample_ring.bernd_login).get("/usage/at/combine")

    assert "Anna" not in page.text
    assert f"/usage/hand-out/{harvest}" not in page.text


def test_a_machine_of_many_places_is_not_called_taken_because_somebody_holds_one(anna, session, sample_ring):
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 1, 5), now=MONDAY)

    page = anna.get("/usage/at/cold-store")

    assert "Taken in the next two days" not in page.text
    assert 'href="/plan?workshop=hall"' in page.text
    assert "Taken in the next two days" in anna.get("/usage/at/combine").text


def test_from_hand_out_to_the_slip(anna, harvest, clock):
    assert anna.get(f"/usage/hand-out/{harvest}").status_code == 200
    assert fetch(anna, harvest, reading="100", note="Tyre worn").status_code == 303
    clock.instant = MONDAY + timedelta(hours=2)
    answer = bring_back(anna, harvest, reading="117.3")

    slip = anna.get(answer.location)
    assert "17.30 ha" in slip.text
    assert "Tyre worn" in slip.text


def test_a_reading_that_runs_backwards_is_explained_and_kept(anna, harvest):
    fetch(anna, harvest, reading="100")
    page = bring_back(anna, harvest, reading="99", note="All fine")

    assert page.status_code == 422
    assert "100.00 ha" in page.text
    assert 'value="99"' in page.text
    assert "All fine" in page.text


@pytest.mark.parametrize("amount", ["-1", "abc", "=1+1", "9" * 30, "💥", "17.305"])
def test_a_senseless_amount_is_refused_at_its_field(anna, harvest, amount):
    fetch(anna, harvest)
    page = bring_back(anna, harvest, amount=amount)

    assert page.status_code == 422
    assert "amount-error" in page.text


def test_a_second_click_changes_nothing(anna, harvest):
    fetch(anna, harvest)
    again = fetch(anna, harvest)

    assert again.status_code == 303
    assert again.location.endswith("/usage/at/combine")


@pytest.mark.parametrize("verb", ["hand-out", "hand-back"])
def test_another_members_machine_looks_like_a_missing_one(log_in, sample_ring, harvest, verb):
    assert log_in(sample_ring.bernd_login).get(f"/usage/{verb}/{harvest}").status_code == 404
    assert log_in(sample_ring.bernd_login).post(f"/usage/{verb}/{harvest}").status_code == 404


def test_an_objection_is_answered_with_a_corrected_amount(anna, wanda, harvest):
    fetch(anna, harvest)
    slip = bring_back(anna, harvest, amount="18").location
    assert anna.post(f"{slip}/objection", data={"objection": "It was 17.3 ha"}).status_code == 303
    assert "It was 17.3 ha" in wanda.get(slip).text

    assert wanda.post(f"{slip}/answer", data={"answer": "You are right", "amount": "17.3"}).status_code == 303
    assert "17.30 ha" in anna.get(slip).text


def test_a_member_does_not_answer_his_own_objection(anna, harvest):
    fetch(anna, harvest)
    slip = bring_back(anna, harvest, amount="18").location
    anna.post(f"{slip}/objection", data={"objection": "Too much"})

    assert anna.post(f"{slip}/answer", data={"answer": "Right"}).status_code == 403


def test_the_list_shows_each_only_what_is_his(anna, wanda, log_in, sample_ring, harvest):
    fetch(anna, harvest)
    bring_back(anna, harvest, amount="18")

    assert "Combine" in anna.get("/usage").text
    assert "Combine" in wanda.get("/usage").text
    assert "Combine" not in log_in(sample_ring.bernd_login).get("/usage").text


def test_a_members_list_of_slips_does_not_repeat_its_own_name(anna, wanda, harvest):
    fetch(anna, harvest)

    assert "<th>Member</th>" not in anna.get("/usage").text
    assert "<th>Member</th>" in wanda.get("/usage").text


def test_the_treasurer_finds_the_files_of_the_year_above_the_slips(log_in, sample_ring, anna, harvest):
    fetch(anna, harvest)
    karl = log_in(sample_ring.karl_login)

    for ending in ("csv", "xlsx"):
        address = f"/costs/slips/file.{ending}?from=2026-01-01&amp;until=2026-11-23"
        assert f'href="{address}"' in karl.get("/usage").text
        assert karl.get(address.replace("&amp;", "&")).status_code == 200
    assert "/costs/slips/file" not in anna.get("/usage").text


def test_the_slip_of_a_machine_that_is_out_leads_to_its_return(anna, wanda, log_in, sample_ring, harvest):
    slip = fetch(anna, harvest).location
    way = f'href="/usage/hand-back/{harvest}">'

    assert way in anna.get(slip).text
    assert way in wanda.get(slip).text
    assert way not in log_in(sample_ring.karl_login).get(slip).text
    bring_back(anna, harvest, amount="5")
    assert way not in anna.get(slip).text


def test_without_a_reading_at_the_start_the_amount_is_asked_for(anna, harvest):
    fetch(anna, harvest)

    page = anna.get(f"/usage/hand-back/{harvest}").text

    assert "Amount used</label>" in page
    assert "Reading of the meter" not in page


def test_a_corrected_slip_shows_that_its_price_is_pending(session, anna, wanda, sample_ring, harvest):
    prices = TariffEntry(valid_from=date(2026, 1, 1), prices={"member": Decimal("100.00"), "guest": Decimal(145)})
    with write_transaction(session):
        enter_tariff(session, sample_ring.combine, prices, by=SOMEBODY, now=MONDAY)
    fetch(anna, harvest)
    slip = bring_back(anna, harvest, amount="5").location
    deliver_all(session)
    anna.post(f"{slip}/objection", data={"objection": "It was less"})
    on_the_way = "the new price follows within a minute"
    assert on_the_way not in anna.get(slip).text

    wanda.post(f"{slip}/answer", data={"answer": "True", "amount": "4"})

    assert on_the_way in anna.get(slip).text
    deliver_all(session)
    page = anna.get(slip).text
    assert on_the_way not in page
    assert "€400.00" in page


@pytest.fixture
def season(session, sample_ring):
    """Thirty uses of Anna's on the combine, one a day, and one of Bernd's on the laser; the combine has a tariff."""
    entry = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(10), "guest": Decimal(12)})
    with write_transaction(session):
        enter_tariff(session, sample_ring.combine, entry, by=SOMEBODY, now=MONDAY)
        uses = [(sample_ring.combine, sample_ring.anna, 150, days) for days in range(1, 31)]
        for machine_id, member_id, amount, days in [*uses, (sample_ring.laser, sample_ring.bernd, 1_800, 1)]:
            span = hours(MONDAY - timedelta(days=days), 0, 1)
            used = UnreservedUse(machine_id, member_id, span, Measurement(amount=amount))
            record_usage(session, used, by=SOMEBODY, now=MONDAY)
    deliver_all(session)


def test_the_slips_are_narrowed_by_the_address_and_summed_up_over_all_pages(log_in, sample_ring, season):
    karl = log_in(sample_ring.karl_login)

    for page in ("/usage", "/usage?page=2"):
        text = karl.get(page).text
        assert "Sum of all 31 slips" in text
        assert all(total in text for total in ("45.00 ha", "30 min", "€450.00"))
    text = karl.get("/usage?member=ann&machine=combine&from=2026-11-01&until=2026-11-10").text
    assert "Sum of all 10 slips" in text
    assert "15.00 ha" in text
    assert "/costs/slips/file.csv?from=2026-11-01&amp;until=2026-11-10&amp;member=ann&amp;machine=combine" in text
    assert len(karl.get("/costs/slips/file.csv?from=2026-01-01&until=2026-12-31&member=bern").text.splitlines()) == 2
    assert "page=2&amp;member=ann" in karl.get("/usage?member=ann").text
    assert "No slip matches" in karl.get("/usage?member=nobody").text


@pytest.mark.parametrize(
    "query",
    ["from=2026-11-10&until=2026-11-01", "from=tomorrow", "machine=no-such", "from=0001-01-01", "until=9999-12-31"],
)
def test_a_filter_that_cannot_be_read_is_named_and_kept(log_in, sample_ring, season, query):
    karl = log_in(sample_ring.karl_login)

    for page in ("/usage", "/costs/charges"):
        refused = karl.get(f"{page}?member=Anna&{query}")
        assert refused.status_code == 422
        assert 'class="fault"' in refused.text
        assert 'value="Anna"' in refused.text


def test_a_filter_shows_nobody_more_than_they_may_see(anna, wanda, log_in, sample_ring, season):
    assert "Sum of all 30 slips" in anna.get("/usage?member=Bernd").text
    assert 'value="laser"' not in anna.get("/usage").text
    assert "Sum of all 30 slips" in wanda.get("/usage").text
    assert wanda.get("/usage?machine=laser").status_code == 422
    assert "Sum of 1 slip" in log_in(sample_ring.bernd_login).get("/usage?machine=laser").text
    assert anna.get("/costs/charges").status_code == 403


@pytest.mark.parametrize(
    ("unit", "language", "typed", "sentence"),
    [
        ("g", "de", "37,55", "Der feinste Schritt, der hier gezählt wird, ist 0,1 g."),
        ("g", "en", "37.55", "The finest step that is counted here is 0.1 g."),
        ("ha", "de", "1,23456", "Der feinste Schritt, der hier gezählt wird, ist 0,01 ha."),
        ("kg", "en", "0.0005", "The finest step that is counted here is 0.001 kg."),
        ("piece", "en", "0.5", "Only whole numbers are counted here."),
    ],
)
def test_an_amount_finer_than_its_unit_is_refused_in_the_language_of_the_page(
    session, sample_ring, anna, unit, language, typed, sentence
):
    scale = machine(session, sample_ring.hall, "scale", charge_unit=unit)
    reserved = reserve(session, scale, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY).id
    fetch(anna, reserved)

    anna.post("/language", data={"language": language})
    refused = bring_back(anna, reserved, amount=typed)
    assert refused.status_code == 422
    assert sentence in refused.text


def test_tenths_of_a_gram_are_counted_and_priced(session, sample_ring, anna):
    printer = machine(session, sample_ring.hall, "printer", charge_unit="g")
    with write_transaction(session):
        entry = TariffEntry(date(2026, 1, 1), prices={"member": Decimal("0.05")})
        enter_tariff(session, printer, entry, by=SOMEBODY, now=MONDAY)
    reserved = reserve(session, printer, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY).id
    fetch(anna, reserved)
    slip = bring_back(anna, reserved, amount="37.5").location
    deliver_all(session)

    page = anna.get(slip).text
    assert "37.5 g" in page
    assert "€1.88" in page


def test_a_full_page_of_slips_or_charges_takes_as_many_statements_as_one_row(log_in, sample_ring, season, statements):
    karl = log_in(sample_ring.karl_login)
    for few, many in (
        ("/usage?member=Bernd", "/usage?member=Anna"),
        ("/costs/charges?member=Anna&page=2", "/costs/charges?member=Anna"),
    ):
        karl.get(few)
        with statements() as of_few:
            assert karl.get(few).status_code == 200
        with statements() as of_many:
            assert karl.get(many).status_code == 200
        assert len(of_many) == len(of_few)


def test_a_page_beyond_the_end_says_how_many_there_are_and_leads_to_the_last(anna, season):
    page = anna.get("/usage?machine=combine&page=7&_external=1&endpoint=x&self=x").text

    assert "This list has no page 7. It has 2 pages." in page
    assert 'href="/usage?machine=combine&amp;_external=1&amp;endpoint=x&amp;self=x&amp;page=2"' in page
    page = anna.get("/usage?disputed=1&page=99999").text
    assert "This list has no page 99999. It has one page." in page
    assert 'href="/usage?disputed=1&amp;page=1"' in page
    assert "Sum of" in anna.get("/usage?machine=combine").text


def test_the_sum_says_how_many_slips_without_a_price_it_leaves_out(log_in, sample_ring, season):
    karl = log_in(sample_ring.karl_login)

    assert "without 1 slip that has no price yet" in karl.get("/usage").text
    assert "has no price yet" not in karl.get("/usage?machine=combine").text


def test_the_price_stands_beside_the_form_while_it_is_filled_in(session, sample_ring, anna, harvest):
    """With script by the address of the price, without it by a button; both before anything is stored."""
    with write_transaction(session):
        prices = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(115)}, minimum_cents=5_000)
        enter_tariff(session, sample_ring.combine, prices, by=SOMEBODY, now=MONDAY)
    fetch(anna, harvest, reading="100")
    asked = f"/usage/hand-back/{harvest}"

    assert "as soon as the reading is entered" in anna.get(asked).text
    assert "€1,437.50" in anna.get(f"{asked}/price?reading=112.5").text
    assert "Raised to the minimum price" in anna.get(f"{asked}/price?amount=0.1").text
    for wrong, sentence in (("reading=99", "100.00 ha"), ("amount=abc", "is not a number"), ("amount=-1", "below")):
        page = anna.get(f"{asked}/price?{wrong}")
        assert page.status_code == 200
        assert sentence in page.text
        assert "€" not in page.text

    shown = anna.post(asked, data={"reading": "112.5", "note": "Clean", "check": "1"})
    assert shown.status_code == 200
    assert "€1,437.50" in shown.text
    assert "Nothing is stored yet" in shown.text
    assert 'value="112.5"' in shown.text
    assert "Clean" in shown.text
    assert anna.post(asked, data={"reading": "abc", "check": "1"}).status_code == 422

    assert bring_back(anna, harvest, reading="112.5").status_code == 303
    assert "Meanwhile this was entered" in anna.get(f"{asked}/price?reading=113").text


def test_by_the_clock_the_price_is_that_of_the_time_until_now(session, sample_ring, anna, clock, log_in):
    press = machine(session, sample_ring.hall, "press")
    with write_transaction(session):
        prices = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(12)})
        enter_tariff(session, press, prices, by=SOMEBODY, now=MONDAY)
    reserved = reserve(session, press, sample_ring.anna, hours(MONDAY, 0, 6), now=MONDAY).id
    fetch(anna, reserved)
    clock.instant = MONDAY + timedelta(hours=4, minutes=14)

    assert "4 h 14 min × €12.00 per hour" in anna.get(f"/usage/hand-back/{reserved}").text
    assert "€50.80" in anna.get(f"/usage/hand-back/{reserved}/price").text
    assert log_in(sample_ring.bernd_login).get(f"/usage/hand-back/{reserved}/price").status_code == 404


def test_a_corrected_time_is_typed_as_people_say_it(session, sample_ring, anna, wanda, clock):
    press = machine(session, sample_ring.hall, "press")
    reserved = reserve(session, press, sample_ring.anna, hours(MONDAY, 0, 6), now=MONDAY).id
    fetch(anna, reserved)
    clock.instant = MONDAY + timedelta(hours=5)
    slip = bring_back(anna, reserved).location
    anna.post(f"{slip}/objection", data={"objection": "It was shorter"})

    assert wanda.post(f"{slip}/answer", data={"answer": "Right", "amount": "4 h 14 min"}).status_code == 303
    assert '<span class="figure-n">4 h 14 min</span>' in anna.get(slip).text
