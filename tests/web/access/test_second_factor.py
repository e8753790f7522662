"""The second factor as people meet it: set up, log in with it, lose the phone, be made to have one."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from app.auth import api_tokens, second_factor
from app.auth.models import ApiToken, SecondFactor, User
from app.auth.origins import Origin
from app.mail.models import Mail
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Ring
from tests.builders import SOMEBODY, mail_text
from tests.conftest import MONDAY
from tests.web.conftest import PASSWORD
from tests.web.programs import Program

PLACE = "/account/second-factor"
HALF_A_MINUTE = timedelta(seconds=30)
CODE = re.compile(r">([2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4})<")


@pytest.fixture
def anna(people, log_in):
    """Anna's browser, logged in, without a second factor."""
    return log_in(people.anna_login)


@pytest.fixture
def phone(people, session):
    """Anna's app; switched on an hour ago."""
    return switched_on(session, people.anna_login)


@pytest.fixture
def required(session, people):
    """The ring requires a second factor for treasurers and administrators."""
    with write_transaction(session):
        session.get(Ring, 1).requires_second_factor = True


class Phone:
    """An app that shows codes, and the paper with the recovery codes."""

    def __init__(self, secret, paper=()):
        self.secret, self.paper = secret, list(paper)

    def shows(self, now=MONDAY):
        return pyotp.TOTP(self.secret).at(now)


def switched_on(session, user_id):
    before = MONDAY - timedelta(hours=1)
    with write_transaction(session):
        second_factor.begin_setup(session, user_id, now=before)
    secret = second_factor.setup_secret(session, user_id, now=before)
    with write_transaction(session):
        code = Phone(secret).shows(before)
        paper = second_factor.switch_on(session, user_id, code, session_token="", now=before)
    return Phone(secret, paper)


def credentials(client, email="anna@ring.example", **more):
    return client.post("/login", data={"email": email, "password": PASSWORD, **more})


def is_logged_in(client):
    return client.get("/account").status_code == 200


def state_of(session, user_id):
    session.rollback()
    session.expire_all()
    return second_factor.state_of(session, user_id)


def kinds(session):
    session.rollback()
    return session.scalars(select(RecordedEvent.type).order_by(RecordedEvent.id)).all()


# Setting it up


def set_up(client, clock):
    """Walk through the pages; the app and the answer with the recovery codes."""
    assert client.post(PLACE, data={"password": PASSWORD}).headers["Location"] == f"{PLACE}/confirm"
    page = client.get(f"{PLACE}/confirm").text
    phone = Phone(re.search(r"secret=([A-Z2-7]{32})", page).group(1))
    answer = client.post(f"{PLACE}/confirm", data={"code": phone.shows(clock())})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PLACE}/codes")
    shown = client.get(f"{PLACE}/codes")
    phone.paper = CODE.findall(shown.text)
    return phone


def test_it_is_set_up_with_password_picture_and_code(anna, session, people, clock):
    phone = set_up(anna, clock)

    assert len(phone.paper) == 10
    assert state_of(session, people.anna_login) == second_factor.SecondFactorState(MONDAY, 10)
    assert kinds(session)[-2:] == ["second_factor_switched_on", "recovery_codes_made"]
    mail = session.scalars(select(Mail.subject)).one()
    assert mail == "Your second factor for Ring Oberland is on"


def test_the_picture_holds_the_secret_without_style_or_script(anna, clock):
    anna.post(PLACE, data={"password": PASSWORD})
    page = anna.get(f"{PLACE}/confirm")

    picture = re.search(r"<svg.*?</svg>", page.text, re.DOTALL).group()
    assert "style" not in picture
    assert "script" not in picture
    assert "otpauth://totp/Ring%20Oberland:anna%40ring.example" in page.text
    secret = re.search(r"secret=([A-Z2-7]{32})", page.text).group(1)
    assert " ".join(secret[start : start + 4] for start in range(0, 32, 4)) in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_recovery_codes_are_shown_once_and_the_secret_never_again(anna, clock):
    phone = set_up(anna, clock)

    pages = [anna.get(f"{PLACE}{page}", follow_redirects=True).text for page in ("", "/codes", "/confirm", "/off")]
    assert not [word for word in (phone.secret, *phone.paper) for page in pages if word in page]
    assert "10 recovery codes are left." in pages[1]


