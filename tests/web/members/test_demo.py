"""The demo ring: roles are switched in one click, there and nowhere else; and the tour of the first log-in."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select, update

from app.auth import passwords
from app.auth.models import LoginSession, User
from app.demo.people import LOGINS, PASSWORD
from app.pages.demo import routes
from app.ring_card import forget_ring_card
from booking.kernel.transaction import write_transaction
from booking.models import Ring
from tests import builders
from tests.conftest import MONDAY
from tests.web.filled_forms import forms_of


@pytest.fixture(scope="module")
def password_hash():
    return passwords.hash_of(PASSWORD)


@pytest.fixture
def demo_ring(app, session, sample_ring, password_hash):
    """The sample ring as if `ring demo` had loaded it: its people are the demo's."""
    with write_transaction(session):
        session.execute(update(Ring).values(is_demo=True))
        for user in session.scalars(select(User)):
            user.email, user.password_hash = f"{user.name.lower()}@demo.example", password_hash
    forget_ring_card()
    return sample_ring


def test_the_roles_are_people_of_the_demo():
    assert {login.email for login in LOGINS} == routes.PEOPLE


def test_one_click_shows_the_ring_as_another_person_and_ends_the_old_session(log_in, session, demo_ring):
    anna = log_in(demo_ring.anna_login)
    page = anna.get("/plan").text
    assert re.search(r'value="member" aria-current="true"', page)
    assert forms_of(page)

    answer = anna.post("/demo/switch", data={"role": "manager"})

    assert (answer.status_code, answer.location) == (303, "/today")
    assert "Wanda" in anna.get("/account").text
    session.rollback()
    assert session.scalars(select(LoginSession.user_id)).all() == [demo_ring.wanda_login]
    for role, name in (("treasurer", "Karl"), ("admin", "Rita"), ("member", "Anna")):
        anna.post("/demo/switch", data={"role": role})
        assert name in anna.get("/account").text


def test_a_visitor_of_the_demo_looks_around_without_a_password(client, demo_ring):
    assert "/demo/switch" in client.get("/login").text
    assert client.post("/demo/switch", data={"role": "member"}).location == "/today"
    assert client.get("/styleguide").status_code == 200


def test_elsewhere_nobody_switches_and_nothing_offers_it(client, log_in, session, sample_ring):
    with write_transaction(session):  # samples of the demo in a ring of somebody's own
        session.execute(update(User).where(User.name == "Rita").values(email="rita@demo.example"))
    anna = log_in(sample_ring.anna_login)

    for browser in (client, anna):
        assert browser.post("/demo/switch", data={"role": "admin"}).status_code == 404
        assert "/demo/switch" not in browser.get("/login", follow_redirects=True).text
    assert anna.get("/styleguide").status_code == 404
    assert "Anna" in anna.get("/account").text


def test_a_login_that_is_not_the_demos_is_left_alone(log_in, session, demo_ring):
    guest = log_in(builders.login(session, "Gerda", now=MONDAY))

    assert "/demo/switch" not in guest.get("/today").text
    assert guest.post("/demo/switch", data={"role": "admin"}).status_code == 404


@pytest.mark.parametrize("role", ["", "owner", "Admin"])
def test_an_unknown_role_is_no_page(client, demo_ring, role):
    assert client.post("/demo/switch", data={"role": role}).status_code == 404


@pytest.mark.parametrize("changed", [{"disabled_at": MONDAY}, {"password_hash": passwords.hash_of("a secret of ours")}])
def test_a_login_that_was_changed_asks_for_a_log_in(client, session, demo_ring, changed):
    """Who serves the demo to strangers may have given it other passwords."""
    with write_transaction(session):
        session.execute(update(User).where(User.name == "Karl").values(**changed))

    assert client.post("/demo/switch", data={"role": "treasurer"}).location == "/login"
    assert client.get("/today").status_code == 303


def test_switching_needs_the_token_of_our_page(app, client, demo_ring):
    app.config["WTF_CSRF_ENABLED"] = True

    assert client.post("/demo/switch", data={"role": "admin"}).status_code == 400


def first_log_in(log_in, session, sample_ring, name):
    user_id = getattr(sample_ring, f"{name}_login")
    with write_transaction(session):
        session.execute(update(User).where(User.id == user_id).values(tour_ended_at=None))
    return log_in(user_id)


@pytest.mark.parametrize("name", ["anna", "wanda", "karl", "rita"])
def test_the_tour_has_five_stops_that_lead_on_and_ends_for_good(log_in, session, sample_ring, name):
    browser = first_log_in(log_in, session, sample_ring, name)
    stops = list(dict.fromkeys(re.findall(r'href="(/[^"?]+\?tour=\d)"', browser.get("/today").text)))
    assert len(stops) == 5

    for number, address in enumerate(stops, start=1):
        page = browser.get(address)
        assert page.status_code == 200
        assert f"{number} of 5" in page.text
        for of_phone in re.findall(r'data-list="([^"]+)"', page.text):  # where the plan leads a phone at once
            assert f"{number} of 5" in browser.get(html.unescape(of_phone)).text
        following = re.search(r'btn-soft btn-s" href="([^"]+)"', page.text.partition("tour-stop")[2])
        assert (following[1] if following and number < 5 else None) == (stops[number] if number < 5 else None)

    assert browser.post("/account/tour/end").location == "/today"
    assert "?tour=" not in browser.get("/today").text
    assert "tour-stop" not in browser.get(stops[0]).text
    session.rollback()
    assert session.get_one(User, getattr(sample_ring, f"{name}_login")).tour_ended_at == MONDAY
    assert "?tour=" not in log_in(getattr(sample_ring, f"{name}_login")).get("/today").text  # on another device


def test_who_looks_without_the_tour_sees_no_line_of_it(log_in, session, sample_ring):
    anna = first_log_in(log_in, session, sample_ring, "anna")

    for address in ("/plan", "/plan?tour=9", "/plan?tour=x", "/reservations?tour=1&when=past"):
        page = anna.get(address)
        assert (page.status_code, "tour-stop" in page.text) == (200, address.endswith("past"))
