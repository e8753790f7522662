"""Changes with which a stolen session could stay: they ask for the password again, and their owner gets a mail."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from io import BytesIO

import pyotp
import pytest
from sqlalchemy import delete, func, select

from app.api.endpoints import CONFIRMED
from app.auth import accounts, api_tokens, logins, second_factor
from app.auth.confirmed import CONFIRMED_AT
from app.auth.models import ApiToken, User
from app.mail.models import Mail
from app.pages.declaration import PAGES
from booking.kernel.transaction import write_transaction
from booking.models import Member, Ring
from calendars.models import Feed
from calendars.tokens import FeedWish, create
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.web.conftest import PASSWORD
from tests.web.programs import Program

LATER = timedelta(minutes=11)


@pytest.fixture
def rita(people, log_in, clock):
    """Rita, eleven minutes after her log-in."""
    browser = log_in(people.rita_login)
    clock.instant += LATER
    return browser


def sent_again(page, **typed):
    """Return the fields of the page that asks for the password, as a browser sends them."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    return {unescape(name): unescape(value) for name, value in found} | typed


def mails_to(session, address):
    session.rollback()
    return session.scalars(select(Mail.key).where(Mail.to_address == address)).all()


def test_every_page_for_addresses_roles_logins_and_tokens_asks(app):
    asking = {name for name, page in PAGES.items() if page.needs_confirmation}

    assert asking == {
        *(f"admin.{name}" for name in ("invite", "invite_all", "invite_again", "change_roles", "change_email")),
        *(f"admin.{name}" for name in ("name_manager", "withdraw_manager", "disable", "enable", "reset_second_factor")),
        *(f"admin.{name}" for name in ("member", "settings")),
        *(f"account.{name}" for name in ("bank", "contact", "tokens", "deputies", "download_my_data")),
        *(f"costs.{name}" for name in ("ring_party", "member_party", "member_address")),
        *(
            "plan.screens",
            "feeds.new",
            "feeds.renew",
            "imports.store",
            "imports.take_back_last",
            "tasks.guarded_result",
        ),
    }


def test_a_change_after_ten_minutes_is_carried_out_with_the_password_and_what_was_typed(rita, people, session, clock):
    address = f"/admin/logins/{people.anna_login}/email"
    asked = rita.post(address, data={"email": "hof@anna.example"})
    wrong = rita.post(address, data=sent_again(asked.text, confirmation="wrong"))
    review = rita.post(address, data=sent_again(asked.text, review_only="1"))

    assert (asked.status_code, wrong.status_code, review.status_code) == (403, 422, 403)
    assert "hof@anna.example" in wrong.text
    assert "not your current password" in wrong.text
    session.expire_all()
    assert session.get(User, people.anna_login).email == "anna@ring.example"
    assert rita.post(address, data=sent_again(wrong.text, confirmation=PASSWORD)).status_code == 303
    session.expire_all()
    assert session.get(User, people.anna_login).email == "hof@anna.example"
    assert len(mails_to(session, "anna@ring.example")) == len(mails_to(session, "hof@anna.example")) == 1
    clock.instant += timedelta(minutes=9)
    assert rita.post(f"/admin/logins/{people.anna_login}/disable").status_code == 303


def test_a_form_with_a_file_is_shown_again_after_the_password_and_asks_for_the_file(rita, session):
    name = session.scalar(select(Ring.name))
    sent = {"name": "Ring of a thief", "email": "evil@ring.example", "logo": (BytesIO(b"GIF89a"), "logo.gif")}
    asked = rita.post("/admin/settings", data=sent, content_type="multipart/form-data")
    assert asked.status_code == 403
    assert "a file that was chosen cannot be kept" in asked.text
    assert "carried out with it" not in asked.text

    shown = rita.post("/admin/settings", data=sent_again(asked.text, confirmation=PASSWORD))

    assert shown.status_code == 422
    assert "Ring of a thief" in shown.text
    assert "Logo: please choose the file again" in shown.text
    session.rollback()
    assert session.scalar(select(Ring.name)) == name


def test_an_import_that_changes_an_address_asks_and_mails_both_addresses_as_taking_it_back_does(rita, people, session):
    with write_transaction(session):
        session.get_one(Member, people.anna).email = "alt@anna.example"
    table = {"text": "number;name;email\nM-Anna;Anna;neu@anna.example\nM-Bernd;Bernd;\n"}
    asked = rita.post("/admin/import/members/store", data=table)
    assert asked.status_code == 403
    assert mails_to(session, "neu@anna.example") == []

    stored = rita.post("/admin/import/members/store", data=sent_again(asked.text, confirmation=PASSWORD))

    assert stored.status_code == 303
    assert len(mails_to(session, "alt@anna.example")) == len(mails_to(session, "neu@anna.example")) == 1
    page = rita.get("/admin/import/members/take-back").text
    seen = {"stored_at": unescape(re.search(r'name="stored_at"[^>]*value="([^"]+)"', page)[1])}
    with write_transaction(session):
        session.execute(delete(Mail))
    assert rita.post("/admin/import/members/take-back", data=seen).status_code == 303
    assert len(mails_to(session, "alt@anna.example")) == len(mails_to(session, "neu@anna.example")) == 1


