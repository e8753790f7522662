"""/account/mails, the link in a mail that switches its kind off, and /account/my-data."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import subscriptions
from app.auth import passwords, security_log
from app.auth.models import SecurityEntry, User
from app.mail.delivery import ring_sender
from app.mail.leasing import outgoing
from app.mail.message import build_message
from app.mail.models import Mail
from app.mail.outgoing import Sender
from app.notifications import choices, kinds, off_links
from app.notifications.choices import Owner
from app.notifications.models import MailChoice
from app.wording import mail_kinds
from booking.kernel import deliveries
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import LateMove, Member, Reservation, Ring
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from tests import builders
from tests.builders import SOMEBODY, hours
from tests.conftest import MONDAY
from tests.integration.schedule.test_series_verbs import enter, wish_of
from tests.web.filled_forms import form_with

SENDER = Sender("Ring Oberland", "ring@ring.example")


@pytest.fixture
def reader(client):
    """A browser in English, without a log-in."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def anna(sample_ring, log_in):
    return log_in(sample_ring.anna_login)


def mails_of(session, *, address="anna@ring.example"):
    """The templates of the mails that were queued for an address."""
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=MONDAY)):
            pass
    found = session.scalars(select(Mail).where(Mail.to_address == address).order_by(Mail.id)).all()
    return [mail.key.split(":")[1] for mail in found]


def reserve(session, sample_ring, start=30):
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 1), purpose="maize")
    with write_transaction(session):
        return reservations.request_reservation(session, wish, by=Actor(user_id=sample_ring.anna_login), now=MONDAY)


def chosen(session, user_id):
    session.rollback()
    return choices.choices_of(session, Owner(user_id=user_id))


def test_every_kind_has_its_texts_and_every_template_its_kind(app):
    assert mail_kinds.TEXTS.keys() == {kind.code for kind in kinds.KINDS}
    written = {name[5:-4] for name in app.jinja_env.list_templates() if re.fullmatch(r"mail/[a-z].*\.txt", name)}
    assert kinds.KIND_OF_TEMPLATE.keys() == written


def test_what_is_switched_off_is_not_sent_and_all_else_is(anna, session, sample_ring):
    sent = form_with(anna.get("/account/mails").text, "confirmations")
    del sent["confirmations"]
    assert anna.post("/account/mails", data=sent).status_code == 303
    assert chosen(session, sample_ring.anna_login)["confirmations"] is False
    assert chosen(session, sample_ring.anna_login)["receipts"] is True

    first = reserve(session, sample_ring)
    with write_transaction(session):
        reservations.cancel(session, first.id, by=SOMEBODY, now=MONDAY)

    assert mails_of(session) == ["cancelled"]


def test_each_role_is_asked_for_its_kinds_and_what_must_be_sent_says_so(log_in, sample_ring):
    member, manager = (
        log_in(who).get("/account/mails").text for who in (sample_ring.anna_login, sample_ring.wanda_login)
    )

    assert 'name="reminders"' in member
    assert 'name="digest"' not in member
    assert 'name="digest"' in manager
    assert "Safety of your login" in member
    assert 'name="security"' not in member + manager
    assert 'name="damage"' not in manager


def test_a_required_kind_cannot_be_switched_off(session, sample_ring):
    with write_transaction(session):
        choices.choose(session, {"security": False, "x": False}, owner=Owner(sample_ring.anna_login), now=MONDAY)

    assert session.scalars(select(MailChoice)).all() == []