def test_other_devices_are_logged_out_and_this_one_stays(anna, log_in, people, clock):
    other = log_in(people.anna_login)

    set_up(anna, clock)

    assert is_logged_in(anna)
    assert not is_logged_in(other)


@pytest.mark.parametrize("password", ["", "wrong"])
def test_without_the_right_password_nothing_begins(anna, session, password):
    assert anna.post(PLACE, data={"password": password}).status_code == 422
    assert anna.get(f"{PLACE}/confirm").headers["Location"] == PLACE
    session.rollback()
    assert session.scalar(select(SecondFactor.user_id)) is None


@pytest.mark.parametrize("code", ["", "000", "x" * 41, "12345678"])
def test_a_wrong_first_code_switches_nothing_on_and_keeps_the_picture(anna, session, people, code):
    anna.post(PLACE, data={"password": PASSWORD})
    before = re.search(r"secret=([A-Z2-7]{32})", anna.get(f"{PLACE}/confirm").text).group()

    answer = anna.post(f"{PLACE}/confirm", data={"code": code})

    assert answer.status_code == 422
    assert before in answer.text
    assert not state_of(session, people.anna_login).is_on


def test_guessing_the_password_before_the_set_up_costs_pauses(anna):
    for _guess in range(5):
        anna.post(PLACE, data={"password": "wrong"})

    answer = anna.post(PLACE, data={"password": PASSWORD})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "31")


def test_an_expired_set_up_restarts(anna, clock):
    anna.post(PLACE, data={"password": PASSWORD})
    clock.instant += timedelta(minutes=15)

    assert anna.get(f"{PLACE}/confirm").headers["Location"] == PLACE
    assert anna.post(f"{PLACE}/confirm", data={"code": "123456"}).headers["Location"] == PLACE


def test_switched_on_in_another_window_it_is_not_begun_again(phone, anna):
    assert anna.post(PLACE, data={"password": PASSWORD}).status_code == 409


def test_new_recovery_codes_need_password_and_code(phone, anna, session, people):
    for wrong in ({"password": "x", "code": phone.shows()}, {"password": PASSWORD, "code": "000"}, {}):
        assert anna.post(f"{PLACE}/codes", data=wrong).status_code == 422

    assert anna.post(f"{PLACE}/codes", data={"password": PASSWORD, "code": phone.shows()}).status_code == 303

    fresh = CODE.findall(anna.get(f"{PLACE}/codes").text)
    assert len(fresh) == 10
    assert set(fresh).isdisjoint(phone.paper)
    assert CODE.findall(anna.get(f"{PLACE}/codes").text) == []


def test_switching_off_needs_password_and_code(phone, anna, session, people):
    for wrong in ({"password": "x", "code": phone.shows()}, {"password": PASSWORD, "code": "000"}, {}):
        assert anna.post(f"{PLACE}/off", data=wrong).status_code == 422
    assert state_of(session, people.anna_login).is_on

    answer = anna.post(f"{PLACE}/off", data={"password": PASSWORD, "code": phone.paper[0]})

    assert (answer.status_code, answer.headers["Location"]) == (303, PLACE)
    assert not state_of(session, people.anna_login).is_on
    assert kinds(session)[-1] == "second_factor_switched_off"
    assert session.scalars(select(Mail.key).where(Mail.key.like("second-factor-off:%"))).one()


@pytest.mark.parametrize("page", ["/codes", "/off"])
def test_what_is_off_is_not_changed(anna, page):
    assert anna.get(f"{PLACE}{page}").headers["Location"] == PLACE
    sent = {"password": PASSWORD, "code": "123456"}
    assert anna.post(f"{PLACE}{page}", data=sent).headers["Location"] == PLACE


@pytest.mark.parametrize("page", ["", "/confirm", "/codes", "/off"])
def test_a_stranger_is_asked_to_log_in(client, people, page):
    assert client.get(f"{PLACE}{page}").headers["Location"] == f"/login?next={PLACE}{page}"
    assert client.post(f"{PLACE}{page}", data={"password": PASSWORD}).headers["Location"] == "/login"