def test_a_button_without_a_form_is_carried_out_with_the_password(rita, people, session):
    address = f"/admin/logins/{people.bernd_login}/disable"
    assert rita.post(address, data={"review_only": "1"}).status_code == 403
    asked = rita.post(address)
    assert asked.status_code == 403

    assert rita.post(address, data=sent_again(asked.text, confirmation=PASSWORD)).status_code == 303
    session.expire_all()
    assert session.get(User, people.bernd_login).disabled_at is not None


def test_the_calls_that_change_addresses_are_refused_to_a_session_that_was_not_confirmed(app, log_in, people, clock):
    karl, to_anna = log_in(people.karl_login), f"/api/v1/members/{people.anna}"
    clock.instant += LATER
    calls = [f"{to_anna}/billing-details", "/api/v1/ring/billing-details", f"{to_anna}/address"]

    answers = [karl.put(call, json={}) for call in calls]

    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(403, "not_confirmed")] * 3
    assert len(calls) == len(CONFIRMED)
    with karl.session_transaction() as cookie:
        cookie[CONFIRMED_AT] = int(clock().timestamp())
    assert "not_confirmed" not in {karl.put(call, json={}).json.get("code") for call in calls}


def test_another_address_for_documents_is_mailed_to_both(log_in, people, session):
    with write_transaction(session):
        session.get_one(Member, people.anna).email = "alt@anna.example"
    to_anna, karl = f"/api/v1/members/{people.anna}/billing-details", log_in(people.karl_login)

    log_in(people.anna_login).post("/account/bank", data={"iban": "", "document_email": "own@anna.example"})
    karl.put(to_anna, json={"document_email": "api@anna.example"})
    karl.put(to_anna, json={"document_email": "api@anna.example", "iban": ""})
    revision = {"revision": karl.get(to_anna).headers["ETag"].strip('"')}
    karl.post(f"/costs/parties/{people.anna}", data={"document_email": "", **revision})

    assert [len(mails_to(session, f"{name}@anna.example")) for name in ("alt", "own", "api")] == [2, 2, 2]


def test_a_copy_of_the_cookie_gains_nothing_when_the_owner_confirms(app, rita, people):
    thief = app.test_client()
    with rita.session_transaction() as cookie, thief.session_transaction() as copy:
        copy.update(cookie)
    confirmed = rita.post("/account/tokens", data={"label": "Meter", "confirmation": PASSWORD})

    assert confirmed.status_code == 303
    assert rita.post("/account/tokens", data={"label": "Meter"}).status_code == 303
    assert thief.post("/account/tokens", data={"label": "Meter"}).status_code == 403


def test_guessing_there_costs_pauses_and_a_code_of_the_app_will_do(rita, people, session, clock):
    with write_transaction(session):
        second_factor.begin_setup(session, people.rita_login, now=clock())
    app = pyotp.TOTP(second_factor.setup_secret(session, people.rita_login, now=clock()))
    with rita.session_transaction() as cookie, write_transaction(session):
        token = cookie["_user_id"]
        second_factor.switch_on(session, people.rita_login, app.at(clock()), session_token=token, now=clock())
    clock.instant += timedelta(seconds=30)

    assert "code from your app" in rita.post("/account/tokens", data={"label": "Meter"}).text
    assert rita.post("/account/tokens", data={"label": "Meter", "confirmation": "000000"}).status_code == 422
    code = {"label": "Meter", "confirmation": app.at(clock())}
    assert rita.post("/account/tokens", data=code).status_code == 303
    clock.instant += LATER
    assert rita.post("/account/tokens", data=code).status_code == 422  # used
    answers = [rita.post("/account/tokens", data={"label": "x", "confirmation": "wrong"}) for _guess in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) == 31


