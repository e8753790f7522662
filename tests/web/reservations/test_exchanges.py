"""Handing over and swapping: the pages, the mails and the calls of both members."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select

from app import subscriptions
from app.mail.models import Mail
from app.pages.account import my_records
from app.worker import offer_jobs
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.exchanges import accepting, proposing
from booking.exchanges.proposing import Proposal
from booking.kernel import deliveries
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.members.members import STANDARD_PRICE_CLASS
from booking.models import Exchange, Induction, Reservation
from booking.reservations import reservations
from booking.waiting import entries
from booking.waiting.matching import WaitingWish
from tests.builders import SOMEBODY, hours, induct, login, machine, mail_text, reserve, workshop
from tests.conftest import MONDAY

NEXT_WEEK = MONDAY + timedelta(days=7)
MORNING, NOON = hours(NEXT_WEEK, 1, 3), hours(NEXT_WEEK, 4, 9)
OVERTAKEN = (
    "One of these reservations was changed or its machine closed meanwhile, so they can no longer be exchanged as it "
    "was offered."
)


@pytest.fixture
def reserved(session, sample_ring, clock):
    """Anna has the combine, Bernd the cold store."""
    clock.instant = MONDAY
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY).id
    return given, reserve(session, sample_ring.cold_store, sample_ring.bernd, NOON, now=MONDAY).id


def propose(session, given, receiver=None, wanted=None):
    with write_transaction(session):
        return proposing.propose(session, Proposal(given, receiver, wanted), by=SOMEBODY, now=MONDAY)


def mails(session, clock):
    """Deliver all events; return the mails as (template, address, subject, text)."""
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=clock())):
            pass
    found = session.scalars(select(Mail).order_by(Mail.id))
    return [(mail.key.split(":")[1], mail.to_address, mail.subject, mail_text(mail)) for mail in found]


def field(page, name):
    return html.unescape(re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1])


def state_of(session, exchange_id):
    session.rollback()
    return session.scalar(select(Exchange.state).where(Exchange.id == exchange_id))


def test_a_member_is_found_offered_a_reservation_and_takes_it_over(log_in, session, sample_ring, clock, reserved):
    anna, bernd, path = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login), f"/reservations/{reserved[0]}"
    assert f"{path}/exchange" in anna.get(path).text
    assert "Bernd" not in anna.get(f"{path}/exchange").text  # nobody is listed
    assert "at least three letters" in anna.get(f"{path}/exchange?q=Be").text
    found = re.search(rf'href="({path}/exchange/offer\?member=[^"]+)"', anna.get(f"{path}/exchange?q=Ber").text)[1]

    page = anna.get(found).text
    assert "Bernd gets" in page
    changed = anna.post(found, data={"hours": "24", "shown": "other"})
    assert (changed.status_code, "prices have changed" in changed.text) == (422, True)
    sent = anna.post(found, data={"hours": "24", "note": "I am ill", "shown": field(page, "shown")})
    assert sent.status_code == 303
    offered = sent.location
    assert anna.get(f"{path}/exchange").location == offered  # offered already
    again = anna.post(found, data={"hours": "24", "shown": field(page, "shown")})  # a second click
    assert (again.status_code, again.location) == (303, offered)
    assert "Take it back" in anna.get(offered).text

    assert "Anna offers you a reservation" in bernd.get("/today").text
    page = bernd.get(offered).text
    assert "I am ill" in page
    shown = field(page, "shown")
    assert bernd.post(f"{offered}/withdraw", data={"revision": "0"}).status_code == 404  # not his to take back
    assert anna.post(f"{offered}/accept", data={"revision": "0", "shown": shown}).status_code == 404
    assert bernd.post(f"{offered}/accept", data={"revision": "0", "shown": "x"}).status_code == 409
    done = bernd.post(f"{offered}/accept", data={"revision": "0", "shown": shown})
    assert done.status_code == 303
    assert bernd.post(f"{offered}/accept", data={"revision": "0", "shown": shown}).location == done.location
    assert bernd.post(f"{offered}/decline", data={"revision": "0"}).status_code == 409
    assert "It was passed to another member" in anna.get(path).text
    assert bernd.get(done.location).status_code == 200
    assert anna.get(done.location).status_code == 404
    told = [one[:2] for one in mails(session, clock) if one[0].startswith("exchange")]
    assert sorted(told) == [  # the offer itself was answered before it was sent
        ("exchange_accepted", "anna@ring.example"),
        ("exchange_accepted", "bernd@ring.example"),
        ("exchange_manager", "wanda@ring.example"),
    ]


def test_what_was_got_by_a_swap_and_cancelled_is_not_called_passed_on(log_in, session, sample_ring, reserved):
    bernd = log_in(sample_ring.bernd_login)
    exchange_id = propose(session, reserved[0], wanted=reserved[1])
    with write_transaction(session):
        got = accepting.accept(session, exchange_id, by=SOMEBODY, now=MONDAY).made_for_receiver_id
    with write_transaction(session):
        reservations.cancel(session, got, by=SOMEBODY, now=MONDAY)

    assert "passed to another member" not in bernd.get(f"/reservations/{got}").text
    assert "passed to another member" in bernd.get(f"/reservations/{reserved[1]}").text


def test_the_managers_of_both_machines_of_a_swap_may_see_it_and_others_not(log_in, session, sample_ring, reserved):
    lathe = machine(session, sample_ring.lab, "lathe")
    wanted = reserve(session, lathe, sample_ring.bernd, NOON, now=MONDAY).id
    exchange_id = propose(session, reserved[0], wanted=wanted)
    lora, wanda = (
        log_in(login(session, name, now=MONDAY, manages=(workshop,)))
        for name, workshop in (("Lora", sample_ring.lab), ("Willi", sample_ring.hall))
    )
    elsewhere = log_in(login(session, "Ella", now=MONDAY, manages=(workshop(session, "far", name="Far"),)))

    address, listed = f"/exchanges/{exchange_id}", f'href="/exchanges/{exchange_id}"'
    assert [one.get(address).status_code for one in (lora, wanda, elsewhere)] == [200, 200, 404]
    assert [listed in one.get("/exchanges").text for one in (lora, wanda, elsewhere)] == [True, True, False]
    assert 'href="/exchanges"' in lora.get("/reservations").text
    assert lora.post(f"{address}/accept", data={"revision": "0"}).status_code in (403, 404)


def test_today_leads_to_the_waiting_list_and_to_the_offers_of_members(log_in, session, sample_ring, reserved):
    with write_transaction(session):
        wish = WaitingWish(sample_ring.bernd, sample_ring.combine, None, MORNING)
        entries.join(session, wish, by=SOMEBODY, now=MONDAY)
    press = machine(session, sample_ring.hall, "press")
    propose(session, reserve(session, press, sample_ring.anna, NOON, now=MONDAY).id, wanted=reserved[1])
    with write_transaction(session):
        reservations.cancel(session, reserved[0], by=SOMEBODY, now=MONDAY)

    page = log_in(sample_ring.bernd_login).get("/today").text.split("<main")[1]

    assert ('href="/waiting-list"' in page, 'href="/exchanges"' in page) == (True, True)


def test_my_data_holds_what_was_exchanged_without_the_other_member(session, sample_ring, reserved):
    with write_transaction(session):
        proposal = Proposal(reserved[0], None, reserved[1], "Call me: 0170")
        proposing.propose(session, proposal, by=SOMEBODY, now=MONDAY)
    found = {one: list(my_records._exchanges(session, one)) for one in (sample_ring.anna, sample_ring.bernd)}

    assert [one[0]["by_me"] for one in found.values()] == [True, False]
    assert [one[0]["note"] for one in found.values()] == ["Call me: 0170", None]
    assert "Bernd" not in str(found)
    assert "Anna" not in str(found)


def test_what_needs_approval_is_a_request_after_it_was_taken_over_and_one_mail_says_so(
    log_in, session, sample_ring, clock, reserved
):
    clock.instant = MONDAY
    with write_transaction(session):
        wish = reservations.Wish(sample_ring.splitter, sample_ring.anna, MORNING)
        given = reservations.request_reservation(session, wish, by=SOMEBODY, now=MONDAY, approve=True)
    mails(session, clock)
    with write_transaction(session):
        session.query(Mail).delete()
    address = f"/exchanges/{propose(session, given.id, sample_ring.bernd)}"
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    assert "Take it back" in anna.get(address).text

    shown = field(bernd.get(address).text, "shown")
    done = bernd.post(f"{address}/accept", data={"revision": "0", "shown": shown}, follow_redirects=True)

    assert "Taken over. The workshop decides now" in done.text
    assert sorted(one[:2] for one in mails(session, clock)) == [
        ("exchange_accepted", "anna@ring.example"),
        ("exchange_accepted", "bernd@ring.example"),
        ("exchange_manager", "wanda@ring.example"),
        ("requested_manager", "wanda@ring.example"),
    ]


def test_who_is_asked_for_a_swap_stays_unnamed_until_both_agreed(log_in, session, sample_ring, clock, reserved):
    anna, bernd, path = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login), f"/reservations/{reserved[0]}"
    listed = anna.get(f"{path}/exchange?machine=cold-store&day=2026-11-30").text
    found = re.search(rf'href="({path}/exchange/offer\?wanted={reserved[1]})"', listed)[1]
    page = anna.get(found).text
    assert ("The other member gets" in page, "Bernd" in page.split("<main")[1]) == (True, False)
    offered = anna.post(found, data={"hours": "48", "shown": field(page, "shown")}).location
    assert "Bernd" not in anna.get(offered).text.split("<main")[1]
    assert "Bernd" not in anna.get("/exchanges").text.split("<main")[1]
    assert "Anna wants to swap with you" in bernd.get(offered).text

    texts = {one[1]: one[3] for one in mails(session, clock) if one[0] == "exchange_proposed"}
    assert list(texts) == ["bernd@ring.example"]
    bernd.post(f"{offered}/accept", data={"revision": "0", "shown": field(bernd.get(offered).text, "shown")})
    assert "Bernd" in anna.get(offered).text
    accepted = [one for one in mails(session, clock) if one[0] == "exchange_accepted" and one[1].startswith("anna")]
    assert "Bernd has accepted your swap." in accepted[0][3]


def test_a_swap_with_somebody_who_lost_the_induction_is_refused_and_nothing_changes(
    log_in, session, sample_ring, reserved
):
    laser = reserve(session, sample_ring.laser, sample_ring.anna, MORNING, now=MONDAY).id
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    path = f"/reservations/{laser}/exchange/offer?wanted={reserved[1]}"
    page = anna.get(path).text
    assert ("Induction" in page, "Offer the swap" in page) == (True, False)
    refused = anna.post(path, data={"hours": "48", "shown": "x"})
    assert refused.status_code == 422
    induct(session, sample_ring.bernd, sample_ring.laser_induction, MONDAY.date())
    exchange_id = propose(session, laser, wanted=reserved[1])
    shown = field(bernd.get(f"/exchanges/{exchange_id}").text, "shown")
    with write_transaction(session):
        session.execute(delete(Induction).where(Induction.member_id == sample_ring.bernd))
    held = select(Reservation.id, Reservation.member_id, Reservation.status, Reservation.revision)
    before = session.execute(held.order_by(Reservation.id)).all()

    refused = bernd.post(f"/exchanges/{exchange_id}/accept", data={"revision": "0", "shown": shown})

    assert (refused.status_code, "An induction is needed" in html.unescape(refused.text)) == (422, True)
    assert "Accept the swap" not in refused.text
    assert state_of(session, exchange_id) == "open"
    assert session.execute(held.order_by(Reservation.id)).all() == before
    assert {row.status for row in before} == {"confirmed"}


def test_declined_withdrawn_lapsed_and_overtaken_offers_are_told(log_in, session, sample_ring, clock, reserved):
    bernd = log_in(sample_ring.bernd_login)
    first = propose(session, reserved[0], sample_ring.bernd)
    bernd.post(f"/exchanges/{first}/decline", data={"revision": "0"})
    second = propose(session, reserved[0], sample_ring.bernd)
    mails(session, clock)
    with write_transaction(session):
        session.query(Mail).update({"sent_at": MONDAY})  # Bernd has got the second
        reservations.move(session, reserved[0], NOON, by=SOMEBODY, now=MONDAY)
    assert "was changed or its machine closed meanwhile" in bernd.get(f"/exchanges/{second}").text
    assert offer_jobs.end_exchanges(session) == 1
    third = propose(session, reserved[0], sample_ring.bernd)
    mails(session, clock)
    clock.instant = MONDAY + timedelta(hours=48)
    assert bernd.post(f"/exchanges/{third}/accept", data={"revision": "0", "shown": ""}).status_code == 409
    assert offer_jobs.end_exchanges(session) == 1
    assert [state_of(session, one) for one in (first, second, third)] == ["declined", "outdated", "lapsed"]
    told = [
        (one[1].split("@")[0], one[3].split("\n")[2]) for one in mails(session, clock) if one[0] == "exchange_ended"
    ]
    assert told == [
        ("anna", "The other member has declined what you offered. Your reservation stays yours."),
        (
            "anna",
            OVERTAKEN,
        ),
        (
            "bernd",
            OVERTAKEN,
        ),
        ("anna", "Nobody answered what you offered in time. Your reservation stays yours."),
    ]


def test_programs_propose_list_accept_and_withdraw(anna, bernd, wanda, session, sample_ring, reserved):
    both = anna.post("/exchanges", {"reservation_id": reserved[0]})
    assert both.status_code == 422
    unknown = anna.post("/exchanges", {"reservation_id": reserved[0], "member_number": "nobody"})
    assert (unknown.status_code, unknown.json["code"]) == (404, "member_not_found")
    assert anna.post("/exchanges", {"reservation_id": reserved[1], "wanted_reservation_id": 1}).status_code == 404
    asked = {"reservation_id": reserved[0], "wanted_reservation_id": reserved[1], "hours": 24}
    made = anna.post("/exchanges", asked)
    assert (made.status_code, made.json["status"], made.json["receiver_member_id"]) == (201, "open", None)
    assert anna.post("/exchanges", asked).json["code"] == "exchange_pending"
    path = f"/exchanges/{made.json['id']}"
    with write_transaction(session):
        entry = TariffEntry(MONDAY.date(), {STANDARD_PRICE_CLASS: Decimal("24.50")})
        for machine_id in (sample_ring.combine, sample_ring.cold_store):
            enter_tariff(session, machine_id, entry, by=SOMEBODY, now=MONDAY)
        session.get_one(Reservation, reserved[1]).choices = ("With fuel",)
    assert [one["id"] for one in bernd.get("/exchanges").json["items"]] == [made.json["id"]]
    assert anna.post(f"{path}/accept", {}).status_code == 404
    for one in (bernd, anna, wanda):
        assert [one.get(path).json[half] for half in ("choices", "wanted_choices")] == [[], ["With fuel"]]
    prices = [one.get(path).json["price"] for one in (bernd, anna, wanda)]
    assert prices[0] == {"charge_unit": "ha", "unit_price": "24.5000", "minimum_cents": 0, "cents": None}
    assert (prices[1]["charge_unit"], prices[1]["cents"], prices[2]) == ("place_day", 510, None)
    assert anna.post(f"{path}/withdraw", {}).json["status"] == "withdrawn"
    assert [one.get(path).json["wanted_choices"] for one in (bernd, anna)] == [["With fuel"], None]
    assert bernd.post(f"{path}/accept", {}).json["code"] == "exchange_closed"
    path = f"/exchanges/{anna.post('/exchanges', asked).json['id']}"
    assert bernd.post(f"{path}/accept", {}, If_Match='"7"').status_code == 412
    accepted = bernd.post(f"{path}/accept", {}).json
    assert (accepted["status"], accepted["receiver_member_id"]) == ("accepted", sample_ring.bernd)
    got = bernd.get(f"/reservations/{accepted['receivers_reservation_id']}").json
    assert (got["machine_id"], got["status"], got["starts_at"]) == (
        sample_ring.combine,
        "confirmed",
        "2026-11-30T08:00:00Z",
    )
    assert (
        anna.get(f"/reservations/{accepted['proposers_reservation_id']}").json["machine_id"] == sample_ring.cold_store
    )
    assert wanda.get(path).status_code == 200
    laser = anna.post(
        "/reservations",
        {"machine_id": sample_ring.laser, "starts_at": "2026-12-02T09:00:00Z", "ends_at": "2026-12-02T10:00:00Z"},
    ).json["id"]
    partner = anna.post("/exchanges", {"reservation_id": laser, "member_number": "m-bernd"})
    assert (partner.status_code, partner.json["code"]) == (422, "partner_refused")
    assert [(one["rule"], one["message"]) for one in partner.json["violations"]] == [("induction", "Induction")]