# Logging in with it


def test_a_shared_computer_is_remembered_until_the_code(client, phone, clock):
    credentials(client, is_shared="y")
    cookies = client.post("/login/code", data={"code": phone.shows()}).headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    clock.instant += timedelta(minutes=31)

    assert not is_logged_in(client)


def test_after_the_password_the_code_logs_in_and_leads_to_the_requested_page(client, phone):
    answer = credentials(client, next="/costs")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/code?next=/costs")
    assert not is_logged_in(client)

    page = client.get("/login/code?next=/costs").text
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert 'value="/costs"' in page

    answer = client.post("/login/code", data={"code": phone.shows(), "next": "/costs"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/costs")
    assert is_logged_in(client)


def test_a_recovery_code_logs_in_once_and_is_notified_by_mail(client, app, phone, session, people):
    credentials(client)
    assert client.post("/login/recovery-code", data={"code": phone.paper[0].lower()}).status_code == 303
    assert is_logged_in(client)
    session.rollback()
    mail = session.scalars(select(Mail).where(Mail.key.like("recovery-code:%"))).one()
    assert "9 codes are left" in mail.body

    second = app.test_client()
    credentials(second)
    assert second.post("/login/recovery-code", data={"code": phone.paper[0]}).status_code == 422
    assert not is_logged_in(second)


def test_a_used_code_is_refused(client, app, phone, clock):
    credentials(client)
    code = phone.shows()
    client.post("/login/code", data={"code": code})
    second = app.test_client()
    credentials(second)

    assert second.post("/login/code", data={"code": code}).status_code == 422
    clock.instant += HALF_A_MINUTE
    assert second.post("/login/code", data={"code": code}).status_code == 422
    assert second.post("/login/code", data={"code": phone.shows(clock())}).status_code == 303


@pytest.mark.parametrize("page", ["/login/code", "/login/recovery-code"])
def test_wrong_and_used_codes_get_the_same_message(client, phone, session, people, page):
    spent, used = phone.shows(), phone.paper[0]
    with write_transaction(session):
        assert second_factor.verify_code(session, people.anna_login, spent, origin=Origin(), now=MONDAY)
        assert second_factor.verify_code(session, people.anna_login, used, origin=Origin(), now=MONDAY)
    credentials(client)

    answers = [client.post(page, data={"code": code}) for code in ("000000", spent, used, "ABCD-EFGH-JKMN")]

    assert {answer.status_code for answer in answers} == {422}
    without_token = {re.sub(r'name="csrf_token"[^>]*', "", answer.text) for answer in answers}
    assert len(without_token) == 1
    assert spent not in answers[1].text


@pytest.mark.parametrize("code", ["", " ", "x" * 41, "\x00", "🌾", "1' OR '1'='1"])
def test_bad_input_is_only_wrong(client, phone, code):
    credentials(client)

    assert client.post("/login/code", data={"code": code}).status_code == 422
    assert not is_logged_in(client)


def test_guessing_codes_costs_pauses_that_a_right_password_does_not_end(client, phone, clock):
    credentials(client)
    for _guess in range(5):
        assert client.post("/login/code", data={"code": "000"}).status_code == 422

    assert credentials(client).status_code == 303
    answer = client.post("/login/code", data={"code": phone.shows()})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "31")

    clock.instant += timedelta(seconds=31)
    assert client.post("/login/code", data={"code": phone.shows(clock())}).status_code == 303


@pytest.mark.parametrize("page", ["/login/code", "/login/recovery-code"])
def test_the_code_page_without_a_password_redirects_to_the_login(client, phone, page):
    for answer in (
        client.get(f"{page}?next=/costs"),
        client.post(page, data={"code": phone.shows(), "next": "/costs"}),
    ):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/costs")
    assert not is_logged_in(client)


def test_the_second_step_ends_after_five_minutes(client, phone, clock):
    credentials(client)
    clock.instant += timedelta(minutes=5)

    answer = client.post("/login/code", data={"code": phone.shows(clock())})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert not is_logged_in(client)


def test_the_second_step_is_taken_once(client, app, phone, clock):
    credentials(client)
    copy = app.test_client()
    with client.session_transaction() as cookie, copy.session_transaction() as copied:
        copied.update(cookie)
    assert client.post("/login/code", data={"code": phone.shows()}).status_code == 303

    assert copy.post("/login/code", data={"code": phone.paper[0]}).headers["Location"] == "/login"
    assert not is_logged_in(copy)


def test_the_second_step_of_one_login_takes_no_codes_of_another(client, phone, session, people):
    bernds = switched_on(session, people.bernd_login)
    credentials(client, "bernd@ring.example")

    assert client.post("/login/code", data={"code": phone.paper[0]}).status_code == 422
    assert client.post("/login/code", data={"code": phone.shows()}).status_code == 422
    assert client.post("/login/code", data={"code": bernds.shows()}).status_code == 303


@pytest.mark.parametrize("wished", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_after_the_code_only_our_own_places_are_gone_to(client, phone, wished):
    assert "evil" not in credentials(client, next=wished).headers["Location"]
    page = client.get("/login/code", query_string={"next": wished}).text
    assert re.search(r'<input id="next" name="next" type="hidden" value="">', page)

    answer = client.post("/login/code", data={"code": phone.shows(), "next": wished})
    assert answer.headers["Location"] == "/today"


def test_the_password_ends_the_previous_session_and_does_not_log_in(client, phone):
    credentials(client)
    client.post("/login/code", data={"code": phone.shows()})

    credentials(client)

    assert not is_logged_in(client)


def test_a_new_password_by_mail_does_not_go_round_the_code(client, app, phone, session, people):
    client.post("/password/forgotten", data={"email": "anna@ring.example"})
    session.rollback()
    mail = session.scalars(select(Mail).where(Mail.key.like("password:%"))).one()
    link = re.search(r"/password/new/\S+", mail_text(mail)).group()

    assert client.post(link, data={"password": PASSWORD}).headers["Location"] == "/login"
    assert credentials(client).headers["Location"] == "/login/code"
    assert not is_logged_in(client)


def test_the_second_step_is_no_log_in_anywhere(client, phone):
    credentials(client)

    assert client.get("/api/v1/machines").status_code == 401
    assert client.post("/logout").headers["Location"] == "/login"


# Required by the ring


@pytest.mark.parametrize("who", ["karl", "rita"])
def test_treasurers_and_administrators_are_led_to_set_it_up_and_do_nothing_else_before(
    client, app, required, session, people, clock, who
):
    credentials(client, f"{who}@ring.example")

    closed = (
        "/",
        "/today",
        "/costs",
        "/account",
        "/account/tokens",
        "/account/password",
        "/admin/settings",
        "/machines",
    )
    for path in closed:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, PLACE), path
    assert client.post("/account/profile", data={"name": "X"}).headers["Location"] == PLACE
    assert client.get("/api/v1/machines").json["code"] == "second_factor_missing"
    page = client.get(PLACE).text
    assert "The ring requires you to use a second factor" in page
    assert "/costs" not in page

    set_up(client, clock)

    assert client.get("/today").status_code == 200
    second = app.test_client()
    assert credentials(second, f"{who}@ring.example").headers["Location"] == "/login/code"


def test_who_is_led_to_set_it_up_can_log_out_choose_a_language_and_read_the_help(client, required, people):
    credentials(client, "karl@ring.example")

    assert client.get("/help").status_code == 200
    assert client.get("/healthz").status_code == 200
    assert client.post("/language", data={"language": "de", "next": PLACE}).headers["Location"] != "/login"
    assert client.post("/logout").headers["Location"] == "/"
    assert client.get("/today").headers["Location"] == "/login?next=/today"


@pytest.mark.parametrize("who", ["anna", "wanda"])
def test_members_and_managers_are_only_offered_one(client, required, people, who):
    credentials(client, f"{who}@ring.example")

    assert client.get("/today").status_code == 200
    assert client.get(PLACE).status_code == 200
    assert "requires you to use a second factor" not in client.get(PLACE).text


def test_programs_wait_until_their_login_has_its_second_factor(app, required, session, people):
    with write_transaction(session):
        secret = api_tokens.create(session, people.karl_login, label="x", is_read_only=False, by=SOMEBODY, now=MONDAY)
    program = Program(app, secret)

    refused = program.get("/pools")
    assert (refused.status_code, refused.json["code"]) == (403, "second_factor_missing")

    switched_on(session, people.karl_login)
    assert program.get("/pools").status_code == 200
    session.rollback()
    assert session.scalar(select(ApiToken.revoked_at)) is None


def test_the_settings_switch_it_on_for_everybody_at_the_next_request(log_in, session, people):
    rita, karl = log_in(people.rita_login), log_in(people.karl_login)
    settings = {
        "name": "Ring Oberland",
        "holidays_region": "DE-BY",
        "objection_days": "14",
        "exchange_hours": "24",
        "colour": "#14532d",
    }
    assert karl.get("/today").status_code == 200

    assert rita.post("/admin/settings", data={**settings, "requires_second_factor": "y"}).status_code == 303

    assert karl.get("/today").headers["Location"] == PLACE
    assert rita.get("/today").headers["Location"] == PLACE
    session.rollback()
    facts = session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == "record_changed")).all()
    assert "requires_second_factor" in facts[-1]["what"].split(",")