def test_a_mail_that_can_be_switched_off_carries_the_link_in_text_and_header(app, session, sample_ring):
    reserve(session, sample_ring)
    mails_of(session)
    mail = session.scalars(select(Mail)).one()

    message = build_message(outgoing(mail, mail.body), SENDER)

    assert mail.off_url in mail.body
    assert message["List-Unsubscribe"] == f"<{mail.off_url}>"
    assert message["List-Unsubscribe-Post"] is None  # only over https
    mail.off_url = mail.off_url.replace("http:", "https:")
    assert build_message(outgoing(mail, mail.body), SENDER)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_html_part_is_in_the_language_of_its_reader_with_the_colour_of_the_ring(app, session, sample_ring):
    with write_transaction(session):
        session.get_one(User, sample_ring.anna_login).language = "de"
        session.get_one(Ring, 1).colour = "#7a1f3d"
    reserve(session, sample_ring)
    mails_of(session)
    mail = session.scalars(select(Mail)).one()

    html = build_message(outgoing(mail, mail.body), ring_sender(session)).get_body(("html",)).get_content()

    assert (mail.language, mail.tone, '<html lang="de">' in html) == ("de", "good", True)
    assert "background:#7a1f3d" in html
    assert "Zur Reservierung</a>" in html
    assert re.search(r"\d+:\d\d – \d+:\d\d</p>", html)  # the time, large
    assert html.count(mail.off_url) == mail.body.count(mail.off_url) == 1


def test_the_link_works_without_a_log_in_and_looking_at_it_changes_nothing(app, reader, session, sample_ring):
    app.config["WTF_CSRF_ENABLED"] = True
    reserve(session, sample_ring)
    mails_of(session)
    address = session.scalars(select(Mail)).one().off_url.removeprefix("http://127.0.0.1:8000")

    page = reader.get(address)
    assert (page.status_code, "Switch these e-mails off?" in page.text) == (200, True)
    assert reader.head(address).status_code == 200
    assert chosen(session, sample_ring.anna_login)["confirmations"] is True
    assert reader.post(address, data={"wanted": "0"}).status_code == 400  # not from our page
    assert chosen(session, sample_ring.anna_login)["confirmations"] is True

    sent = form_with(page.text, "csrf_token") | {"wanted": "0"}
    assert reader.post(address, data=sent).status_code == 303
    assert chosen(session, sample_ring.anna_login)["confirmations"] is False
    assert reader.post(address, data=sent | {"wanted": "1"}).status_code == 303
    assert chosen(session, sample_ring.anna_login)["confirmations"] is True

    one_click = reader.post(address, data={"List-Unsubscribe": "One-Click"})  # as a mail program sends it
    assert (one_click.status_code, one_click.data) == (200, b"")
    assert chosen(session, sample_ring.anna_login)["confirmations"] is False


def test_a_changed_link_or_one_of_a_required_kind_is_refused_with_a_way_on(app, reader, session, sample_ring):
    real = off_links.token_of(kinds.RECEIPTS, Owner(sample_ring.anna_login))
    required = off_links.token_of(kinds.SECURITY, Owner(sample_ring.anna_login))
    gone = off_links.token_of(kinds.RECEIPTS, Owner(999))

    for token in (real[:-1], "x" + real, required, gone, "x" * 300):
        answer = reader.post(f"/mails/{token}", data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, "This link no longer works" in answer.text) == (404, True)
    assert session.scalars(select(MailChoice)).all() == []


def test_a_member_without_a_login_switches_off_by_its_link_too(reader, session, sample_ring):
    member_id = builders.member(session, "Otto", email="otto@ring.example")
    wish = Wish(sample_ring.combine, member_id, hours(MONDAY, 40, 41))
    with write_transaction(session):
        reservations.request_reservation(session, wish, by=Actor(user_id=sample_ring.wanda_login), now=MONDAY)
    assert mails_of(session, address="otto@ring.example") == ["confirmed"]
    address = session.scalars(select(Mail)).one().off_url.removeprefix("http://127.0.0.1:8000")
    reader.post(address, data={"List-Unsubscribe": "One-Click"})

    with write_transaction(session):
        wish = Wish(sample_ring.combine, member_id, hours(MONDAY, 50, 51))
        reservations.request_reservation(session, wish, by=Actor(user_id=sample_ring.wanda_login), now=MONDAY)
    assert mails_of(session, address="otto@ring.example") == ["confirmed"]
    with write_transaction(session):
        assert session.get_one(Member, member_id).name == "Otto"


