"""A form left open until the log-in had ended: what was typed comes back, and nothing is stored unseen."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import func, select

from app.auth.models import LoginSession
from app.pages.declaration import PAGES
from billing.pools import pools
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.use import usage
from booking.use.usage import Measurement
from tests import builders
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.access.test_second_factor import switched_on
from tests.web.conftest import PASSWORD
from tests.web.declared import declared_endpoints
from tests.web.filled_forms import form_with
from tests.web.sample_objects import sample_for, samples

HERE = {"Referer": "http://localhost/somewhere", "Accept-Language": "en"}
DECLARED = declared_endpoints()


@pytest.fixture
def strict(app):
    """The ring as it is outside of tests: each form needs its token."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def new_reservation(_session, _sample_ring):
    wish = {"machine": "combine", "date": "2026-11-26", "time": "08:00", "hours": "3", "minutes": "0"}
    return "/reservations/new", "anna", {**wish, "until": "length", "purpose": "Maize at the river"}, "purpose"


def hand_back(session, sample_ring):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY)
    with write_transaction(session):
        usage.hand_out(session, entered.id, Measurement(), by=SOMEBODY, now=MONDAY)
    return f"/usage/hand-back/{entered.id}", "anna", {"amount": "17.3", "note": "Belt worn,\ntank full"}, "note"


def objection(session, sample_ring):
    hand_back(session, sample_ring)
    slip_id = 1
    with write_transaction(session):
        usage.hand_back(session, 1, Measurement(amount=100), by=SOMEBODY, now=MONDAY)
    return f"/usage/{slip_id}", "anna", {"objection": "It was 17 ha"}, "objection"


def machine(_session, _sample_ring):
    return "/machines/combine/edit", "wanda", {"description": 'Six rows, "Else"', "notice_hours": "48"}, "description"


def cost(session, sample_ring):
    with write_transaction(session):
        pool = pools.enter_pool(session, sample_ring.combine, "Combine", {"repair": "use"}, by=SOMEBODY, now=MONDAY).id
    typed = {"service_date": "2026-11-02", "supplier": "Garage", "kind": "repair", "net": "1234.50", "note": "Belt"}
    return f"/costs/pools/{pool}/costs/new", "karl", typed, "supplier"


def events(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(RecordedEvent))


def end_all_sessions(session):
    with write_transaction(session):
        session.query(LoginSession).delete()


def address_of(app, found, endpoint, method):
    rule = next(rule for rule in app.url_map.iter_rules(endpoint) if method in rule.methods)
    values = {name: sample_for(found, endpoint, name).value for name in rule.arguments}
    return app.url_map.bind("localhost").build(endpoint, values, method=method)


def sent_to(page, field):
    """Where the form of a page sends: its action, else nothing."""
    form = next(form for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL) if f'name="{field}"' in form)
    return next(iter(re.findall(r'^<form[^>]*action="([^"]*)"', form)), "")


def log_in_again(browser, page, who):
    """The answer to name and password, typed into a page that asks for them."""
    sent = {**form_with(page.text, "password"), "email": f"{who}@ring.example", "password": PASSWORD}
    return browser.post("/login", data=sent, headers=HERE)


def back_to_the_form(browser, page):
    return browser.post(sent_to(page.text, "review_only"), data=form_with(page.text, "review_only"), headers=HERE)


@pytest.mark.parametrize("prepare", [new_reservation, hand_back, objection, machine, cost])
def test_the_form_is_restored_after_a_new_login(strict, log_in, session, people, prepare):
    address, who, typed, field = prepare(session, people)
    browser = log_in(getattr(people, f"{who}_login"))
    opened = browser.get(address).text
    sent, target = {**form_with(opened, field), **typed}, sent_to(opened, field) or address
    end_all_sessions(session)
    before = events(session)

    ended = browser.post(target, data=sent, headers=HERE)
    assert ended.status_code == 401
    assert "What you typed is kept" in ended.text
    entered = log_in_again(browser, ended, who)
    assert entered.status_code == 200
    shown = back_to_the_form(browser, entered)

    assert shown.status_code == 422
    assert "Nothing is stored yet" in shown.text
    again = form_with(shown.text, field)
    kept = {name: again[name].replace("\r\n", "\n") for name in typed}
    assert kept == typed
    assert events(session) == before, "nothing was carried out"
    assert browser.post(target, data=again, headers=HERE).status_code == 303


@pytest.fixture
def too_late(strict, log_in, session, people):
    """Anna's browser, whose log-in has ended, and the note she sends from its old page."""
    address, _who, typed, field = hand_back(session, people)
    browser = log_in(people.anna_login)
    sent = {**form_with(browser.get(address).text, field), **typed}
    end_all_sessions(session)
    return browser, address, sent


def test_a_wrong_password_loses_nothing(too_late):
    browser, address, sent = too_late
    page = browser.post(address, data=sent, headers=HERE)

    wrong = browser.post(
        "/login", data={**form_with(page.text, "password"), "email": "x", "password": "x"}, headers=HERE
    )

    assert wrong.status_code == 422
    assert "What you typed is kept" in wrong.text
    shown = back_to_the_form(browser, log_in_again(browser, wrong, "anna"))
    assert "Belt worn" in form_with(shown.text, "note")["note"]


def test_a_browser_that_lost_its_cookie_keeps_it_too(too_late, strict):
    _browser, address, sent = too_late
    stranger = strict.test_client()

    page = stranger.post(address, data=sent, headers=HERE)

    assert page.status_code == 401
    shown = back_to_the_form(stranger, log_in_again(stranger, page, "anna"))
    assert "Belt worn" in form_with(shown.text, "note")["note"]