def test_roles_tokens_and_contact_data_that_change_send_mails(log_in, people, session, clock):
    rita, anna = log_in(people.rita_login), log_in(people.anna_login)
    with write_transaction(session):
        session.get_one(Member, people.anna).email = "alt@anna.example"
    for _twice in range(2):  # the second changes nothing
        revision = session.scalar(select(User.revision).where(User.id == people.bernd_login))
        rita.post(
            f"/admin/logins/{people.bernd_login}/roles",
            data={"member_number": "M-Bernd", "is_treasurer": "y", "revision": revision},
        )
        session.rollback()
    rita.post(f"/admin/logins/{people.bernd_login}/workshops", data={"workshop_id": people.hall})
    anna.post("/account/tokens", data={"label": "Meter"})
    anna.post("/account/contact", data={"email": "neu@anna.example"})

    assert [key.partition(":")[0] for key in mails_to(session, "bernd@ring.example")] == ["roles-changed"]
    assert [key.partition(":")[0] for key in mails_to(session, "anna@ring.example")] == ["token-created"]
    for address in ("alt@anna.example", "neu@anna.example"):
        assert [key.partition(":")[0] for key in mails_to(session, address)] == ["contact-changed"]


@pytest.fixture
def access(people, session):
    """A token and a calendar subscription of Anna."""
    wish = FeedWish("full", member_id=people.anna)
    with write_transaction(session):
        create(session, people.anna_login, wish, by=SOMEBODY, now=MONDAY)
        return api_tokens.create(session, people.anna_login, label="x", is_read_only=False, by=SOMEBODY, now=MONDAY)


def ended(session):
    session.rollback()
    held = [session.scalar(select(func.count()).where(table.revoked_at.is_(None))) for table in (ApiToken, Feed)]
    return held == [0, 0]


def test_a_new_password_ends_tokens_and_calendars_unless_the_box_is_cleared(log_in, people, session, access):
    anna = log_in(people.anna_login)
    box = next(tag for tag in re.findall(r"<input[^>]*>", anna.get("/account/password").text) if "ends_access" in tag)
    assert "checked" in box
    new = "four green harvesters"

    assert anna.post("/account/password", data={"old_password": PASSWORD, "password": new}).status_code == 303
    assert not ended(session)
    sent = {"old_password": new, "password": PASSWORD, "ends_access": "y"}
    assert anna.post("/account/password", data=sent).status_code == 303
    assert ended(session)


def test_what_disabling_ended_does_not_come_back(people, session, access):
    with write_transaction(session):
        accounts.disable(session, people.anna_login, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        accounts.enable(session, people.anna_login, by=SOMEBODY, now=MONDAY)

    assert ended(session)
    assert logins.by_api_token(session, access, now=MONDAY) is None


def test_a_token_ends_after_a_year_and_shows_its_last_use_within_an_hour(app, log_in, people, session, access, clock):
    anna = log_in(people.anna_login)
    assert "never" in anna.get("/account/tokens").text
    program = Program(app, access)
    for _call in range(3):
        assert program.get("/machines").status_code == 200
        clock.instant += timedelta(minutes=25)
    session.expire_all()
    assert session.scalars(select(ApiToken.last_used_at)).one() == MONDAY
    program.get("/machines")
    session.rollback()
    assert session.scalars(select(ApiToken.last_used_at)).one() == MONDAY + timedelta(minutes=75)

    clock.instant = MONDAY + timedelta(days=365)
    assert program.get("/machines").status_code == 401
    assert "has ended" in log_in(people.anna_login).get("/account/tokens").text
    listed = app.test_cli_runner().invoke(args=["ring", "token", "list", "anna@ring.example"]).output
    assert listed.endswith("used 2026-11-23\tends 2027-11-23\n")


def test_the_owner_of_a_token_is_warned_once_in_the_two_weeks_before_its_end(app, people, session, access):
    def warned(day):
        with write_transaction(session):
            count = api_tokens.warn_of_ends(session, now=MONDAY + timedelta(days=day))
        return count, [key for key in mails_to(session, "anna@ring.example") if key.startswith("token-ends:")]

    assert warned(350) == (0, [])
    assert [len(warned(day)[1]) for day in (351, 352, 364)] == [1, 1, 1]
    assert warned(365)[0] == 0
    mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert "23 November 2027" in mail.subject
    assert "(x)" in mail.body
    assert "/account/tokens" in mail.body


def test_another_address_of_the_ring_sends_mails_to_the_former_and_the_new_one(log_in, people, session):
    rita = log_in(people.rita_login)
    with write_transaction(session):
        session.scalars(select(Ring)).one().email = "alt@oberland.example"
    typed = {
        "name": "Ring Oberland",
        "holidays_region": "AT-7",
        "objection_days": "21",
        "exchange_hours": "24",
        "colour": "#7C2D12",
    }
    for _twice in range(2):  # the second changes nothing
        answer = rita.post("/admin/settings", data={**typed, "email": "neu@oberland.example"})

    assert answer.status_code == 303
    for address in ("alt@oberland.example", "neu@oberland.example"):
        assert [key.partition(":")[0] for key in mails_to(session, address)] == ["ring-address-changed"]