def test_a_login_that_is_made_treasurer_owes_one_at_its_next_request(anna, required, session, people):
    assert anna.get("/today").status_code == 200
    with write_transaction(session):
        session.get(User, people.anna_login).is_treasurer = True

    assert anna.get("/today").headers["Location"] == PLACE


def test_switching_off_what_the_ring_requires_leads_to_setting_it_up_again(log_in, required, session, people):
    phone = switched_on(session, people.karl_login)
    karl = log_in(people.karl_login)
    assert "you will be asked to set it up again" in karl.get(f"{PLACE}/off").text

    karl.post(f"{PLACE}/off", data={"password": PASSWORD, "code": phone.shows()})

    assert karl.get("/today").headers["Location"] == PLACE


# The lost phone


def test_an_administrator_resets_the_second_factor_of_somebody_else(client, log_in, phone, session, people):
    rita, anna = log_in(people.rita_login), log_in(people.anna_login)
    page = rita.get(f"/admin/logins/{people.anna_login}").text
    assert "Reset second factor" in page
    assert phone.secret not in page

    answer = rita.post(f"/admin/logins/{people.anna_login}/second-factor/reset")

    assert answer.status_code == 303
    assert not is_logged_in(anna)
    assert credentials(client).headers["Location"] == "/today"
    assert kinds(session)[-1] == "second_factor_reset"
    assert session.scalars(select(Mail.to_address).where(Mail.key.like("second-factor-reset:%"))).one()
    assert rita.post(f"/admin/logins/{people.anna_login}/second-factor/reset").status_code == 409


