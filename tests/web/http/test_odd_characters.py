"""Characters and numbers that no database can store, at every address: a clear answer each, never a 5xx."""

from __future__ import annotations

import re
from io import BytesIO
from time import process_time
from urllib.parse import quote, unquote

import pytest
from sqlalchemy.exc import IntegrityError
from werkzeug.test import create_environ

from app.auth.return_address import here
from app.extensions import db
from app.mail.failures import reply_text
from app.storage import nul_texts
from booking.kernel.texts import is_fit, without_unfit
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Reservation
from tests.web.filled_forms import forms_of
from tests.web.programs import rows, wish
from tests.web.sample_objects import sample_for, samples

IN_ENGLISH = {"Accept-Language": "en"}
# Sent in place of every part of an address, every parameter and every field.
ODD = {
    "NUL": "x%00y",
    "control character": "x%1By",
    "not UTF-8": "x%FFy",
    "half of a surrogate pair": "x%ED%A0%80y",
    "no character": "x%EF%BF%BFy",
    "direction override": "x%E2%80%AEy",
    "huge number": "1" + "0" * 30,
    "too large for a float": "9" * 400,
    "more than 64 bits": "9223372036854775808",
    "more than 32 bits": "2147483648",
    "digits of another script": quote("١"),
    "year 0": "0000-00-00",
    "year 10000": "10000-01-01",
    "first year": "0001-01-01",
    "last year": "9999-12-31",
    "before the first instant": "0001-01-01T00:00%2B14:00",
    "after the last instant": "9999-12-31T23:59-12:00",
    "no place in a list": "0001-01-01T00:00%2B14:00_1",
    "no number": "NaN",
    "infinity": "-Infinity",
}
# Parameters of pages and calls.
PARAMETERS = (
    *("page", "q", "type", "todo", "when", "of", "after", "next", "year", "from", "until", "machine", "member"),
    *("disputed", "shows", "kind", "now", "v", "workshop", "group", "day", "week", "start", "end", "length", "places"),
    *("span", "date", "time", "choose", "starts_at", "ends_at", "minutes", "status", "machine_id", "member_id"),
    *("period", "format", "ring", "view"),
)
LEFT_OUT = ("static",)
KEPT = ("csrf_token", "revision", "original_checksums")


@pytest.fixture
def addresses(app, session, sample_ring):
    """Every rule, its methods, and an address of it."""
    found = samples(session, sample_ring)
    session.rollback()
    built = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in LEFT_OUT:
            continue
        values = {name: sample_for(found, rule.endpoint, name).value for name in rule.arguments}
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        built.append((rule, methods, app.url_map.bind("localhost").build(rule.endpoint, values, method=methods[0])))
    return built


def faults(browser, method, address, **more):
    """Return the request in a list where it fails."""
    try:
        with browser.open(address, method=method, **more) as answer:
            return [f"{method} {address}: {answer.status_code}"] if answer.status_code >= 500 else []
    except Exception as error:  # noqa: BLE001 - the walk goes on
        return [f"{method} {address} {more}: {error!r}"]


def query(odd: list[str], shift: int) -> str:
    """Return a query that gives each parameter one of the odd values: the walk over all addresses gives it each."""
    return "&".join(f"{name}={odd[(at + shift) % len(odd)]}" for at, name in enumerate(PARAMETERS))


@pytest.mark.parametrize(
    ("who", "database_kind"),
    [
        ("wanda_login", "sqlite"),
        pytest.param("rita_login", "postgresql", marks=pytest.mark.postgresql),
        pytest.param("", "postgresql", marks=pytest.mark.postgresql),
    ],
    indirect=["database_kind"],
)
def test_no_address_fails_at_an_odd_value(client, log_in, sample_ring, addresses, who):
    browser = log_in(getattr(sample_ring, who)) if who else client
    wrong, odd = [], list(ODD.values())
    for at, (rule, methods, address) in enumerate(addresses):
        if rule.arguments:
            for value in (odd[0], odd[at % len(odd)]):
                wrong += faults(browser, methods[at % len(methods)], re.sub(r"<[^>]*>", value, rule.rule))
        if "GET" in methods:
            wrong += faults(browser, "GET", f"{address}?{query(odd, at)}&{odd[0]}={odd[0]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("who", "database_kind"),
    [
        ("rita_login", "sqlite"),
        pytest.param("wanda_login", "postgresql", marks=pytest.mark.postgresql),
    ],
    indirect=["database_kind"],
)
def test_no_form_stores_or_fails_at_an_odd_value(app, log_in, sample_ring, addresses, who):
    browser = log_in(getattr(sample_ring, who))
    wrong, odd = [], list(map(unquote, ODD.values()))
    for at, (_rule, methods, address) in enumerate(addresses):
        if methods != ["GET", "POST"] or (page := browser.get(address)).mimetype != "text/html":
            continue
        for form in forms_of(page.text):
            names = [name for name in form if name not in KEPT]
            for value in (odd[0], odd[6 + at % 11]):
                wrong += faults(browser, "POST", address, data=form | dict.fromkeys(names, value))
            wrong += faults(browser, "POST", address, data={name: (BytesIO(b"%PDF\0"), "x.svg") for name in names})
            wrong += faults(browser, "POST", address, json={name: [{"x": 1}] for name in names})
            for name in names[:12]:  # the other fields valid
                wrong += faults(browser, "POST", address, data={**form, name: f"{form[name]}\0"})
    assert not wrong, "\n".join(wrong)
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        assert list(nul_texts.find(db.session.connection())) == []


