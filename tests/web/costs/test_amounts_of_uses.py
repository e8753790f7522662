"""What a tariff asks for beside the amount: at hand-back, with a use without reservation, and by the API."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app.auth.models import User
from app.pages.account.my_records import my_records
from app.pages.usage.asked_fields import amount_field, choice_field
from app.worker.jobs import deliver_events
from billing.models import Charge
from billing.prices.tariff_parts import AdjustmentEntry, LineEntry, MainEntry, TariffParts
from billing.queries import charge_of_slip, unpriced_count
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from booking.queries.other_amounts import beside_amounts
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.integration.money.test_charges import use


def both(price):
    return {"member": Decimal(price), "guest": Decimal(price)}


PARTS = TariffParts(
    MainEntry("Threshing"),
    (LineEntry("Travel", "km", both("1.10"), is_required=True), LineEntry("Bales", "piece", both("2"))),
    (AdjustmentEntry("With operator", "per_unit", Decimal(30), "chosen"),),
)
KM, BALES, OPERATOR = amount_field("Travel", "km"), amount_field("Bales", "piece"), choice_field("With operator")
TRAVEL = {"name": "Travel", "amount": {"amount": "10", "unit": "km"}}


@pytest.fixture
def harvest(session, sample_ring):
    """Anna has the combine from now on, 4 hours long; its tariff asks for kilometres, bales and the operator."""
    with write_transaction(session):
        entry = TariffEntry(date(2026, 1, 1), both("100"), parts=PARTS)
        enter_tariff(session, sample_ring.combine, entry, by=SOMEBODY, now=MONDAY)
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY).id


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


def price_of(session, usage_id):
    while deliver_events(session):
        pass
    charge = charge_of_slip(session, usage_id)
    return None if charge is None else charge.cents


def test_the_hand_back_asks_shows_the_price_and_keeps_what_was_entered(session, anna, sample_ring, harvest):
    reservation = anna.get(f"/reservations/{harvest}").text
    for before in (
        "Travel: €1.10 per km.",
        "With operator: €30.00 per unit of the use, where",
    ):
        assert before in reservation
    anna.post(f"/usage/hand-out/{harvest}")
    address = f"/usage/hand-back/{harvest}"
    page = anna.get(address).text
    for asked in ("Threshing", "Travel", "Bales", "With operator"):
        assert asked in page
    typed = {"amount": "2", KM: "10", OPERATOR: "y"}
    assert "€271.00" in anna.get(f"{address}/price", query_string=typed).text

    missing = anna.post(address, data={"amount": "2", BALES: "5"})
    assert missing.status_code == 422
    assert "Please enter this amount; 0 if there is none." in missing.text
    assert anna.post(address, data=typed | {KM: "-1"}).status_code == 422
    too_much = anna.post(address, data=typed | {KM: "999999999"})
    assert (too_much.status_code, "This number is too large." in too_much.text) == (422, True)
    done = anna.post(address, data=typed)

    assert done.status_code == 303
    usage_id = int(done.location.rpartition("/")[2])
    assert price_of(session, usage_id) == 27_100
    slip = anna.get(f"/usage/{usage_id}").text
    for line in ("Travel: 10.0 km", "With operator: 2.00 ha × €30.00 per hectare", "Threshing"):
        assert line in slip
    assert anna.post(address, data=typed).status_code == 303  # a second click
    assert anna.post(address, data=typed | {KM: "11"}).status_code != 303
    records = dict(my_records(session, session.get(User, sample_ring.anna_login)))
    assert [(one["name"], one["amount"]) for one in records["usage_amounts"]] == [("Travel", 10_000)]
    assert [one["name"] for one in records["usage_choices"]] == ["With operator"]


def test_a_use_without_reservation_asks_too(session, log_in, sample_ring, harvest):
    wanda = log_in(sample_ring.wanda_login)
    sent = {
        "machine": "combine",
        "member": sample_ring.bernd,
        "date": "2026-11-22",
        "time": "09:00",
        "end_time": "11:00",
        "places": "1",
        "amount": "3",
        KM: "0",
        BALES: "4",
    }
    entered = wanda.post("/usage/new", data=sent)

    assert entered.status_code == 303
    assert price_of(session, int(entered.location.rpartition("/")[2])) == 30_800
    assert wanda.post("/usage/new", data=sent).location == entered.location  # a second click
    other = wanda.post("/usage/new", data=sent | {KM: "7"})
    assert other.status_code == 409  # not the same use, whose kilometres would be lost


def test_a_use_without_reservation_asks_by_the_tariff_of_its_day(session, log_in, sample_ring, harvest):
    with write_transaction(session):
        parts = TariffParts(lines=(LineEntry("Bales", "piece", both("1"), is_required=True),))
        later = TariffEntry(date(2026, 11, 23), both("100"), parts=parts)
        enter_tariff(session, sample_ring.combine, later, by=SOMEBODY, now=MONDAY)
    wanda = log_in(sample_ring.wanda_login)
    page = wanda.get("/usage/new?machine=combine").text  # of today
    assert BALES in page
    assert KM not in page
    sent = {"machine": "combine", "member": sample_ring.bernd, "places": "1", "amount": "3"}
    before = sent | {"date": "2026-11-22", "time": "09:00", "end_time": "11:00"}

    first = wanda.post("/usage/new", data=before | {BALES: "4"})
    assert first.status_code == 422
    assert KM in first.text
    entered = wanda.post("/usage/new", data=before | {BALES: "4", KM: "1"})

    assert price_of(session, int(entered.location.rpartition("/")[2])) == 30_000 + 800 + 110


def test_a_tariff_that_is_entered_meanwhile_turns_no_amount_into_another(session, anna, sample_ring, harvest):
    anna.post(f"/usage/hand-out/{harvest}")
    typed = {"amount": "2", KM: "10", OPERATOR: "y"}
    with write_transaction(session):
        parts = TariffParts(lines=(LineEntry("Bales", "piece", both("2")),))
        enter_tariff(
            session,
            sample_ring.combine,
            TariffEntry(date(2026, 1, 1), both("100"), parts=parts),
            by=SOMEBODY,
            now=MONDAY,
        )

    sent = anna.post(f"/usage/hand-back/{harvest}", data=typed)

    assert sent.status_code == 422
    assert "the tariff asks for something else than the page did" in sent.text
    assert anna.post(f"/usage/hand-back/{harvest}", data={"amount": "2"}).status_code == 303


def test_an_answer_corrects_all_amounts_and_variants_of_a_slip(session, anna, log_in, sample_ring, harvest):
    anna.post(f"/usage/hand-out/{harvest}")
    back = anna.post(f"/usage/hand-back/{harvest}", data={"amount": "2", KM: "10", OPERATOR: "y"})
    usage_id = int(back.location.rpartition("/")[2])
    assert price_of(session, usage_id) == 27_100
    anna.post(f"/usage/{usage_id}/objection", data={"objection": "It was 4 km, without operator"})
    wanda = log_in(sample_ring.wanda_login)
    page = wanda.get(f"/usage/{usage_id}").text
    assert re.search(rf'name="{KM}"[^>]*value="10.00"', page)
    assert re.search(rf'<input checked[^>]*name="{OPERATOR}"', page)

    wrong = wanda.post(f"/usage/{usage_id}/answer", data={"answer": "Right", KM: "-1"})
    assert wrong.status_code == 422
    assert wanda.post(f"/usage/{usage_id}/answer", data={"answer": "Right", KM: "4"}).status_code == 303

    assert price_of(session, usage_id) == 20_000 + 440
    assert "4.0 km" in anna.get(f"/usage/{usage_id}").text
    rows = session.scalars(select(Charge.cents).where(Charge.usage_id == usage_id).order_by(Charge.number)).all()
    assert rows == [27_100, -27_100, 20_440]


def test_programs_object_and_correct_what_a_slip_lacks(session, log_in, speak_as, sample_ring, harvest):
    anna, wanda = speak_as(sample_ring.anna_login), speak_as(sample_ring.wanda_login)
    lacking = use(session, sample_ring.combine, sample_ring.anna, 300)
    assert price_of(session, lacking) is None
    assert "because this was not entered: Travel." in log_in(sample_ring.anna_login).get(f"/usage/{lacking}").text
    path = f"/usage/{lacking}"
    assert wanda.post(f"{path}/answer", {"answer": "Right"}).status_code == 409  # nobody objected
    assert anna.post(f"{path}/objection", {"objection": "12 km are missing"}).status_code == 201
    for wrong in ({"amounts": [TRAVEL]}, {"amounts": [TRAVEL], "choices": ["With fuel"]}):
        assert wanda.post(f"{path}/answer", {"answer": "Right"} | wrong).status_code == 422
    assert anna.post(f"{path}/answer", {"answer": "Right"}).status_code == 403
    right = {"answer": "Right", "amounts": [TRAVEL], "choices": []}
    answered = wanda.post(f"{path}/answer", right)
    assert (answered.status_code, answered.json["amounts"][0]["name"]) == (200, "Travel")
    assert price_of(session, lacking) == 30_000 + 1_100


def test_the_api_says_what_is_asked_and_takes_it(session, speak_as, sample_ring, harvest):
    anna = speak_as(sample_ring.anna_login)
    asked = anna.get(f"/machines/{sample_ring.combine}/asked").json
    assert asked["amounts"][0] == {"name": "Travel", "unit": "km", "is_required": True}
    assert (asked["name"], asked["choices"]) == ("Threshing", ["With operator"])
    anna.post(f"/reservations/{harvest}/hand-out", {})
    path, amount = f"/reservations/{harvest}/hand-back", {"amount": {"amount": "2", "unit": "ha"}}
    for wrong in (
        {},
        {"amounts": [{"name": "Trvel", "amount": {"amount": "1", "unit": "km"}}, TRAVEL]},
        {"amounts": [{"name": "Travel", "amount": {"amount": "1", "unit": "ha"}}]},
        {"amounts": [TRAVEL, TRAVEL]},
        {"amounts": [TRAVEL], "choices": ["With fuel"]},
    ):
        assert anna.post(path, amount | wrong).status_code == 422

    assert anna.post(path, amount | {"amounts": [TRAVEL], "choices": ["With operator"]}).status_code == 200

    slip = anna.get("/usage").json["items"][0]
    assert (slip["amounts"], slip["choices"]) == (
        [TRAVEL | {"amount": {"amount": "10.0", "unit": "km"}}],
        ["With operator"],
    )
    assert price_of(session, slip["id"]) == 27_100


def test_a_variant_is_chosen_with_the_reservation_shown_in_its_price_and_taken_over(session, anna, log_in, sample_ring):
    """By the hour, so that the price is known before: 10.00 an hour, and 5.00 with operator."""
    parts = TariffParts(adjustments=(AdjustmentEntry("With operator", "per_unit", Decimal(5), "chosen"),))
    with write_transaction(session):
        entry = TariffEntry(date(2026, 1, 1), both("10"), parts=parts)
        enter_tariff(session, sample_ring.splitter, entry, by=SOMEBODY, now=MONDAY)
    wish = {"machine": "splitter", "date": "2026-11-24", "time": "10:00", "hours": "2", "minutes": "0", "places": "1"}
    form = anna.get("/reservations/new", query_string=wish).text
    assert 'value="With operator"' in form
    checked = anna.get("/reservations/check", query_string=wish | {"variants": "With operator"}).text
    assert "€30.00" in checked
    assert "€20.00" in anna.get("/reservations/check", query_string=wish).text
    alone = log_in(sample_ring.wanda_login).get(
        "/reservations/check", query_string=wish | {"variants": "With operator"}
    )
    assert "€30.00" in alone.text, "before Wanda has chosen for whom it is"

    entered = anna.post("/reservations/new", data=wish | {"variants": ["With operator", "With fuel"]})
    assert entered.status_code == 303
    page = anna.get(entered.location).text
    assert "€30.00" in page
    assert "<dd>With operator</dd>" in page
    move = f"{entered.location}/move"
    stands = anna.get(move).text
    assert re.search(r'checked[^>]*value="With operator"', stands)
    revision = re.search(r'name="revision" value="(\d+)"', stands).group(1)
    dragged = {key: wish[key] for key in ("date", "hours", "minutes", "places")} | {
        "time": "11:00",
        "revision": revision,
    }
    assert anna.post(move, data=dragged).status_code == 303  # what lacks the field leaves it as it is
    assert "<dd>With operator</dd>" in anna.get(entered.location).text
    revision = re.search(r'name="revision" value="(\d+)"', anna.get(move).text).group(1)
    assert anna.post(move, data=dragged | {"revision": revision, "variants": ""}).status_code == 303
    page = anna.get(entered.location).text
    assert "<dd>With operator</dd>" not in page
    assert "€20.00" in page
    revision = re.search(r'name="revision" value="(\d+)"', anna.get(move).text).group(1)
    anna.post(move, data=dragged | {"revision": revision, "variants": ["", "With operator"]})
    wanda = log_in(sample_ring.wanda_login)
    assert [wanda.get(path).text.count("<bdi>With operator</bdi>") for path in ("/approvals", "/today")] == [1, 1]
    again = anna.get("/reservations/new", query_string={"again": entered.location.rpartition("/")[2]}).text
    assert re.search(r'checked[^>]*value="With operator"', again)


def test_a_group_gives_a_machine_without_the_chosen_variant_last_and_with_a_word(session, anna, speak_as, sample_ring):
    with write_transaction(session):
        for machine, name in ((sample_ring.splitter, "With operator"), (sample_ring.combine, "With fuel")):
            parts = TariffParts(adjustments=(AdjustmentEntry(name, "per_unit", Decimal(5), "chosen"),))
            entry = TariffEntry(date(2026, 1, 1), both("10"), parts=parts)
            enter_tariff(session, machine, entry, by=SOMEBODY, now=MONDAY)
        ranked = RankedMachine(sample_ring.combine, 1), RankedMachine(sample_ring.splitter, 2)
        group = groups.make(session, sample_ring.hall, GroupInput("Harvest", ranked), by=SOMEBODY, now=MONDAY)
    wish = {"machine": f"group:{group}", "date": "2026-11-24", "time": "10:00", "hours": "2", "minutes": "0"}
    wish |= {"places": "1", "variants": "With operator", "form_key": "one"}
    assert "You get: Splitter" in anna.get("/reservations/check", query_string=wish).text

    entered = anna.post("/reservations/new", data=wish, follow_redirects=True).text
    assert "There is no “With operator”" not in entered
    lacking = "There is no “With operator” on Combine: no machine of the group that has all you chose can be had then."
    assert lacking in anna.get("/reservations/check", query_string=wish).text
    assert lacking in anna.post("/reservations/new", data=wish | {"form_key": "two"}, follow_redirects=True).text
    ends = {"starts_at": "2026-11-24T13:00:00Z", "ends_at": "2026-11-24T14:00:00Z"}
    asked = {"group_id": group, "choices": ["With operator"], **ends}
    assert speak_as(sample_ring.anna_login).post("/reservations", asked).json["machine_id"] == sample_ring.splitter

    daily = wish | {"time": "14:00", "hours": "1", "repeats": "DAILY", "interval": "1", "ends": "count", "times": "2"}
    preview = anna.post("/reservations/new", data=daily).text
    assert (preview.count(lacking), "Splitter" in preview) == (1, True), "the first date alone is taken there"
    taken = anna.post("/reservations/new", data=daily | {"time": "10:00"}).text
    assert re.search(r"Possible instead:[^<]*Splitter", taken), "with the variant, though it is not the first machine"
    assert lacking not in taken
    all_chosen = daily | {"time": "10:00", "variants": ["With operator", "With fuel"]}
    taken = anna.post("/reservations/new", data=all_chosen).text
    assert re.search(r"Possible instead:[^<]*Combine", taken)
    assert taken.count(lacking) == 2, "of the date and of the other time"

    # Back in the browser and ticked: it is another wish, not the one without it, which was sent before.
    again = wish | {"machine": "splitter", "date": "2026-11-25"}
    sent = [anna.post("/reservations/new", data=again | {"variants": name}) for name in ("", "With operator", "")]
    assert [one.status_code for one in sent] == [303, 409, 303]
    assert sent[0].location == sent[2].location


def test_the_hand_back_takes_over_what_was_chosen_with_the_reservation(session, log_in, speak_as, sample_ring, harvest):
    anna = speak_as(sample_ring.anna_login)
    wish = {"machine_id": sample_ring.combine, "starts_at": "2026-11-23T13:00:00Z", "ends_at": "2026-11-23T14:00:00Z"}
    refused = anna.post("/reservations", wish | {"choices": ["With fuel"]})
    assert (refused.status_code, refused.json["violations"][0]["field"]) == (422, "choices.0")
    made = anna.post("/reservations", wish | {"choices": ["With operator"]})
    shown = log_in(sample_ring.anna_login).get(f"/reservations/{made.json['id']}").text
    assert "With operator: €30.00 per unit of the use, chosen." in shown
    assert (made.status_code, made.json["choices"]) == (201, ["With operator"])
    assert anna.get(f"/reservations/{made.json['id']}").json["choices"] == ["With operator"]
    moved = {"starts_at": "2026-11-23T15:00:00Z", "ends_at": "2026-11-23T16:00:00Z"}
    assert anna.patch(f"/reservations/{made.json['id']}", moved).json["choices"] == ["With operator"]
    assert anna.patch(f"/reservations/{made.json['id']}", {"choices": []}).json["choices"] == []
    assert anna.patch(f"/reservations/{made.json['id']}", {"choices": ["With fuel"]}).status_code == 422
    weekly = wish | {"rrule": "FREQ=WEEKLY;COUNT=2", "choices": ["With operator"]}
    series = anna.post("/series", weekly | {"starts_at": "2026-12-07T13:00:00Z", "ends_at": "2026-12-07T14:00:00Z"})
    assert series.json["choices"] == ["With operator"]
    dates = [one["reservation_id"] for one in series.json["dates"]]
    assert [anna.get(f"/reservations/{one}").json["choices"] for one in dates] == [["With operator"]] * 2

    with write_transaction(session):
        session.execute(update(Reservation).where(Reservation.id == harvest).values(choices=("With operator",)))
    browser = log_in(sample_ring.anna_login)
    assert "Reserved with: With operator." in browser.get(f"/usage/hand-out/{harvest}").text
    anna.post(f"/reservations/{harvest}/hand-out", {})
    assert re.search(rf'<input checked[^>]*name="{OPERATOR}"', browser.get(f"/usage/hand-back/{harvest}").text)
    back = anna.post(
        f"/reservations/{harvest}/hand-back", {"amount": {"amount": "2", "unit": "ha"}, "amounts": [TRAVEL]}
    )
    assert back.status_code == 200
    assert price_of(session, anna.get("/usage").json["items"][0]["id"]) == 27_100


def test_a_meter_that_sends_only_the_amount_still_works_where_nothing_else_is_asked(session, speak_as, sample_ring):
    wanda = speak_as(sample_ring.wanda_login)
    sent = {
        "machine_id": sample_ring.combine,
        "member_id": sample_ring.bernd,
        "starts_at": "2026-11-22T08:00:00Z",
        "ends_at": "2026-11-22T10:00:00Z",
        "amount": {"amount": "3", "unit": "ha"},
    }
    entered = wanda.post("/usage", sent).json
    assert (entered["amounts"], entered["choices"]) == ([], [])
    # A tariff entered afterwards asks for more: the price is not guessed.
    with write_transaction(session):
        entry = TariffEntry(date(2026, 1, 1), both("100"), parts=PARTS)
        enter_tariff(session, sample_ring.combine, entry, by=SOMEBODY, now=MONDAY)
    assert price_of(session, entered["id"]) is None
    assert unpriced_count(session) == 1
    assert not beside_amounts(session, [entered["id"]])