def test_resetting_the_own_second_factor_needs_password_and_code(log_in, session, people):
    switched_on(session, people.rita_login)
    rita = log_in(people.rita_login)

    assert "Reset second factor" not in rita.get(f"/admin/logins/{people.rita_login}").text
    assert rita.post(f"/admin/logins/{people.rita_login}/second-factor/reset").status_code == 409
    assert state_of(session, people.rita_login).is_on


@pytest.mark.parametrize("who", ["anna", "wanda", "karl"])
def test_only_administrators_reset(log_in, phone, people, who):
    other = log_in(getattr(people, f"{who}_login"))

    assert other.post(f"/admin/logins/{people.anna_login}/second-factor/reset").status_code == 403


def test_the_command_resets_the_second_factor_of_a_login(app, phone, session, people):
    def run(email):
        return app.test_cli_runner().invoke(args=["ring", "user", "reset-second-factor", email])

    answer = run(" Anna@Ring.example")

    assert answer.exit_code == 0, answer.output
    assert not state_of(session, people.anna_login).is_on
    assert "has no second factor" in run("anna@ring.example").output
    assert "no login" in run("stranger@ring.example").output


def test_the_event_log_shows_a_text_for_it(log_in, phone, session, people):
    with write_transaction(session):
        second_factor.verify_code(session, people.anna_login, phone.paper[0], origin=Origin(), now=MONDAY)

    page = log_in(people.rita_login).get("/admin/events").text

    assert "Second factor switched on" in page
    assert "Recovery code used" in page
    assert "recovery codes left: 9" in page