@pytest.fixture
def full_ring(app, session, sample_ring):
    """Anna and Bernd have reservations and mails; Anna's password is known; Wanda asked Anna."""
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).password_hash = passwords.hash_of("three blue tractors")
        minute = MONDAY.replace(second=0, microsecond=0)
        for user_id in (sample_ring.anna_login, sample_ring.bernd_login):
            entry = {"minute": minute, "kind": security_log.LOGGED_IN, "network": "192.0.2.0/24", "user_id": user_id}
            session.add(SecurityEntry(**entry, count=1))
    reserve(session, sample_ring)
    for who, hour in ((sample_ring.bernd, 34), (sample_ring.anna, 40)):
        wish = Wish(sample_ring.splitter, who, hours(MONDAY, hour, hour + 1), purpose="secret of Bernd")
        with write_transaction(session):
            reservations.request_reservation(session, wish, by=Actor(user_id=sample_ring.bernd_login), now=MONDAY)
    mails_of(session)
    return sample_ring


def file_of(answer):
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return json.loads(archive.read("my-data.json"))


def test_my_data_hold_all_kinds_and_nothing_of_others(anna, session, full_ring):
    answer = anna.post("/account/my-data/file.zip")

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    found = file_of(answer)
    assert {"login", "member", "reservations", "usage_slips", "usage_charges", "inductions", "events", "mails"} <= set(
        found
    )
    assert [one["purpose"] for one in found["reservations"]] == ["maize", "secret of Bernd"]  # who entered it, too
    assert len(found["security_log"]) == 1
    assert {one["type"] for one in found["events"]} >= {"reservation_requested", "reservation_confirmed"}
    assert found["login"][0]["email"] == "anna@ring.example"
    assert "Bernd" not in json.dumps({**found, "reservations": []})
    assert "hash" not in json.dumps(found)


def test_my_data_have_the_series_and_quotas_of_the_own_member_and_of_nobody_else(anna, session, sample_ring):
    for member_id, machine_id, most in (
        (sample_ring.anna, sample_ring.combine, 60),
        (sample_ring.bernd, sample_ring.splitter, 90),
    ):
        enter(session, wish_of(sample_ring, member_id=member_id, machine_id=machine_id, purpose=f"{most} acres"))
        alone = QuotaInput(measure="open", most=most, workshop_id=sample_ring.hall, member_id=member_id)
        with write_transaction(session):
            quotas.enter_quota(session, alone, by=SOMEBODY, now=MONDAY)
            held = session.scalars(select(Reservation).where(Reservation.member_id == member_id)).first()
            given_up = {"starts_at": held.starts_at, "ends_at": held.ends_at, "places": most}
            moved = LateMove(reservation_id=held.id, moved_at=MONDAY, machine_id=machine_id, **given_up)
            session.add(moved)

    found = file_of(anna.post("/account/my-data/file.zip"))
    assert [(one["purpose"], one["machine"]) for one in found["series"]] == [("60 acres", "Combine")]
    assert [one["most"] for one in found["quotas_for_me_alone"]] == [60]
    assert [(one["places"], one["machine"]) for one in found["late_moves"]] == [(60, "Combine")]


def test_a_managers_data_name_no_member(log_in, session, full_ring):
    wanda = log_in(full_ring.wanda_login)

    found = file_of(wanda.post("/account/my-data/file.zip"))

    assert [one["subject"] for one in found["mails"]] == [None, None]
    assert not re.search("Anna|Bernd", json.dumps(found))


def test_my_data_ask_for_the_password_once_more_and_count_as_an_export(anna, app, clock, session, full_ring):
    clock.instant += timedelta(minutes=11)

    asked = anna.post("/account/my-data/file.zip")
    assert (asked.status_code, asked.mimetype) == (403, "text/html")
    confirmed = anna.post("/account/my-data/file.zip", data={"confirmation": "three blue tractors"})
    assert confirmed.mimetype == "application/zip"

    app.config["RATELIMIT_ENABLED"] = True
    limit = app.extensions["ringbuch_rate_limits"]["EXPORT_LIMIT"]
    limit.amount, before = 1, limit.amount
    try:
        assert [anna.post("/account/my-data/file.zip").status_code for _ in range(2)] == [200, 429]
    finally:
        limit.amount = before
        app.config["RATELIMIT_ENABLED"] = False


def test_my_data_are_fetched_by_a_form_only(anna):
    assert anna.get("/account/my-data/file.zip").status_code == 405
    assert 'method="post"' in anna.get("/account/my-data").text
