"""Answers to exchanges: by link, by the workshop, late, and by the rules of the ring; own prices only."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app.auth.models import User
from app.mail.models import Mail
from app.notifications import digest
from app.notifications.models import ExchangeLink
from app.pages.approvals import routes
from app.pages.today import manager as desk
from app.web.log_redaction import redacted
from app.worker import offer_jobs
from billing.prices.tariff_parts import AdjustmentEntry, TariffParts
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.closures import blockings
from booking.exchanges import accepting
from booking.kernel.transaction import write_transaction
from booking.members.members import STANDARD_PRICE_CLASS, MemberInput, enter_member
from booking.models import Machine, Reservation
from booking.reservations import reservations
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, induct, login, reserve
from tests.conftest import MONDAY
from tests.web.reservations.test_exchanges import MORNING, NOON, field, mails, propose, state_of

BY = {"by": SOMEBODY, "now": MONDAY}


@pytest.fixture
def reserved(session, sample_ring, clock):
    """Anna has the combine, Bernd the cold store."""
    clock.instant = MONDAY
    given = reserve(session, sample_ring.combine, sample_ring.anna, MORNING, now=MONDAY).id
    return given, reserve(session, sample_ring.cold_store, sample_ring.bernd, NOON, now=MONDAY).id


def link_of(session, clock):
    (text,) = [one[3] for one in mails(session, clock) if one[0] == "exchange_proposed"]
    return re.search(r"https?://\S+?(/exchanged/\S+)", text)[1]


def buttons(page):
    return page.split("<main")[1].split("</main>")[0].count("<button")


def test_the_link_of_the_mail_answers_once_without_a_login(client, session, sample_ring, clock, reserved):
    exchange_id = propose(session, reserved[0], wanted=reserved[1])
    link = link_of(session, clock)
    for _scanner in range(2):
        assert (client.get(link).status_code, client.head(link).status_code) == (200, 200)
    page = client.get(link).text
    assert buttons(page) == 2
    sent = {"answer": "accept", "revision": "0", "shown": field(page, "shown")}
    assert client.post(link, data=sent | {"answer": "perhaps"}).status_code == 200
    assert client.post(link, data=sent | {"shown": "other"}).status_code == 409
    assert client.post(link, data=sent | {"revision": "7"}).status_code == 409
    assert state_of(session, exchange_id) == "open"

    assert client.post(link, data=sent).status_code == 303
    assert state_of(session, exchange_id) == "accepted"
    mine = session.scalars(select(Reservation).where(Reservation.member_id == sample_ring.bernd)).all()
    (now_his,) = [one for one in mine if one.status == "confirmed"]
    assert (now_his.machine_id, now_his.created_by) == (sample_ring.combine, sample_ring.bernd_login)
    for late in (client.get(link), client.post(link, data=sent), client.post(link, data=sent | {"answer": "decline"})):
        assert (late.status_code, buttons(late.text)) == (404, 0)
    secret = link.rpartition("/")[2]
    assert secret not in session.scalars(select(ExchangeLink.token_hash)).all()
    assert redacted(f"GET {link}") == "GET /exchanged/***"
    assert client.get("/exchanged/nonsense").status_code == 404


def test_a_link_declines_and_is_dead_for_who_may_not_answer_any_more(client, session, sample_ring, clock, reserved):
    exchange_id = propose(session, reserved[0], sample_ring.bernd)
    link = link_of(session, clock)
    for disabled_at in (MONDAY, None):
        with write_transaction(session):
            session.execute(update(User).where(User.id == sample_ring.bernd_login).values(disabled_at=disabled_at))
        assert client.get(link).status_code == (404 if disabled_at else 200)
    assert client.post(link, data={"answer": "decline", "revision": "0"}).status_code == 303
    assert state_of(session, exchange_id) == "declined"
    assert client.get(link).status_code == 404


def test_each_sees_what_it_pays_itself_and_not_the_price_of_the_other(log_in, session, sample_ring, reserved):
    with write_transaction(session):
        for machine_id, price in ((sample_ring.combine, "24.50"), (sample_ring.cold_store, "1.70")):
            entry = TariffEntry(MONDAY.date(), {STANDARD_PRICE_CLASS: Decimal(price)})
            enter_tariff(session, machine_id, entry, **BY)
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    page = anna.get(f"/reservations/{reserved[0]}/exchange/offer?wanted={reserved[1]}").text
    assert (page.count("€24.50"), "would have paid €24.50" in page, "€1.70" in page) == (1, True, True)
    address = f"/exchanges/{propose(session, reserved[0], wanted=reserved[1])}"
    for reader, pays, instead in ((anna, "1.70", "€24.50"), (bernd, "24.50", "would have paid")):
        page = reader.get(address).text
        got, given = page.split("You get")[1].split("</section>")[0], page.count("Costs ") + page.count("<dt>about")
        assert (pays in got, instead in got, given) == (True, True, 1)
    seen = bernd.get(address).text
    plain = re.search("would have paid ([^ ]*)\\.<", seen)[1]
    parts = TariffParts(adjustments=(AdjustmentEntry("With fuel", "per_unit", Decimal("1.70"), "chosen"),))
    with write_transaction(session):
        entry = TariffEntry(MONDAY.date() + timedelta(days=1), {STANDARD_PRICE_CLASS: Decimal("1.70")}, parts=parts)
        enter_tariff(session, sample_ring.cold_store, entry, **BY)
        session.get_one(Reservation, reserved[1]).choices = ("With fuel",)
    doubled = f"would have paid €{2 * Decimal(plain[1:])}."
    page = bernd.get(address).text
    assert (doubled in page, field(page, "shown") == field(seen, "shown")) == (True, False), "what he gives is changed"
    gets = anna.get(address).text.split("You get")[1].split("</section>")[0]
    for text in ("With the variants that are chosen: With fuel. You can change them afterwards.", doubled[17:-1]):
        assert text in gets  # with its price
    handed = anna.get(f"/reservations/{reserved[0]}/exchange/offer?member=m-bernd").text
    assert ("Bernd gets" in handed, "24.50" in handed) == (True, False)


def swaps_told(session, workshop_ids, now):
    """Return how many swaps the morning's digest of workshops tells of."""
    found = digest.digest_of(session, workshop_ids, TimeSpan(now, now + timedelta(hours=1)), now=now)
    return found.counts.swaps


