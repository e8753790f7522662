"""A form that is sent empty names each missing field in its own words, in the order of the page, with links."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from app.auth.confirmed import CONFIRMED_AT
from app.pages.declaration import PAGES
from tests import builders
from tests.conftest import MONDAY
from tests.web.declared import declared_endpoints
from tests.web.sample_objects import sample_for, samples

GENERIC = ("This field is required", "Dieses Feld wird benötigt", "Not a valid", "Ungültig", "Invalid Choice")


class Reader(HTMLParser):
    """The forms of a page: where each is sent, its typed fields and its hidden ones."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str], set[str]]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        if facts.get("id"):
            self.ids.append(facts["id"])
        if tag == "form":
            is_post = facts.get("method") == "post"
            self.forms.append((facts.get("action") or "" if is_post else "GET", {}, set()))
        elif tag in ("input", "select", "textarea") and self.forms and facts.get("name"):
            _action, hidden, typed = self.forms[-1]
            kind = facts.get("type") or "text"
            if kind == "hidden":
                hidden[facts["name"]] = facts.get("value") or ""
            elif kind not in ("checkbox", "radio", "submit", "file"):
                typed.add(facts["name"])


def read(text):
    reader = Reader()
    reader.feed(text)
    return reader


@pytest.fixture
def olga(log_in, session, sample_ring):
    """Who may open everything, and entered the password just now."""
    everything = {"member_id": sample_ring.anna, "is_treasurer": True, "is_admin": True, "manages": (sample_ring.hall,)}
    browser = log_in(builders.login(session, "Olga", now=MONDAY, **everything))
    with browser.session_transaction() as cookie:
        cookie[CONFIRMED_AT] = int(MONDAY.timestamp())
    return browser


def test_no_form_answers_a_missing_field_with_a_sentence_for_all(app, olga, client, session, sample_ring):
    found = samples(session, sample_ring)
    pages = [endpoint for endpoint, method in declared_endpoints() if method == "GET" and endpoint in PAGES]
    faults, answered, sentences = [], 0, set()
    for endpoint in pages:
        rule = next(rule for rule in app.url_map.iter_rules(endpoint) if "GET" in rule.methods)
        values = {name: sample_for(found, endpoint, name).value for name in rule.arguments}
        address = app.url_map.bind("localhost").build(endpoint, values)
        browser = client if endpoint.startswith(("auth.", "mail_links.")) else olga
        with browser.get(address) as page:
            forms = read(page.text).forms if page.mimetype == "text/html" and page.status_code == 200 else []
        for action, hidden, typed in forms:
            if action == "GET" or not typed:
                continue
            faults += [f"{endpoint}: {one} is shown" for one in typed & {"revision", "original_checksums", "form_key"}]
            with browser.post(action or address, data=hidden | dict.fromkeys(typed, "")) as answer:
                if answer.mimetype != "text/html" or answer.status_code not in (200, 422):
                    continue
                text = answer.text
            answered += 1
            summary = re.search(r'id="errors".*?</div>', text, re.DOTALL)
            links = re.findall(r'href="#([^"]+)"', summary[0]) if summary else []
            sentences |= set(re.findall(r'href="#[^"]+">([^<]+)</a>', summary[0])) if summary else set()
            ids = read(text).ids
            faults += [f"{endpoint}: {one}" for one in GENERIC if one in text]
            faults += [f"{endpoint}: no field {one}" for one in links if one not in ids]
            places = [ids.index(one) for one in links if one in ids]
            if places != sorted(places):
                faults.append(f"{endpoint}: not in the order of the page: {links}, but {sorted(links, key=ids.index)}")
    assert not faults, "\n".join(faults)
    assert answered > 15
    assert any("Please enter the name." in one for one in sentences), sentences


def test_blanks_alone_are_nothing(olga):
    answer = olga.post("/account/profile", data={"name": "  ", "language": "en", "theme": "dark"})

    assert (answer.status_code, "Please enter your name." in answer.text) == (422, True)


def test_german_names_the_field_too(olga):
    olga.post("/account/profile", data={"name": "Olga", "language": "de", "theme": "dark"})

    text = olga.post("/reservations/new", data={"machine": "", "date": "", "time": "", "hours": "", "places": "1"}).text

    assert "Bitte wählen Sie, was Sie reservieren möchten." in text
    assert "Bitte wählen Sie einen Tag." in text