def test_the_address_of_a_page_can_be_stored_whatever_a_server_lets_through(app):
    with app.request_context({**create_environ("/machines"), "QUERY_STRING": "a=\0&q=b%00\xff"}):
        assert here() == "/machines?a=&q=b%00\ufffd"


def test_a_form_names_the_field_and_shows_its_text_without_what_was_removed(log_in, session, sample_ring):
    browser = log_in(sample_ring.rita_login)
    form = next(form for form in forms_of(browser.get("/admin/settings").text) if "colour" in form)

    page = browser.post("/admin/settings", data={**form, "name": "Ring\0 \u202eOber\x1bland"}, headers=IN_ENGLISH)

    assert page.status_code == 422
    assert "This text held invisible control characters" in page.text
    assert 'value="Ring Oberland"' in page.text


@pytest.mark.parametrize("name", ["\u3164", "\u200b\u200d", " \u2800 ", "\u0301\ufe0f", "\U000e0041"])
def test_a_name_that_nobody_would_see_is_none(log_in, session, sample_ring, name):
    browser = log_in(sample_ring.rita_login)
    form = next(form for form in forms_of(browser.get("/admin/settings").text) if "colour" in form)

    page = browser.post("/admin/settings", data={**form, "name": name}, headers=IN_ENGLISH)

    assert (page.status_code, is_fit(name), without_unfit(name)) == (422, False, "")


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "Zoe\u0308", "\u0645\u200c\u06cc", "\U0001f69c\ufe0f", "\ue000"])
def test_a_text_with_something_to_be_seen_stays_as_it_is(name):
    assert (is_fit(name), without_unfit(name)) == (True, name)


def test_a_letter_has_thirty_marks_at_most_because_normalizing_more_takes_their_square():
    assert (is_fit("a" + "\u0301" * 30), is_fit("a" + "\u0301" * 31)) == (True, False)
    began = process_time()
    kept = without_unfit("Zoe" + "\u0315\u0300\u05ae\u0327" * 40_000)

    assert kept == "Zoe" + ("\u0315\u0300\u05ae\u0327" * 40_000)[:30]
    assert process_time() - began < 1, "normalizing all takes half a minute"


def test_a_field_of_one_line_stores_one_line(log_in, session, sample_ring):
    """A line break in a telephone number began another line of an e-mail, such as a false instruction."""
    browser = log_in(sample_ring.anna_login)
    form = next(form for form in forms_of(browser.get("/account/contact").text) if "phone" in form)
    for phone in ("08841\r\nPay to: DE00", "08841\u2028Pay to: DE00", "08841\x85Pay to: DE00"):
        assert browser.post("/account/contact", data={**form, "phone": phone}).status_code == 303
        session.rollback()
        assert session.get_one(Member, sample_ring.anna).phone == "08841 Pay to: DE00"
        form = next(form for form in forms_of(browser.get("/account/contact").text) if "phone" in form)

    page = browser.post("/account/contact", data={**form, "phone": "08841 \x9b31m"}, headers=IN_ENGLISH)
    assert page.status_code == 422
    assert "This text held invisible control characters" in page.text


@pytest.mark.parametrize("text", ["a\0b", "a\x07b", "a\x9b31mb", "a\u202eb", "a\ufffeb", "\u3164", "\u200b \u2060"])
def test_a_program_hears_which_field_is_at_fault(anna, session, sample_ring, text):
    answer = anna.post("/reservations", wish(sample_ring.combine, purpose=text))

    assert (answer.status_code, answer.json["violations"][0]["field"]) == (422, "purpose")
    assert rows(session, Reservation) == 0


def test_half_of_a_surrogate_pair_is_no_json(anna, sample_ring):
    answer = anna.send("POST", "/reservations", b'{"purpose": "\\ud800"}')

    assert (answer.status_code, answer.json["code"]) == (400, "malformed_json")


def test_a_program_hears_which_parameter_is_at_fault(anna):
    answer = anna.get("/reservations", status="con\0firmed")

    assert (answer.status_code, answer.json["violations"][0]["field"]) == (422, "status")


def test_a_visitor_finds_no_machine_with_nul_in_its_name(client, sample_ring):
    assert client.get("/machines/x%00").status_code == 404


def test_an_argument_of_a_command_with_control_characters_is_refused(app):
    result = app.test_cli_runner().invoke(args=["ring", "feed", "add", "anna\x1b[31m@demo.example", "--scope", "mine"])

    assert result.exit_code == 2
    assert "holds control characters (U+001B)" in result.output


def test_the_database_refuses_nul_whoever_writes_it(session, sample_ring):
    with pytest.raises(IntegrityError, match="a text of booking_machine holds NUL"), write_transaction(session):
        session.get_one(Machine, sample_ring.combine).description = "a\0b"


@pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
@pytest.mark.parametrize("address", ["/login", "/password/forgotten"])
def test_a_visitor_with_nul_in_the_address_gets_the_form_again(client, sample_ring, address):
    assert client.get(address).status_code == 200

    answer = client.post(address, data={"email": "an\0na@ring.example", "password": "x\0y"})

    assert answer.status_code in (200, 303, 422)


def test_the_reply_of_a_mail_server_is_stored_without_control_characters():
    assert reply_text(550, b"no\0 such\x1b user\r\nhere") == "550 no such user\r\nhere"
