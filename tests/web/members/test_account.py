"""/account: what belongs to the login itself, and to nobody else."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import func, select

from app.auth import logins, passwords
from app.auth.models import ApiToken, LoginSession, ManagedWorkshop, User
from app.mail.models import Mail
from booking.addresses import Address
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests import builders
from tests.conftest import MONDAY

PASSWORD = "three blue tractors"
NEW = "four green harvesters"
PAGES = ["", "/profile", "/contact", "/mails", "/my-data", "/password", "/devices", "/tokens"]


@pytest.fixture
def anna(session, sample_ring, log_in):
    """Anna's browser; her password is PASSWORD."""
    hashed = passwords.hash_of(PASSWORD)
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).password_hash = hashed
    return log_in(sample_ring.anna_login)


def fresh(session, model, record_id):
    session.rollback()
    session.expire_all()
    return session.get(model, record_id)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_there(anna, page):
    assert anna.get(f"/account{page}").status_code == 200


@pytest.mark.parametrize("page", [*PAGES, "/deputies"])
def test_a_stranger_is_asked_to_log_in(client, sample_ring, page):
    answer = client.get(f"/account{page}")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next=/account{page}")


def test_name_language_and_appearance_are_kept(anna, session, sample_ring):
    answer = anna.post("/account/profile", data={"name": "Anna Huber", "language": "de", "theme": "dark"})

    assert answer.status_code == 303
    user = fresh(session, User, sample_ring.anna_login)
    assert (user.name, user.language, user.theme) == ("Anna Huber", "de", "dark")
    page = anna.get("/account").text
    assert 'lang="de"' in page
    assert "dark" in page


def test_the_key_of_the_search_is_switched_off_and_on(anna):
    sent = {"name": "Anna", "language": "en", "theme": "system"}

    for box, has_key in (({}, False), ({"uses_search_key": "y"}, True)):
        anna.post("/account/profile", data={**sent, **box})
        page = anna.get("/account/profile").text
        assert ("js/search" in page, "aria-keyshortcuts" in page) == (has_key, has_key)


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 121}, {"language": "xx"}, {"theme": "loud"}])
def test_a_wrong_setting_is_refused(anna, wrong):
    sent = {"name": "Anna", "language": "de", "theme": "dark", **wrong}

    assert anna.post("/account/profile", data=sent).status_code == 422


def test_contact_data_are_stored_and_logged_without_values(anna, session, sample_ring):
    sent = {"email": "hof@anna.example", "phone": "+49 8841 1", "address_street": "Dorf 1", "address_town": "Murnau"}

    assert anna.post("/account/contact", data=sent).status_code == 303

    member = fresh(session, Member, sample_ring.anna)
    assert (member.email, member.phone) == ("hof@anna.example", "+49 8841 1")
    assert member.address == Address(street="Dorf 1", town="Murnau")
    facts = session.scalars(select(RecordedEvent).order_by(RecordedEvent.id.desc())).first().facts
    assert facts == {"table": "member", "record_id": sample_ring.anna, "what": "email,phone,address", "key": ""}


def test_contact_data_cannot_change_more_than_contact_data(anna, session, sample_ring):
    anna.post(
        "/account/contact", data={"email": "", "phone": "", "address_street": "", "name": "X", "price_class": "guest"}
    )

    member = fresh(session, Member, sample_ring.anna)
    assert (member.name, member.price_class) == ("Anna", "member")


def test_a_new_password_logs_out_every_other_device(anna, app, log_in, session, sample_ring):
    other = log_in(sample_ring.anna_login)
    thief = app.test_client()
    with anna.session_transaction() as cookie, thief.session_transaction() as copy:
        copy.update(cookie)

    answer = anna.post("/account/password", data={"old_password": PASSWORD, "password": NEW})

    assert answer.status_code == 303
    assert anna.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert thief.get("/account").status_code == 303
    assert passwords.matches(NEW, fresh(session, User, sample_ring.anna_login).password_hash)
    assert session.scalars(select(Mail.subject).where(Mail.key.like("password-changed:%"))).one()


