"""What members, managers and treasurers send by forms, in windows of a phone that runs no script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from http import HTTPStatus

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import select

from app.auth.models import User
from app.extensions import db
from tests.browser.conftest import PHONE, client_of, follow, take_over

# Forms that send something without a button that is seen, or can be seen by opening what it is folded into.
WITHOUT_BUTTON = """() => [...document.querySelectorAll("form[method=post]")].filter((form) => {
  const isThere = (one) => one.checkVisibility() || one.closest("details:not([open])")?.checkVisibility();
  return !form.hidden && ![...form.elements].some((one) => one.type === "submit" && isThere(one));
}).map((form) => form.outerHTML.slice(0, 120))"""
FORM = re.compile(r"<form[^>]*method=\"?post\"?[^>]*>", re.IGNORECASE)
HREF = re.compile(r'(?:href|action)="?(/[^"#\s>]*)')
FORMS_MIN = 50  # of the demo; those of all states are looked at in tests/architecture/test_template_forms.py


def test_each_form_of_members_and_managers_has_its_button(window, ring_app, ring):
    found, faults = set(), []
    page = window(size=PHONE, scripts=False)
    for who in ("anna", "wanda"):
        client = client_of(ring_app, login_of(ring_app, who))
        take_over(page, client, ring)
        pages = dict(pages_with_forms(client, ring_app))
        for path in sorted(pages, key=lambda path: len(pages[path]), reverse=True):  # few show them all
            if pages[path] <= found:
                continue
            found |= pages[path]
            page.goto(path)
            faults += [f"{who} {path}: {one}" for one in page.evaluate(WITHOUT_BUTTON)]

    assert faults == []
    assert len(found) >= FORMS_MIN


def login_of(app: Flask, who: str) -> int:
    with app.app_context():
        found = db.session.scalars(select(User.id).where(User.email == f"{who}@demo.example")).one()
        db.session.remove()
    return found


def pages_with_forms(client: FlaskClient, app: Flask) -> Iterator[tuple[str, set[str]]]:
    """Yield the first address of each page to which links lead from Today, and to what its forms send."""
    routes = app.url_map.bind("")
    todo, met = ["/today"], set()
    while todo:
        path = todo.pop(0)
        bare = path.partition("?")[0]
        if bare.startswith("/static") or not routes.test(bare, "GET") or routes.match(bare, "GET")[0] in met:
            continue
        met.add(routes.match(bare, "GET")[0])
        with client.get(path) as answer:
            if answer.status_code != HTTPStatus.OK or answer.mimetype != "text/html":
                continue
            html = answer.text
        sent = {HREF.search(form) for form in FORM.findall(html)}
        to = {bare} | {action[1].partition("?")[0] for action in sent if action}
        yield path, {routes.match(one, "POST")[0] for one in to if routes.test(one, "POST")} if sent else set()
        todo += [unescape(link) for link in HREF.findall(html)]


def test_a_treasurer_enters_a_cost_divides_it_and_takes_it_back(window):
    page = window("karl", size=PHONE, scripts=False)
    page.goto("/costs")
    follow(page, page.get_by_role("link", name="Umlegen").first)
    posts = page.get_by_role("button", name=re.compile("buchen$"))
    expect(posts).to_be_visible()
    total = page.locator(".figure-n").first.inner_text()
    follow(page, posts)
    expect(page.locator("main h1")).to_contain_text("Umlage Nr.")
    expect(page.locator(".figure-n").first).to_have_text(total)
    page.get_by_label("Grund").fill("Rechnung fehlte")
    follow(page, page.get_by_role("button", name="Gegenbuchen"))
    expect(page.locator("main")).to_contain_text("Dies nimmt eine Umlage zurück")