@pytest.mark.of_sqlite
def test_all_swaps_are_counted_where_only_the_first_are_shown(log_in, session, sample_ring, clock, monkeypatch):
    clock.instant = MONDAY
    for later in (timedelta(0), timedelta(days=1)):
        times = [TimeSpan(one.start + later, one.end + later) for one in (MORNING, NOON)]
        with write_transaction(session):
            asked = reservations.Wish(sample_ring.splitter, sample_ring.anna, times[0])
            given = reservations.request_reservation(session, asked, **BY, approve=True).id
        wanted = reserve(session, sample_ring.combine, sample_ring.bernd, times[1], now=MONDAY).id
        exchange_id = propose(session, given, wanted=wanted)
        with write_transaction(session):
            accepting.accept(session, exchange_id, **BY)
    monkeypatch.setattr(routes, "SWAPS_SHOWN", 1)
    monkeypatch.setattr(desk, "WAITING_SHOWN", 1)
    manager = log_in(sample_ring.wanda_login)
    page = manager.get("/approvals").text
    assert "2 swaps between members wait for your decision" in page
    assert ("The 1 most urgent are shown" in page, page.count(f"/exchanges/{exchange_id}")) == (True, 0)
    assert "2 swaps are waiting" in manager.get("/today").text


def test_the_workshop_approves_or_declines_a_swap_on_which_both_agreed(
    log_in, anna, wanda, session, sample_ring, clock
):
    clock.instant = MONDAY
    with write_transaction(session):
        asked = reservations.Wish(sample_ring.splitter, sample_ring.anna, MORNING)
        given = reservations.request_reservation(session, asked, **BY, approve=True).id
    wanted = reserve(session, sample_ring.combine, sample_ring.bernd, NOON, now=MONDAY).id
    bernd, manager = log_in(sample_ring.bernd_login), log_in(sample_ring.wanda_login)
    done = {}
    for answer in ("reject", "approve"):
        address = f"/exchanges/{propose(session, given, wanted=wanted)}"
        shown = field(bernd.get(address).text, "shown")
        agreed = bernd.post(f"{address}/accept", data={"revision": "0", "shown": shown}, follow_redirects=True)
        assert "The workshop decides about both now" in agreed.text
        assert bernd.post(f"{address}/approve", data={"revision": "1"}).status_code == 403
        page = manager.get("/approvals").text
        assert (address in page, "<title>(1) Approvals" in page) == (True, True)
        assert "1 swap between members waits for your decision" in page
        counted = [swaps_told(session, ids, clock()) for ids in (None, {sample_ring.lab}, {sample_ring.hall}, set())]
        assert sorted(counted) == [0, 0, 1, 1]  # its workshop, and who decides about all
        assert (address in manager.get("/today").text, "1 swap is waiting" in manager.get("/today").text) == (
            True,
            True,
        )
        assert "Approve the swap" in manager.get(address).text
        told = [one[:2] for one in mails(session, clock) if one[0] in ("exchange_to_decide", "exchange_agreed")]
        assert {*told} == {("exchange_to_decide", "wanda@ring.example"), ("exchange_agreed", "anna@ring.example")}
        if answer == "reject":
            empty = manager.post(f"{address}/reject", data={"revision": "1", "reason": " "})
            assert (empty.status_code, "Please give a reason" in empty.text) == (422, True)
            assert manager.post(f"{address}/reject", data={"revision": "0", "reason": "No"}).status_code == 409
        sent = manager.post(f"{address}/{answer}", data={"revision": "1", "reason": "Anna alone"})
        assert (sent.status_code, sent.location) == (303, "/approvals")
        assert not swaps_told(session, None, clock())
        assert address not in manager.get("/approvals").text
        done[answer] = state_of(session, int(address.rpartition("/")[2]))
    assert done == {"reject": "declined", "approve": "accepted"}
    ended = [one for one in mails(session, clock) if one[0] == "exchange_ended"]
    assert {one[1] for one in ended} == {"anna@ring.example", "bernd@ring.example"}
    assert all("Anna alone" in one[3] for one in ended)