@pytest.mark.parametrize(
    ("old", "new"),
    [("wrong", NEW), (PASSWORD, "short"), (PASSWORD, "passwort123"), (PASSWORD, "anna2026"), (PASSWORD, "")],
)
def test_a_wrong_or_weak_password_changes_nothing(anna, session, sample_ring, old, new):
    assert anna.post("/account/password", data={"old_password": old, "password": new}).status_code == 422
    assert passwords.matches(PASSWORD, fresh(session, User, sample_ring.anna_login).password_hash)


def test_guessing_the_present_password_costs_pauses_too(anna):
    for _guess in range(5):
        anna.post("/account/password", data={"old_password": "wrong", "password": NEW})

    answer = anna.post("/account/password", data={"old_password": PASSWORD, "password": NEW})
    assert answer.status_code == 429


def test_one_device_is_logged_out(anna, log_in, session, sample_ring):
    other = log_in(sample_ring.anna_login)
    address = re.findall(r'action="(/account/devices/\d+/end)"', anna.get("/account/devices").text)[0]

    assert anna.post(address).status_code == 303
    assert other.get("/account").status_code == 303
    assert anna.get("/account").status_code == 200
    assert last_event(session) == ("sessions_ended", {"user_id": sample_ring.anna_login, "is_all": False})


def last_event(session):
    session.rollback()
    event = session.scalars(select(RecordedEvent).order_by(RecordedEvent.id.desc())).first()
    return event.type, event.facts


def test_another_ones_device_is_not_to_be_found(anna, log_in, session, sample_ring):
    bernd = log_in(sample_ring.bernd_login)
    session.rollback()
    his = session.scalar(select(LoginSession.id).where(LoginSession.user_id == sample_ring.bernd_login))

    assert anna.post(f"/account/devices/{his}/end").status_code == 404
    assert anna.post("/account/devices/999999/end").status_code == 404
    assert bernd.get("/account").status_code == 200


def test_log_out_everywhere_means_everywhere(anna, log_in, session, sample_ring):
    other = log_in(sample_ring.anna_login)

    assert anna.post("/account/devices/end-all").headers["Location"] == "/login"
    assert other.get("/account").status_code == 303
    assert anna.get("/account").status_code == 303
    assert last_event(session) == ("sessions_ended", {"user_id": sample_ring.anna_login, "is_all": True})


def test_a_token_is_shown_once_and_opens_until_it_is_revoked(anna, session, sample_ring, clock):
    assert anna.post("/account/tokens", data={"label": "Meter", "is_read_only": "y"}).status_code == 303
    secret = re.search(r"ring_[\w-]{40,}", anna.get("/account/tokens").text).group()
    assert secret not in anna.get("/account/tokens").text

    session.rollback()
    found = logins.by_api_token(session, secret, now=clock())
    assert (found.id, found.is_read_only) == (sample_ring.anna_login, True)
    token = session.scalars(select(ApiToken)).one()
    assert secret not in (token.token_hash, token.label)

    assert anna.post(f"/account/tokens/{token.id}/revoke").status_code == 303
    session.rollback()
    assert logins.by_api_token(session, secret, now=clock()) is None


def test_another_ones_token_is_not_to_be_found(anna, log_in, session, sample_ring):
    log_in(sample_ring.bernd_login).post("/account/tokens", data={"label": "Meter"})
    session.rollback()
    his = session.scalar(select(ApiToken.id))

    assert anna.post(f"/account/tokens/{his}/revoke").status_code == 404
    assert "Meter" not in anna.get("/account/tokens").text


