"""A form sent from elsewhere changes nothing: every change needs the token of our own page, log-in included."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from app.auth.models import LoginSession
from app.pages.declaration import PAGES
from booking.kernel.events import RecordedEvent
from tests import builders
from tests.conftest import MONDAY
from tests.web.declared import declared_endpoints
from tests.web.sample_objects import sample_for, samples

DECLARED = declared_endpoints()
CHANGES = [(endpoint, method) for endpoint, method in DECLARED if method != "GET"]


@pytest.fixture
def strict(app):
    """The ring as it is outside of tests."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def address_of(app, found, endpoint, method):
    rule = next(rule for rule in app.url_map.iter_rules(endpoint) if method in rule.methods)
    values = {name: sample_for(found, endpoint, name).value for name in rule.arguments}
    return app.url_map.bind("localhost").build(endpoint, values, method=method)


def token_in(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)


def test_every_change_without_a_token_is_refused_and_changes_nothing(strict, log_in, session, sample_ring):
    found = samples(session, sample_ring)
    everything = {"member_id": sample_ring.anna, "is_treasurer": True, "is_admin": True, "manages": (sample_ring.hall,)}
    olga = log_in(builders.login(session, "Olga", now=MONDAY, **everything))
    before = session.scalar(select(func.count()).select_from(RecordedEvent))

    answers = {row: olga.open(address_of(strict, found, *row), method=row[1]).status_code for row in CHANGES}

    assert {row: status for row, status in answers.items() if status != 400} == {}
    session.rollback()
    assert session.scalar(select(func.count()).select_from(RecordedEvent)) == before


def test_a_stranger_without_a_token_is_refused(strict, client, session, sample_ring):
    assert client.post("/login", data={"email": "anna@ring.example", "password": "x"}).status_code == 400
    assert client.post("/password/forgotten", data={"email": "anna@ring.example"}).status_code == 400


def test_the_refusal_is_a_page_with_a_way_on(strict, client, sample_ring):
    answer = client.post("/login", data={})

    assert "text/html" in answer.content_type
    assert "<a " in answer.text


def test_a_token_of_another_browser_is_worth_nothing(strict, log_in, app, sample_ring):
    token = token_in(app.test_client().get("/login"))

    answer = log_in(sample_ring.anna_login).post("/logout", data={"csrf_token": token})
    assert answer.status_code == 400


def test_a_valid_token_is_accepted(strict, log_in, session, sample_ring):
    anna = log_in(sample_ring.anna_login)
    token = token_in(anna.get("/account/profile"))
    sent = {"name": "Anna", "language": "en", "theme": "light", "csrf_token": token}

    assert anna.post("/account/profile", data=sent).status_code == 303
    assert anna.post("/logout", data={"csrf_token": token}).status_code == 303
    session.rollback()
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 0


def test_every_form_that_changes_something_carries_its_token(strict, log_in, client, session, sample_ring):
    found = samples(session, sample_ring)
    people = [
        client,
        *(log_in(who) for who in (sample_ring.anna_login, sample_ring.wanda_login, sample_ring.karl_login)),
    ]
    people.append(log_in(sample_ring.rita_login))
    bare = set()
    for endpoint in [endpoint for endpoint, method in DECLARED if method == "GET" and endpoint in PAGES]:
        for person in people:
            with person.get(address_of(strict, found, endpoint, "GET")) as page:
                forms = forms_of(page.text) if page.mimetype == "text/html" else []
            bare |= {f"{endpoint}: {form[:100]}" for form in forms if "csrf_token" not in form}
    assert not bare, "\n".join(sorted(bare))


def forms_of(page):
    """The forms of a page that send a POST."""
    return [
        form for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL) if re.match(r'<form[^>]*method="post"', form)
    ]
