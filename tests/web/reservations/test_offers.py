"""An offer from the waiting list: its page, its mail with the link that works without a log-in, and the calls."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from itertools import chain

import pytest
from sqlalchemy import select, update

from app import subscriptions
from app.auth.models import User
from app.mail.models import Mail
from app.notifications.models import OfferLink
from app.web.log_redaction import redacted
from app.worker import jobs, offer_jobs
from booking.kernel import deliveries
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Machine, Member, Offer, Reservation, WaitingEntry
from booking.reservations import reservations
from booking.waiting import entries
from booking.waiting.matching import WaitingWish
from tests.builders import SOMEBODY, hours, mail_text, member, reserve
from tests.conftest import MONDAY

WISHED = hours(MONDAY + timedelta(days=7), 1, 3)


@pytest.fixture
def offered(session, sample_ring, clock):
    """Anna and Bernd wait for what Carla cancels: Anna gets the offer."""
    clock.instant = MONDAY
    carla = member(session, "Carla")
    taken = reserve(session, sample_ring.combine, carla, WISHED, now=MONDAY)
    for one in (sample_ring.anna, sample_ring.bernd):
        with write_transaction(session):
            entries.join(session, WaitingWish(one, sample_ring.combine, None, WISHED), by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        reservations.cancel(session, taken.id, by=SOMEBODY, now=MONDAY)
    return session.scalars(select(Offer.id)).one()


def mails(session, clock):
    """Deliver all events; return the mails about offers as (template, address, text)."""
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=clock())):
            pass
    found = session.scalars(select(Mail).where(Mail.key.like("%:offer_%")).order_by(Mail.id))
    return [(mail.key.split(":")[1], mail.to_address, mail_text(mail)) for mail in found]


def link_in(text):
    return re.search(r"https?://\S+?(/offered/\S+)", text)[1]


def status_of(session, offer_id):
    session.rollback()
    return session.scalar(select(Offer.state).where(Offer.id == offer_id))


def sent(**changes):
    return {"answer": "accept", "revision": "0"} | changes


def test_the_link_of_the_mail_accepts_once_and_only_by_its_button(app, client, session, sample_ring, clock, offered):
    ((template, address, text),) = mails(session, clock)
    assert (template, address) == ("offer_made", "anna@ring.example")
    link = link_in(text)

    for _scanner in range(2):
        assert (client.get(link).status_code, client.head(link).status_code) == (200, 200)
    page = client.get(link).text
    assert "Combine" in page
    assert client.get(f"/offers/{offered}").location.startswith("/login")  # it answers this offer, and logs nobody in
    assert client.get("/waiting-list").location.startswith("/login")
    assert page.split("<main")[1].split("</main>")[0].count("<button") == 2
    assert client.post(link, data=sent(answer="perhaps")).status_code == 200
    assert status_of(session, offered) == "open"

    assert client.post(link, data=sent()).status_code == 303
    assert status_of(session, offered) == "accepted"
    reservation = session.scalars(select(Reservation).where(Reservation.member_id == sample_ring.anna)).one()
    assert (reservation.starts_at, reservation.status) == (WISHED.start, "confirmed")
    assert reservation.created_by == sample_ring.anna_login
    for late in (client.get(link), client.post(link, data=sent()), client.post(link, data=sent(answer="decline"))):
        assert (late.status_code, "Dieses Angebot wurde angenommen." in late.text) == (404, True)
        assert "<button" not in late.text.split("<main")[1].split("</main>")[0]
    secret = link.rpartition("/")[2]
    assert secret not in session.scalars(select(OfferLink.token_hash)).all()
    assert secret not in redacted(f"GET {link} HTTP/1.1")


def test_a_link_is_dead_after_the_offer_and_for_who_may_not_answer(
    client, log_in, session, sample_ring, clock, offered
):
    link = link_in(mails(session, clock)[0][2])
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(disabled_at=MONDAY))
    assert client.get(link).status_code == 404
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(disabled_at=None))
        session.execute(
            update(Member).where(Member.id == sample_ring.anna).values(left_on=MONDAY.date() - timedelta(1))
        )
    assert client.post(link, data=sent()).status_code == 404
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(left_on=None))
    assert client.get(link).status_code == 200
    clock.instant = MONDAY + timedelta(hours=24)
    for late in (client.get(link), client.post(link, data=sent())):
        assert (late.status_code, "Die Zeit für eine Antwort auf dieses Angebot" in late.text) == (404, True)
    browser = log_in(sample_ring.anna_login)
    refused = browser.post(f"/offers/{offered}/accept", data={"revision": "0"}, follow_redirects=True)
    assert "The time to answer this offer is over." in refused.text
    assert status_of(session, offered) == "open"  # until the worker ends it
    assert session.scalars(select(Reservation).where(Reservation.member_id == sample_ring.anna)).all() == []


def test_declining_by_link_gives_it_to_the_next_who_gets_a_mail(client, session, sample_ring, clock, offered):
    assert client.post(link_in(mails(session, clock)[0][2]), data=sent(answer="decline")).status_code == 303
    assert status_of(session, offered) == "declined"
    # The mail to Anna, which was not sent yet, is withdrawn: its offer is gone.
    assert [(one[0], one[1]) for one in mails(session, clock)] == [("offer_made", "bernd@ring.example")]


def test_the_worker_ends_offers_to_the_minute_and_says_so(session, sample_ring, clock, offered):
    mails(session, clock)
    clock.instant = MONDAY + timedelta(hours=24, seconds=-1)
    assert jobs.lapse_offers(session) == 0
    clock.instant = MONDAY + timedelta(hours=24)
    assert (jobs.lapse_offers(session), jobs.lapse_offers(session)) == (1, 0)
    assert status_of(session, offered) == "lapsed"
    told = [(one[0], one[1]) for one in mails(session, clock)]  # that to Anna, not sent by then, is withdrawn
    assert sorted(told) == [("offer_ended", "anna@ring.example"), ("offer_made", "bernd@ring.example")]


def test_what_is_accepted_without_asking_is_confirmed_and_sends_no_question(
    session, sample_ring, clock, log_in, offered
):
    with write_transaction(session):
        session.execute(update(Offer.__table__).values(lapses_at=WISHED.start))
        entries.leave(session, 1, by=SOMEBODY, now=MONDAY)  # Anna; Bernd has an offer now
    anna = log_in(sample_ring.anna_login)
    form = {"machine": "combine", "start": "2026-11-30T08:00Z", "end": "2026-11-30T10:00Z", "kind": "exact"}
    joined = anna.post("/waiting-list/join", data=form | {"places": "1", "part": "any", "is_automatic": "y"})
    assert joined.status_code == 303
    mails(session, clock)
    with write_transaction(session):
        entries.leave(session, 2, by=SOMEBODY, now=MONDAY)
        session.execute(update(WaitingEntry).where(WaitingEntry.is_automatic).values(choices=("With fuel",)))
    assert (offer_jobs.accept_offers(session), offer_jobs.accept_offers(session)) == (1, 0)
    (asked,) = [text for kind, to, text in mails(session, clock) if (kind, to) == ("offer_made", "anna@ring.example")]
    assert "Not there: With fuel" in asked, "the combine lacks it: she is asked, and nothing is reserved"
    assert session.scalar(select(Reservation.status).where(Reservation.member_id == sample_ring.anna)) is None
    with write_transaction(session):
        session.execute(update(WaitingEntry).where(WaitingEntry.is_automatic).values(choices=()))
        session.execute(update(Offer).values(is_asked=False))
    assert (offer_jobs.accept_offers(session), offer_jobs.accept_offers(session)) == (1, 0)
    assert [one[0] for one in mails(session, clock)].count("offer_made") == 0  # that to Bernd was not sent
    assert session.scalar(select(Reservation.status).where(Reservation.member_id == sample_ring.anna)) == "confirmed"


def test_the_page_of_an_offer_says_what_it_is_and_answers(log_in, session, sample_ring, offered):
    anna = log_in(sample_ring.anna_login)
    assert "Free for you" in anna.get("/waiting-list").text
    page = anna.get(f"/offers/{offered}")
    assert "Held for you until" in html.unescape(page.text)
    stale = anna.post(f"/offers/{offered}/accept", data={"revision": "7"})
    assert stale.status_code == 409

    accepted = anna.post(f"/offers/{offered}/accept", data={"revision": "0"}, follow_redirects=True)
    assert "You have accepted the offer." in accepted.text
    again = anna.post(f"/offers/{offered}/accept", data={"revision": "0"})
    assert (again.status_code, "/reservations/" in again.location) == (303, True)
    late = anna.post(f"/offers/{offered}/decline", data={"revision": "0"})
    assert (late.status_code, "accepted already" in late.text) == (409, True)
    assert "This offer was accepted." in anna.get(f"/offers/{offered}").text
    bernd = log_in(sample_ring.bernd_login)
    assert bernd.get(f"/offers/{offered}").status_code == 404


def test_who_lost_what_the_machine_asks_for_is_refused_with_the_rule(log_in, session, sample_ring, offered):
    with write_transaction(session):
        session.execute(
            update(Machine)
            .where(Machine.id == sample_ring.combine)
            .values(induction_kind_id=sample_ring.laser_induction, retired_at=None)
        )
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(left_on=MONDAY.date()))
    anna = log_in(sample_ring.anna_login)
    refused = anna.post(f"/offers/{offered}/accept", data={"revision": "0"})
    assert refused.status_code == 422
    assert status_of(session, offered) == "open"
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(retired_at=MONDAY))
    assert anna.post(f"/offers/{offered}/accept", data={"revision": "0"}).status_code == 404


def test_the_plan_shows_offered_time_as_taken_to_everybody(log_in, sample_ring, offered):
    pages = ("/plan?view=day&day=2026-11-30", "/plan?view=week&day=2026-11-30", "/plan?view=list&day=2026-11-30")
    more = ("/plan/machine/combine", "/machines/combine", "/today", "/workshop", "/reservations/new?machine=combine")
    for who in (sample_ring.anna_login, sample_ring.wanda_login):
        browser = log_in(who)
        for path in chain(pages, more):
            assert browser.get(path).status_code in (200, 403), path
    new = "/reservations/new?machine=combine&start=2026-11-30T08:00Z&minutes=120"
    assert "Already taken" in log_in(sample_ring.bernd_login).get(new).text


def test_programs_list_accept_and_decline(anna, bernd, wanda, sample_ring, session, offered):
    with write_transaction(session):
        session.execute(update(WaitingEntry).where(WaitingEntry.offer_id == offered).values(choices=("With fuel",)))
    listed = anna.get("/offers?open=true").json["items"]
    assert [(one["id"], one["status"], one["choices"]) for one in listed] == [(offered, "open", ["With fuel"])]
    assert bernd.get("/offers").json["items"] == []
    assert bernd.get(f"/offers/{offered}").status_code == 404
    assert bernd.post(f"/offers/{offered}/accept", {}).status_code == 404
    assert anna.get("/waiting-list").json["items"][0]["offer_id"] == offered

    declined = anna.post(f"/offers/{offered}/decline", {}, If_Match='"0"')
    assert (declined.status_code, declined.json["status"]) == (200, "declined")
    assert anna.post(f"/offers/{offered}/accept", {}).json["code"] == "offer_closed"
    (next_one,) = bernd.get("/offers?open=true").json["items"]
    accepted = wanda.post(f"/offers/{next_one['id']}/accept", {})
    assert (accepted.status_code, accepted.json["status"]) == (200, "accepted")
    made = bernd.get(f"/reservations/{accepted.json['reservation_id']}").json
    assert (made["status"], made["starts_at"]) == ("confirmed", "2026-11-30T08:00:00Z")
    assert bernd.post(f"/offers/{next_one['id']}/accept", {}).status_code == 409


def test_who_keeps_the_accounts_answers_and_leaves_only_for_the_own_member(log_in, session, sample_ring, offered):
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(is_treasurer=True))
    anna = log_in(sample_ring.anna_login)
    assert "/waiting-list/1/leave" in anna.get("/waiting-list").text
    everybody = anna.get("/waiting-list?of=workshop").text
    assert ("/waiting-list/1/leave" in everybody, "/waiting-list/2/leave" in everybody) == (True, False)
    assert f"/offers/{offered}/accept" in anna.get(f"/offers/{offered}").text
    anna.post(f"/offers/{offered}/decline", data={"revision": "0"})
    session.rollback()
    to_bernd = session.scalar(select(Offer.id).order_by(Offer.id.desc()))
    assert f"/offers/{to_bernd}/accept" not in anna.get(f"/offers/{to_bernd}").text


def test_what_the_workshop_changes_of_a_waiting_list_its_member_is_told_once(
    log_in, session, sample_ring, clock, offered
):
    wanda = log_in(sample_ring.wanda_login)
    wanda.post("/waiting-list/1/leave")  # with Anna's offer, which goes to Bernd
    form = {"machine": "combine", "start": "2026-11-30T08:00Z", "end": "2026-11-30T10:00Z", "kind": "exact"}
    form |= {"places": "1", "part": "any", "member": str(sample_ring.anna)}
    assert wanda.post("/waiting-list/join", data=form).status_code == 303
    mails(session, clock)
    joined = session.scalars(select(Mail).where(Mail.subject.like("On the waiting list%"))).one()
    assert "You are second" in mail_text(joined)
    bernd = log_in(sample_ring.bernd_login)
    assert bernd.post("/waiting-list/2/leave").status_code == 303
    mails(session, clock)
    found = session.scalars(
        select(Mail).where(Mail.key.like("%:offer_%") | Mail.key.like("%:waiting_%")).order_by(Mail.id)
    )
    told = [(mail.key.split(":")[1], mail.to_address, mail.subject) for mail in found]
    assert told == [
        ("waiting_list", "anna@ring.example", "Off the waiting list: Combine"),
        ("waiting_list", "anna@ring.example", "On the waiting list: Combine"),
        ("offer_made", "anna@ring.example", "Free for you: Combine, Mon 30 November, 9:00 to 11:00"),
    ]


def test_who_hears_that_an_offer_was_declined_is_the_member_where_somebody_else_did(
    log_in, session, sample_ring, clock, offered
):
    log_in(sample_ring.wanda_login).post(f"/offers/{offered}/decline", data={"revision": "0"})
    to_bernd = session.scalar(select(Offer.id).order_by(Offer.id.desc()))
    log_in(sample_ring.bernd_login).post(f"/offers/{to_bernd}/decline", data={"revision": "0"})
    ((template, address, text),) = mails(session, clock)
    assert (template, address) == ("offer_ended", "anna@ring.example")
    assert "The workshop has declined the offer below for you." in text


def test_an_offer_of_which_nobody_could_hear_in_time_gets_its_time_from_then(session, sample_ring, clock, offered):
    clock.instant = MONDAY + timedelta(hours=30)  # no worker ran for longer than it is held

    assert jobs.lapse_offers(session) == 0
    ((template, address, text),) = mails(session, clock)

    assert (template, address) == ("offer_made", "anna@ring.example")
    assert "held for you until Wed 25 November, 14:00" in text
    assert jobs.lapse_offers(session) == 0
    clock.instant = MONDAY + timedelta(hours=54, minutes=1)
    assert jobs.lapse_offers(session) == 1
    assert ("offer_ended", "anna@ring.example") in [one[:2] for one in mails(session, clock)]
    assert status_of(session, offered) == "lapsed"


def test_who_reserves_what_is_held_for_them_is_led_to_the_offer(log_in, sample_ring, offered):
    new = "/reservations/new?machine=combine&start=2026-11-30T08:00Z&minutes=120"
    assert f"/offers/{offered}" in log_in(sample_ring.anna_login).get(new).text
    assert "/offers/" not in log_in(sample_ring.bernd_login).get(new).text