def test_a_log_in_in_another_window_meanwhile_keeps_it_too(too_late, session):
    browser, address, sent = too_late
    log_in_again(browser, browser.get("/login"), "anna")

    page = browser.post(address, data=sent, headers=HERE)

    assert page.status_code == 400
    shown = back_to_the_form(browser, page)
    assert "Belt worn" in form_with(shown.text, "note")["note"]
    assert browser.post(address, data=form_with(shown.text, "note"), headers=HERE).status_code == 303


def test_the_restored_form_asks_for_the_photo_again(too_late):
    browser, address, sent = too_late
    page = browser.post(address, data={**sent, "photo": (BytesIO(b"x"), "belt.jpg")}, headers=HERE)

    shown = back_to_the_form(browser, log_in_again(browser, page, "anna"))

    assert "Photo: please choose the file again" in shown.text


@pytest.mark.parametrize("is_on_paper", [False, True])
def test_it_goes_along_through_the_second_factor(too_late, session, people, is_on_paper):
    browser, address, sent = too_late
    phone = switched_on(session, people.anna_login)
    page = browser.post(address, data=sent, headers=HERE)
    asked = log_in_again(browser, page, "anna")
    way, code = "/login/code", phone.shows()
    if is_on_paper:
        way, code = "/login/recovery-code", phone.paper[0]
        asked = browser.post(way, data=form_with(asked.text, "review_only"))

    entered = browser.post(way, data={**form_with(asked.text, "code"), "code": code})

    shown = back_to_the_form(browser, entered)
    assert "Belt worn" in form_with(shown.text, "note")["note"]


@pytest.mark.parametrize("referrer", [{}, {"Referer": "https://evil.example/usage"}, {"Referer": "http://["}])
def test_input_sent_by_a_foreign_page_is_not_restored(too_late, strict, referrer):
    browser, address, sent = too_late

    ended = browser.post(address, data=sent, headers=referrer)
    assert (ended.status_code, ended.location) == (303, "/login")
    unknown = strict.test_client().post(address, data=sent, headers=referrer)
    assert unknown.status_code == 400
    assert "Belt worn" not in unknown.text


def test_a_page_without_much_typed_in_it_is_opened_again(strict, log_in, people):
    answer = log_in(people.anna_login).post("/logout", data={"csrf_token": "old"}, headers=HERE)

    assert answer.status_code == 400
    assert "This page is too old" in answer.text
    assert 'href="/somewhere"' in answer.text


@pytest.mark.parametrize(
    "saved",
    [
        "x",
        "[]",
        "[1, 2]",
        '["/", [["a"]]]',
        '["//evil.example", [["a", "\\ud800"]]]',
        "[" * 100_000,
        '{"a": 1, "b": 2}',
    ],
)
def test_an_invalid_saved_submission_is_ignored(client, people, saved):
    answer = client.post("/login", data={"email": "anna@ring.example", "password": PASSWORD, "saved": saved})

    assert answer.status_code == 303


def test_what_is_kept_leads_to_no_foreign_place(client, people):
    saved = '["https://evil.example/", [["a", "\\"><script>"]]]'
    answer = client.post("/login", data={"email": "anna@ring.example", "password": PASSWORD, "saved": saved})

    assert sent_to(answer.text, "review_only") == "/"
    assert "<script>" not in answer.text.partition("<main")[2].partition("</main>")[0]


def everybody(session, sample_ring):
    """A login that may do everything, so that no form is closed to it."""
    roles = {"member_id": sample_ring.anna, "is_treasurer": True, "is_admin": True, "manages": (sample_ring.hall,)}
    return builders.login(session, "Olga", now=MONDAY, **roles)


def test_what_was_kept_is_shown_by_every_form_and_carried_out_by_none(app, log_in, session, sample_ring):
    found = samples(session, sample_ring)
    olga = log_in(everybody(session, sample_ring))
    before = events(session)
    typed = {"review_only": "1", "machine": "combine", "date": "2026-11-26", "time": "8:00", "since": "2026-06-01"}
    typed |= {"until": "2026-06-30", "digest": "x", "chosen": "1:0", "action": "approve"}
    typed["member"] = "M-Bernd"
    silent = {}
    for endpoint in [endpoint for endpoint, page in PAGES.items() if page.keeps_input]:
        answer = olga.post(address_of(app, found, endpoint, "POST"), data=typed)
        if answer.status_code != 422 or "Nothing is stored yet" not in answer.text:
            silent[endpoint] = answer.status_code

    assert silent == {}
    assert events(session) == before


def test_every_form_to_type_into_declares_whether_it_keeps_its_input(app, log_in, session, sample_ring):
    found = samples(session, sample_ring)
    olga = log_in(everybody(session, sample_ring))
    urls = app.url_map.bind("localhost")
    forgotten = set()
    for endpoint in [endpoint for endpoint, method in DECLARED if method == "GET" and endpoint in PAGES]:
        here = address_of(app, found, endpoint, "GET")
        with olga.get(here) as page:
            text = page.text if page.mimetype == "text/html" and page.status_code == 200 else ""
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
            kind, action = next(iter(re.findall(r'^<form[^>]*\s(data-action|action)="([^"?]*)', form)), ("", here))
            number = "1" if kind == "data-action" else ""  # a script adds it
            target = urls.match(action + number, method="POST")[0]
            if re.search(r'<textarea|type="(text|email|number|date|tel)"', form) and PAGES[target].keeps_input is None:
                forgotten.add(target)

    assert forgotten == set()