def test_programs_decide_about_a_swap(anna, bernd, wanda, session, sample_ring):
    with write_transaction(session):
        asked = reservations.Wish(sample_ring.splitter, sample_ring.anna, MORNING)
        given = reservations.request_reservation(session, asked, **BY, approve=True).id
    wanted = reserve(session, sample_ring.combine, sample_ring.bernd, NOON, now=MONDAY).id
    made = anna.post("/exchanges", {"reservation_id": given, "wanted_reservation_id": wanted}).json
    path = f"/exchanges/{made['id']}"
    assert wanda.post(f"{path}/approve", {}).json["code"] == "exchange_closed"
    agreed = bernd.post(f"{path}/accept", {}).json
    assert (agreed["status"], agreed["agreed_at"], agreed["receivers_reservation_id"]) == (
        "open",
        made["proposed_at"],
        None,
    )
    assert bernd.post(f"{path}/approve", {}).status_code == 403
    assert bernd.post(f"{path}/accept", {}).json["code"] == "exchange_closed"
    assert wanda.post(f"{path}/reject", {"reason": "no"}, If_Match='"7"').status_code == 412
    assert wanda.post(f"{path}/approve", {}).json["status"] == "accepted"


def test_administrators_allow_exchanges_and_set_the_hours_on_the_page_and_by_program(
    log_in, anna, rita, session, sample_ring, reserved
):
    admin, member = log_in(sample_ring.rita_login), log_in(sample_ring.anna_login)
    page = admin.get("/admin/settings").text
    assert ("Members may hand over and swap" in page, 'name="exchange_hours"' in page) == (True, True)
    assert anna.get("/exchange-rules").json == {"are_allowed": True, "hours": 48, "revision": 0}
    assert anna.patch("/exchange-rules", {"hours": 6}).status_code == 403
    for wrong in ({"hours": 0}, {"hours": 337}, {"hours": "6"}, {"are_allowed": "perhaps"}, {"other": 1}):
        assert rita.patch("/exchange-rules", wrong).status_code == 422
    assert rita.patch("/exchange-rules", {"hours": 6}).json == {"are_allowed": True, "hours": 6, "revision": 1}
    start = f"/reservations/{reserved[0]}/exchange"
    assert "6 hours" in member.get(f"{start}/offer?member=m-bernd").text
    assert rita.patch("/exchange-rules", {"are_allowed": False}, If_Match='"0"').status_code == 412
    assert rita.patch("/exchange-rules", {"are_allowed": False}).json["are_allowed"] is False
    assert "are not handed over or swapped" in member.get(start).text
    refused = anna.post("/exchanges", {"reservation_id": reserved[0], "member_number": "m-bernd"})
    assert (refused.status_code, refused.json["code"]) == (409, "not_exchangeable")