def test_a_manager_names_a_deputy_who_may_act_at_once_and_withdraws_him(log_in, session, sample_ring, clock):
    wanda = log_in(sample_ring.wanda_login)
    sent = {
        "workshop_id": sample_ring.hall,
        "email": "Bernd@ring.example",
        "valid_from": "2026-11-23",
        "valid_until": "2026-11-30",
    }
    assert wanda.post("/account/deputies", data=sent).status_code == 303

    session.rollback()
    assert logins.by_user_id(session, sample_ring.bernd_login, now=clock()).managed_workshop_ids == {sample_ring.hall}
    again = wanda.post("/account/deputies", data=sent | {"valid_until": "2026-12-01"})
    assert again.status_code == 422
    assert "Already a deputy here from Mon 23 November to Mon 30 November." in again.text
    assert 'value="2026-12-01"' in again.text
    row = session.scalar(select(ManagedWorkshop.id).where(ManagedWorkshop.is_deputy))
    assert "Bernd" in wanda.get("/account/deputies").text
    workshop = wanda.get("/workshop").text
    assert "Mon 23 November to Mon 30 November" in workshop
    assert "named by Wanda" in workshop

    assert wanda.post(f"/account/deputies/{row}/withdraw").status_code == 303
    session.rollback()
    assert logins.by_user_id(session, sample_ring.bernd_login, now=clock()).managed_workshop_ids == frozenset()
    kinds = session.scalars(select(RecordedEvent.type).order_by(RecordedEvent.id.desc()).limit(2)).all()
    assert kinds == ["manager_withdrawn", "manager_named"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"email": "nobody@ring.example"}, 422),
        ({"email": "wanda@ring.example"}, 409),
        ({"valid_until": "2026-11-22"}, 422),
        ({"valid_from": ""}, 422),
        ({"valid_from": "2026-02-30"}, 422),
        ({"valid_from": "2026-11-01", "valid_until": "2026-11-22"}, 422),  # over
        ({"valid_until": "9999-12-31"}, 422),
        ({"email": "karl@ring.example"}, 422),  # acts for no member
        ({"valid_until": "2027-02-21"}, 422),  # 91 days
        ({"valid_from": "0026-11-23"}, 422),
        ({"workshop_id": "999"}, 422),
    ],
)
def test_a_deputy_that_cannot_be_is_refused(log_in, session, sample_ring, wrong, status):
    sent = {
        "workshop_id": sample_ring.hall,
        "email": "bernd@ring.example",
        "valid_from": "2026-11-23",
        "valid_until": "2026-11-30",
        **wrong,
    }
    assert log_in(sample_ring.wanda_login).post("/account/deputies", data=sent).status_code == status
    session.rollback()
    assert session.scalar(select(func.count()).select_from(ManagedWorkshop)) == 1


def test_no_deputy_for_another_workshop(log_in, session, sample_ring):
    other = builders.login(session, "Lars", now=MONDAY, manages=(sample_ring.lab,))
    sent = {
        "workshop_id": sample_ring.hall,
        "email": "bernd@ring.example",
        "valid_from": "2026-11-23",
        "valid_until": "2026-11-30",
    }

    assert log_in(other).post("/account/deputies", data=sent).status_code == 422
    assert log_in(sample_ring.wanda_login).post("/account/deputies", data=sent).status_code == 303
    session.rollback()
    row_id = session.scalars(select(ManagedWorkshop.id).where(ManagedWorkshop.is_deputy)).one()
    assert log_in(other).post(f"/account/deputies/{row_id}/withdraw").status_code == 404
    assert log_in(sample_ring.anna_login).post(f"/account/deputies/{row_id}/withdraw").status_code == 404
    assert log_in(sample_ring.anna_login).get("/account/deputies").status_code == 403


def test_a_deputy_sees_the_days_and_ends_them_but_not_those_of_another(log_in, session, sample_ring):
    builders.deputy(session, sample_ring, "Dora", date(2026, 11, 23), date(2026, 11, 30))
    emil = builders.deputy(session, sample_ring, "Emil", date(2026, 12, 1), date(2026, 12, 2))
    rows = dict(
        session.execute(select(User.name, ManagedWorkshop.id).join(User, User.id == ManagedWorkshop.user_id)).all()
    )
    dora = log_in(session.scalar(select(User.id).where(User.name == "Dora")))

    assert "Mon 23 November to Mon 30 November, named by Wanda" in dora.get("/account").text
    assert dora.post(f"/account/deputies/{rows['Emil']}/withdraw").status_code == 404
    assert dora.post(f"/account/deputies/{rows['Wanda']}/withdraw").status_code == 404
    assert dora.post(f"/account/deputies/{rows['Dora']}/withdraw").status_code == 303
    assert log_in(emil).post(f"/account/deputies/{rows['Emil']}/withdraw").status_code == 303
    session.rollback()
    assert session.scalars(select(ManagedWorkshop.is_deputy)).all() == [False]
