"""Opens every page of every desk and sends each of its forms as it stands, by hand: see pgbouncer.py beside this file.

    RINGBUCH_DATABASE_POOLER=transaction python -m pytest -p tests.deploy.pgbouncer -n 0 -s tests/deploy/forms_walk.py

An error of the database or the program fails the test of the desk. Prints how the forms were answered.
"""

from __future__ import annotations

import re
from collections import Counter

import click
import pytest

from app.extensions import db
from app.pages.declaration import PAGES
from tests.web.declared import declared_endpoints
from tests.web.filled_forms import forms_of
from tests.web.sample_objects import samples
from tests.web.workshop.test_left_open_overnight import address_of, everybody

OPENED = [endpoint for endpoint, method in declared_endpoints() if method == "GET" and endpoint in PAGES]
DESKS = sorted({endpoint.partition(".")[0] for endpoint in OPENED})
FORM = re.compile(r"<form[^>]*>")
ANSWERS: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def totals():
    """Print all answers in the end."""
    yield
    click.echo(f"\n{len(OPENED)} pages, forms: {dict(sorted(ANSWERS.items()))}")


@pytest.mark.parametrize("desk", DESKS)
def test_each_form_of_a_desk_is_answered(app, log_in, session, sample_ring, desk):
    found = samples(session, sample_ring)
    olga = log_in(everybody(session, sample_ring))
    db.session.remove()
    failed = {}
    for endpoint in (each for each in OPENED if each.partition(".")[0] == desk):
        here = address_of(app, found, endpoint, "GET")
        with olga.get(here) as page:
            text = page.text if page.mimetype == "text/html" else ""
            if page.status_code >= 500:
                failed[here] = page.status_code
        for tag, sent in zip(FORM.findall(text), forms_of(text), strict=True):
            facts = dict(re.findall(r'\s(method|action|data-action)="([^"]*)"', tag))
            if facts.get("method") != "post" or "logout" in facts.get("action", ""):
                continue
            target = facts.get("action") or (facts["data-action"] + "1" if "data-action" in facts else here)
            status = olga.post(target.replace("&amp;", "&"), data=sent).status_code
            ANSWERS[f"{status}"] += 1
            if status >= 500:
                failed[f"{here}: {target}"] = status

    assert failed == {}
