"""/admin: members, logins, settings, event log, mails."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from app.auth import logins, passwords
from app.auth.models import LoginSession, ManagedWorkshop, User
from app.extensions import db
from app.mail.models import Mail
from booking.addresses import Address
from booking.events.reservation_events import RecordChanged, ReservationCancelled
from booking.kernel.events import Actor, RecordedEvent, record
from booking.kernel.transaction import write_transaction
from booking.models import Member
from booking.records import ring
from tests import builders
from tests.builders import mail_text
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

PAGES = [
    "",
    "/members",
    "/members/new",
    "/members/invite",
    "/members/1",
    "/members/1/delete",
    "/logins",
    "/logins/invite",
    "/logins/1",
    "/settings",
    "/events",
    "/mails",
]
DORA = {"name": "Dora", "email": "Dora@ring.example", "language": "en", "member_number": "M-Anna"}
HOF = {"number": "M-77", "name": "Hof Zeller", "price_class": "member"}


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def fresh(session, model, record_id):
    session.rollback()
    session.expire_all()
    return session.get(model, record_id)


def mail_to(session, address):
    session.rollback()
    return session.scalars(select(Mail).where(Mail.to_address == address).order_by(Mail.id.desc())).first()


def without_token(page):
    return re.sub(r'name="csrf_token"[^>]*>', "", page)


def link_in(mail):
    return re.search(r"http://127\.0\.0\.1:8000(/\S+)", mail_text(mail)).group(1)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_there_for_the_administrator_alone(rita, log_in, client, sample_ring, page):
    assert rita.get(f"/admin{page}").status_code == 200
    assert client.get(f"/admin{page}").status_code == 303
    for other in (sample_ring.anna_login, sample_ring.wanda_login):
        assert log_in(other).get(f"/admin{page}").status_code == 403
    treasurers = ("/members", "/events")
    assert log_in(sample_ring.karl_login).get(f"/admin{page}").status_code == (200 if page in treasurers else 403)


def test_the_treasurer_reads_what_concerns_money_and_no_more(rita, log_in, session, sample_ring):
    rita.post("/admin/members/new", data=HOF)
    with write_transaction(session):
        record(session, RecordChanged(table="tariff", record_id=7), by=builders.SOMEBODY, at=MONDAY)

    page = log_in(sample_ring.karl_login).get("/admin/events").text
    assert "Tariff entered or changed" in page
    assert "Tariff no. 7" in page
    assert "Member entered" not in page
    assert "Member entered" in rita.get("/admin/events").text
    assert "/admin/members/1" not in log_in(sample_ring.karl_login).get("/admin/members").text


@pytest.mark.parametrize("page", ["/members/999", "/logins/999"])
def test_what_is_not_there_is_not_found(rita, page):
    assert rita.get(f"/admin{page}").status_code == 404


def test_a_member_is_entered_found_and_changed(rita, session):
    assert rita.post("/admin/members/new", data=HOF).status_code == 303
    session.rollback()
    member_id = session.scalar(select(Member.id).where(Member.number == "M-77"))
    assert "Hof Zeller" in rita.get("/admin/members?q=zell").text
    assert "Hof Zeller" not in rita.get("/admin/members?q=%25").text

    page = rita.get(f"/admin/members/{member_id}").text
    assert form_with(page, "number")["revision"] == "0"
    changed = {**HOF, "name": "Hof Zeller GbR", "left_on": "2027-12-31", "revision": "0"}
    assert rita.post(f"/admin/members/{member_id}", data=changed).status_code == 303

    member = fresh(session, Member, member_id)
    assert (member.name, member.left_on.isoformat(), member.revision) == ("Hof Zeller GbR", "2027-12-31", 1)


def test_a_window_left_open_overwrites_nothing(rita, session, sample_ring):
    sent = {"number": "M-Anna", "name": "First", "price_class": "member", "revision": "0"}
    assert rita.post(f"/admin/members/{sample_ring.anna}", data=sent).status_code == 303
    assert rita.post(f"/admin/members/{sample_ring.anna}", data={**sent, "name": "Second"}).status_code == 409

    assert fresh(session, Member, sample_ring.anna).name == "First"


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": ""},
        {"name": " "},
        {"number": "M-Anna"},
        {"email": "nonsense"},
        {"price_class": "friend"},
        {"joined_on": "2026-05-01", "left_on": "2026-04-30"},
        {"joined_on": "yesterday"},
        {"name": "x" * 201},
    ],
)
def test_an_invalid_member_is_refused_with_a_message(rita, session, sample_ring, wrong):
    answer = rita.post("/admin/members/new", data={**HOF, **wrong})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Member)) == 2


def test_names_are_data_in_every_list(rita, session):
    name = '<script>alert("x")</script> =cmd()'
    rita.post("/admin/members/new", data={**HOF, "name": name})

    page = rita.get("/admin/members").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_somebody_invited_chooses_a_password_and_is_in(rita, app, session, sample_ring, clock):
    sent = {**DORA, "is_treasurer": "y", "workshop_ids": [sample_ring.hall]}
    assert rita.post("/admin/logins/invite", data=sent).status_code == 303
    mail = mail_to(session, "dora@ring.example")
    dora = app.test_client()
    link = link_in(mail)
    assert dora.get(link).status_code == 200
    assert dora.post(link, data={"password": "short"}).status_code == 422

    assert dora.post(link, data={"password": "three blue tractors"}).status_code == 303

    assert dora.get("/account").status_code == 200
    session.rollback()
    user_id = session.scalar(select(User.id).where(User.email == "dora@ring.example"))
    login = logins.by_user_id(session, user_id, now=clock())
    assert (login.member_id, login.is_treasurer, login.managed_workshop_ids) == (
        sample_ring.anna,
        True,
        {sample_ring.hall},
    )
    assert app.test_client().get(link).status_code == 404
    assert app.test_client().post(link, data={"password": "four red tractors"}).status_code == 404
    secret = link.rpartition("/")[2]
    assert secret not in str(session.execute(select(RecordedEvent.facts)).all())


def test_an_invitation_ends_after_its_days(rita, client, session, sample_ring, clock):
    rita.post("/admin/logins/invite", data=DORA)
    link = link_in(mail_to(session, "dora@ring.example"))
    clock.instant += timedelta(days=7, seconds=1)

    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": "three blue tractors"}).status_code == 404


def test_a_second_invitation_ends_the_first(rita, client, session, sample_ring):
    rita.post("/admin/logins/invite", data=DORA)
    first = link_in(mail_to(session, "dora@ring.example"))
    user_id = session.scalar(select(User.id).where(User.email == "dora@ring.example"))
    assert rita.post(f"/admin/logins/{user_id}/invite-again").status_code == 303
    second = link_in(mail_to(session, "dora@ring.example"))

    assert first != second
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_links_come_from_the_configured_address_alone(rita, session, sample_ring):
    rita.post("/admin/logins/invite", data=DORA, headers={"X-Forwarded-Host": "evil.example"})

    assert "evil" not in mail_to(session, "dora@ring.example").body


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"email": "Anna@ring.example"}, 409),
        ({"email": "no address"}, 422),
        ({"name": ""}, 422),
        ({"member_number": "M-Nobody"}, 422),
        ({"workshop_ids": ["999"]}, 422),
        ({"language": "xx"}, 422),
    ],
)
def test_a_wrong_invitation_is_refused_and_mails_nothing(rita, session, sample_ring, wrong, status):
    assert rita.post("/admin/logins/invite", data={**DORA, **wrong}).status_code == status
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_a_forgotten_password_is_renewed_by_a_link_that_works_once(app, client, log_in, session, sample_ring, clock):
    anna = log_in(sample_ring.anna_login)
    hashed = passwords.hash_of("three blue tractors")
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).password_hash = hashed
    assert client.post("/password/forgotten", data={"email": "ANNA@ring.example"}).status_code == 303
    link = link_in(mail_to(session, "anna@ring.example"))

    assert client.post(link, data={"password": "anna-anna"}).status_code == 422
    assert client.post(link, data={"password": "four red harvesters"}).status_code == 303

    assert anna.get("/account").status_code == 303  # logged out everywhere
    assert client.get(link).status_code == 404
    assert (
        client.post("/login", data={"email": "anna@ring.example", "password": "three blue tractors"}).status_code == 422
    )
    assert (
        client.post("/login", data={"email": "anna@ring.example", "password": "four red harvesters"}).status_code == 303
    )


def test_a_password_link_ends_after_an_hour(client, session, sample_ring, clock):
    client.post("/password/forgotten", data={"email": "anna@ring.example"})
    link = link_in(mail_to(session, "anna@ring.example"))
    clock.instant += timedelta(minutes=60, seconds=1)

    assert client.get(link).status_code == 404


def test_a_forgotten_password_does_not_reveal_whether_an_account_exists(app, client, session, sample_ring):
    answers = []
    for email in ("anna@ring.example", "stranger@ring.example"):
        browser = app.test_client()
        answer = browser.post("/password/forgotten", data={"email": email})
        answers.append((answer.status_code, answer.headers["Location"], without_token(browser.get("/login").text)))

    assert answers[0] == answers[1]
    session.rollback()
    assert session.scalars(select(Mail.to_address)).all() == ["anna@ring.example"]
    kinds = session.scalars(select(RecordedEvent.type)).all()
    assert kinds.count("password_link_sent") == 1


def test_a_forgotten_password_takes_the_same_steps_for_unknown_addresses(client, session, sample_ring):
    statements = []
    client.post("/password/forgotten", data={"email": "first@ring.example"})
    event.listen(db.engine, "before_cursor_execute", lambda *words: statements.append(words[2].split()[:3]))
    seen = []
    for email in ("anna@ring.example", "stranger@ring.example"):
        statements.clear()
        client.post("/password/forgotten", data={"email": email})
        seen.append([words for words in statements if words[0] not in ("PRAGMA", "RELEASE", "ROLLBACK")])

    assert seen[0] == seen[1]


def test_requests_for_a_password_link_are_limited(client, clock, session, sample_ring):
    codes = [client.post("/password/forgotten", data={"email": "anna@ring.example"}).status_code for _try in range(5)]

    assert codes == [303, 303, 303, 429, 429]
    codes = [client.post("/password/forgotten", data={"email": "x@ring.example"}).status_code for _try in range(5)]
    assert codes == [303, 303, 303, 429, 429]


def test_roles_given_act_at_the_next_request(rita, log_in, session, sample_ring):
    with write_transaction(session):
        session.get(User, sample_ring.rita_login).password_hash = "any"
    anna = log_in(sample_ring.anna_login)
    assert anna.get("/admin").status_code == 403
    sent = {"member_number": "M-Anna", "is_admin": "y", "revision": "0"}

    assert rita.post(f"/admin/logins/{sample_ring.anna_login}/roles", data=sent).status_code == 303
    assert anna.get("/admin").status_code == 200
    sent = {"member_number": "M-Anna", "revision": "1"}
    assert rita.post(f"/admin/logins/{sample_ring.anna_login}/roles", data=sent).status_code == 303
    assert anna.get("/admin").status_code == 403


def test_roles_changed_in_two_windows_are_not_lost(rita, sample_ring):
    address = f"/admin/logins/{sample_ring.anna_login}/roles"
    assert rita.post(address, data={"is_treasurer": "y", "revision": "0"}).status_code == 303

    assert rita.post(address, data={"is_admin": "y", "revision": "0"}).status_code == 409


def test_the_last_administrator_stays(rita, session, sample_ring):
    hashed = passwords.hash_of("three blue tractors")
    with write_transaction(session):
        session.get(User, sample_ring.rita_login).password_hash = hashed

    assert rita.post(f"/admin/logins/{sample_ring.rita_login}/disable").status_code == 409
    assert rita.post(f"/admin/logins/{sample_ring.rita_login}/roles", data={"revision": "0"}).status_code == 409
    user = fresh(session, User, sample_ring.rita_login)
    assert (user.is_admin, user.disabled_at) == (True, None)


def test_an_invited_administrator_does_not_count_as_one(rita, session, sample_ring):
    rita.post("/admin/logins/invite", data={**DORA, "is_admin": "y"})

    assert rita.post(f"/admin/logins/{sample_ring.rita_login}/disable").status_code == 409


def test_a_disabled_login_is_out_at_once_and_can_come_back(rita, log_in, session, sample_ring):
    anna = log_in(sample_ring.anna_login)
    assert rita.post(f"/admin/logins/{sample_ring.anna_login}/disable").status_code == 303

    assert anna.get("/account").status_code == 303
    session.rollback()
    assert not session.scalars(select(LoginSession).where(LoginSession.user_id == sample_ring.anna_login)).all()
    assert rita.post(f"/admin/logins/{sample_ring.anna_login}/enable").status_code == 303
    assert log_in(sample_ring.anna_login).get("/account").status_code == 200


def test_managers_are_named_and_withdrawn(rita, session, sample_ring, clock):
    address = f"/admin/logins/{sample_ring.bernd_login}/workshops"
    assert rita.post(address, data={"workshop_id": sample_ring.lab}).status_code == 303
    assert rita.post(address, data={"workshop_id": sample_ring.lab}).status_code == 409
    session.rollback()
    assert logins.by_user_id(session, sample_ring.bernd_login, now=clock()).managed_workshop_ids == {sample_ring.lab}

    row = session.scalar(select(ManagedWorkshop.id).where(ManagedWorkshop.user_id == sample_ring.bernd_login))
    assert rita.post(f"/admin/logins/{sample_ring.anna_login}/workshops/{row}/withdraw").status_code == 404
    assert rita.post(f"{address}/{row}/withdraw").status_code == 303
    session.rollback()
    assert logins.by_user_id(session, sample_ring.bernd_login, now=clock()).managed_workshop_ids == frozenset()


def test_a_login_gets_another_address(rita, session, sample_ring):
    address = f"/admin/logins/{sample_ring.anna_login}/email"
    assert rita.post(address, data={"email": "bernd@ring.example"}).status_code == 409
    assert rita.post(address, data={"email": "nonsense"}).status_code == 422
    assert rita.post(address, data={"email": "Huber@ring.example"}).status_code == 303

    assert fresh(session, User, sample_ring.anna_login).email == "huber@ring.example"


def test_the_settings_of_the_ring_are_kept_and_shown(rita, session):
    sent = {
        "name": "Ring Unterland",
        "address_town": "Weilheim",
        "email": "",
        "holidays_region": "AT-7",
        "objection_days": "21",
        "exchange_hours": "24",
        "colour": "#7C2D12",
    }
    assert rita.post("/admin/settings", data=sent).status_code == 303

    session.rollback()
    facts = ring.the_ring(session)
    assert (facts.name, facts.objection_days, facts.colour) == ("Ring Unterland", 21, "#7c2d12")
    assert facts.address == Address(town="Weilheim")
    assert facts.is_catalogue_public is False
    assert "Ring Unterland, Weilheim" in rita.get("/admin").text


@pytest.mark.parametrize("colour", ["#ffff00", "#ffffff", "#000000"])
def test_any_colour_is_taken_because_its_shades_are_derived_legibly(rita, session, colour):
    sent = {
        "name": "R",
        "holidays_region": "DE-BY",
        "objection_days": "14",
        "exchange_hours": "24",
        "colour": "own",
        "colour-own": colour,
    }

    assert rita.post("/admin/settings", data=sent).status_code == 303
    session.rollback()
    assert ring.the_ring(session).colour == colour
    assert f'value="{colour}"' in rita.get("/admin/settings").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"colour": "#ff0"},
        {"colour": "own", "colour-own": "red"},
        {"colour": "red;}"},
        {"objection_days": "-1"},
        {"objection_days": "400"},
        {"holidays_region": "XX"},
        {"email": "x"},
    ],
)
def test_wrong_settings_are_refused(rita, session, wrong):
    sent = {
        "name": "R",
        "holidays_region": "DE-BY",
        "objection_days": "14",
        "exchange_hours": "24",
        "colour": "#14532d",
        **wrong,
    }

    assert rita.post("/admin/settings", data=sent).status_code == 422
    session.rollback()
    assert ring.the_ring(session).name == "Ring Oberland"


def test_the_event_log_is_paged_and_filtered(rita, session, sample_ring):
    for number in range(60):
        rita.post("/admin/members/new", data={**HOF, "number": f"N-{number}"})

    first = rita.get("/admin/events").text
    assert "page=2" in first
    assert rita.get("/admin/events?page=2").status_code == 200
    assert "Rita" in first
    only = rita.get("/admin/events?type=record_changed").text
    assert "Record entered or changed" in only
    assert rita.get("/admin/events?type=%27&page=-4").status_code == 200
    assert rita.get("/admin/events?page=99999999999999999999").status_code == 200


def test_the_administration_page_shows_the_size_of_the_ring(rita, sample_ring):
    page = rita.get("/admin").text
    assert "2 farms, workshops and people who use machines" in page
    # The cast has no passwords: everybody was invited, and the test lets them in by their session.
    assert "0 people may log in. 5 invitations are still open." in page


def test_a_workshop_that_is_managed_already_is_not_offered_again(rita, sample_ring):
    page = rita.get(f"/admin/logins/{sample_ring.wanda_login}").text

    assert f'<option value="{sample_ring.lab}">' in page
    assert f'<option value="{sample_ring.hall}">' not in page


def test_the_event_log_names_who_and_what_and_leads_there(rita, session, sample_ring):
    facts = {"reservation_id": 41, "machine_id": sample_ring.combine, "member_id": sample_ring.anna, "revision": 3}
    span = {"starts_at": 1_804_575_600, "ends_at": 1_804_590_000}  # 9 March 2027, 8:00 to 12:00
    with write_transaction(session):
        record(session, ReservationCancelled(**facts, **span, is_late=True), by=builders.SOMEBODY, at=MONDAY)
        record(
            session,
            RecordChanged(table="machine", record_id=sample_ring.combine, what="notice_hours, name"),
            by=Actor(job="demo"),
            at=MONDAY,
        )

    page = rita.get("/admin/events").text
    assert '<a href="/machines/combine">' in page
    assert f'<a href="/admin/members/{sample_ring.anna}">Anna</a>' in page
    assert "Tue 9 March 2027, 8:00 to 12:00; late; " in page
    assert '<a href="/reservations/41">Reservation no. 41</a>' in page
    assert "Machine changed" in page
    assert "Notice, Name" in page
    assert "Demo ring" in page
    for raw in ("notice_hours", "revision", "machine_id"):
        assert raw not in page


def test_the_event_log_costs_the_same_however_long(rita, session, sample_ring):
    def add(names):
        for name in names:
            member_id = builders.member(session, name)
            with write_transaction(session):
                record(
                    session,
                    RecordChanged(table="member", record_id=member_id, what="name"),
                    by=builders.SOMEBODY,
                    at=MONDAY,
                )

    add(["Dora"])
    rita.get("/admin/events")
    before = statements_of(rita, "/admin/events")
    add([f"Hof {number}" for number in range(30)])

    assert statements_of(rita, "/admin/events") == before


def statements_of(client, address):
    """How many statements a page reads with."""
    statements = []
    listener = lambda *words: statements.append(words[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    client.get(address)
    event.remove(db.engine, "before_cursor_execute", listener)
    return len([text for text in statements if text.startswith("SELECT")])


def test_lists_cost_the_same_number_of_statements_however_long(rita, session, sample_ring):
    def count(address):
        return statements_of(rita, address)

    rita.get("/admin/logins")
    before = count("/admin/logins"), count("/admin/members")
    for number in range(30):
        builders.login(session, f"Nr{number}", now=MONDAY, manages=(sample_ring.hall,))
        builders.member(session, f"Nr{number}")

    assert (count("/admin/logins"), count("/admin/members")) == before


def test_failed_mails_are_listed_without_their_text_and_can_be_retried(rita, session):
    with write_transaction(session):
        mail = Mail(key="x", to_address="a@ring.example", subject="News", body="secret link", queued_at=MONDAY)
        mail.next_attempt_at = mail.given_up_at = MONDAY
        mail.last_error = "550 no such user"
        session.add(mail)

    page = rita.get("/admin/mails").text
    assert "550 no such user" in page
    assert "secret link" not in page
    assert "could not be sent" in rita.get("/admin").text
    assert rita.post("/admin/mails/retry").status_code == 303
    assert fresh(session, Mail, mail.id).given_up_at is None


def test_the_page_of_a_member_dates_a_class_and_tells_the_history(rita, session, sample_ring):
    address = f"/admin/members/{sample_ring.anna}"
    form = {"number": "M-Anna", "name": "Anna", "price_class": "guest"}
    for wrong, text in (({"corrects_slips": "y"}, "Enter the day"), ({"class_from": "0207-01-01"}, "check the year")):
        refused = rita.post(address, data=form | wrong)
        assert refused.status_code == 422
        assert text in refused.text

    assert rita.post(address, data=form | {"class_from": "2026-07-01"}).status_code == 303
    page = rita.get(address).text

    assert "member until 30 Jun 2026" in page
    assert "guest from 1 Jul 2026" in page
    rita.post(address, data=form | {"price_class": "member", "class_from": "2027-01-01"})
    assert "member from Fri 1 January 2027" in rita.get("/admin/members").text