def test_an_offer_lapses_only_after_its_member_could_hear_of_it(session, sample_ring, clock, reserved):
    exchange_id = propose(session, reserved[0], sample_ring.bernd)
    clock.instant = MONDAY + timedelta(hours=60)  # no worker ran
    assert offer_jobs.end_exchanges(session) == 0
    assert [one[:2] for one in mails(session, clock) if one[0] == "exchange_proposed"] == [
        ("exchange_proposed", "bernd@ring.example")
    ]
    assert offer_jobs.end_exchanges(session) == 0
    clock.instant = MONDAY + timedelta(hours=108)
    assert offer_jobs.end_exchanges(session) == 1
    assert state_of(session, exchange_id) == "lapsed"


def test_a_closure_ends_what_is_offered_and_tells_both(session, sample_ring, clock, reserved):
    exchange_id = propose(session, reserved[0], wanted=reserved[1])
    mails(session, clock)
    with write_transaction(session):
        session.query(Mail).update({"sent_at": MONDAY})
        blockings.close(session, sample_ring.combine, MORNING, "Belt", **BY, around_reservations=True)
    assert state_of(session, exchange_id) == "outdated"
    ended = {one[1] for one in mails(session, clock) if one[0] == "exchange_ended"}
    assert ended == {"anna@ring.example", "bernd@ring.example"}


def test_a_swap_over_two_workshops_is_decided_by_who_manages_both(client, log_in, wanda, session, sample_ring, clock):
    clock.instant = MONDAY
    induct(session, sample_ring.bernd, sample_ring.laser_induction, MONDAY.date())
    given, wanted = (
        reserve(session, machine_id, member_id, span, now=MONDAY).id
        for machine_id, member_id, span in (
            (sample_ring.combine, sample_ring.anna, hours(MONDAY, 29, 31)),
            (sample_ring.laser, sample_ring.bernd, hours(MONDAY, 26, 28)),
        )
    )
    with write_transaction(session):
        both = Machine.id.in_([sample_ring.combine, sample_ring.laser])
        session.execute(update(Machine).where(both).values(needs_approval=True))
    address = f"/exchanges/{propose(session, given, wanted=wanted)}"
    link = link_of(session, clock)
    sent = {"answer": "accept", "revision": "0", "shown": field(client.get(link).text, "shown")}
    answered = client.post(link, data=sent, follow_redirects=True)  # in the language of the ring
    assert "Jetzt entscheiden die Verantwortlichen über beide" in answered.text

    told = [one[1] for one in mails(session, clock) if one[0] == "exchange_to_decide"]
    assert told == ["rita@ring.example"]  # nobody manages both
    page = log_in(sample_ring.wanda_login).get(address).text
    assert ("who manages both" in page, "Approve the swap" in page) == (True, False)
    assert wanda.post(f"{address}/approve", {}).status_code == 404
    assert wanda.post(f"{address}/reject", {"reason": "no"}).status_code == 404
    moritz = log_in(login(session, "Moritz", now=MONDAY, manages=(sample_ring.hall, sample_ring.lab)))
    assert moritz.post(f"{address}/approve", data={"revision": "1"}).status_code == 303
    assert state_of(session, int(address.rpartition("/")[2])) == "accepted"


def test_numbers_that_differ_in_capitals_alone_are_two_members(anna, session, sample_ring, reserved):
    with write_transaction(session):
        ids = [enter_member(session, MemberInput(number, f"Guest {number}"), **BY) for number in ("Q-7", "q-7")]
    made = anna.post("/exchanges", {"reservation_id": reserved[0], "member_number": "q-7"})
    assert (made.status_code, made.json["receiver_member_id"]) == (201, ids[1])
