"""Help: every rule that can refuse something has its paragraph, and every verb of the accounts its topic."""

from __future__ import annotations

import html
import re

import pytest

from app.auth.permissions import TABLE, Scope
from app.pages.help.accounts import TOPICS
from app.wording.rules import RULES

DESKS_OF_ACCOUNTS = ("/costs/", "/fees", "/invoices")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_an_anchor_for_each_rule(client, sample_ring, language):
    page = client.get("/help", headers={"Accept-Language": language})

    assert page.status_code == 200
    assert all(f'id="rule-{code}"' in page.text for code in RULES)


def test_the_page_explains_each_rule_and_what_to_do(app, client, sample_ring):
    page = html.unescape(client.get("/help", headers={"Accept-Language": "en"}).text)

    with app.test_request_context(headers={"Accept-Language": "en"}):
        for rule in RULES.values():
            assert f"<h3>{rule.name}</h3><p>{rule.help_text} {rule.way_out}</p>" in page


def test_it_leads_to_the_steps_of_subscribing(client, sample_ring):
    assert 'href="/feeds"' in client.get("/help").text.split("<main")[1]


def test_it_is_only_read(client, sample_ring):
    assert client.post("/help").status_code == 405


def test_each_verb_of_the_accounts_belongs_to_a_topic_that_the_treasurer_reads(app, sample_ring, log_in):
    """A verb is a form that a treasurer may send."""
    verbs = [
        str(rule)
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods
        and str(rule).startswith(DESKS_OF_ACCOUNTS)
        and TABLE[rule.endpoint, "POST"].access.treasurer is Scope.ALL
    ]
    explained = tuple(address for topic in TOPICS for address in topic.addresses)
    assert len(verbs) > 50
    assert [verb for verb in verbs if not verb.startswith(explained)] == []
    assert [one for one in explained if not any(verb.startswith(one) for verb in verbs)] == []

    karl = log_in(sample_ring.karl_login)
    page = html.unescape(karl.get("/help", headers={"Accept-Language": "en"}).text)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        for topic in TOPICS:
            assert f'<section id="accounts-{topic.code}">' in page
            assert f">{topic.name}</a></h3><p>{topic.text}</p>" in page
    assert "The treasurer finds the next steps under Today" in page, "administrators read it, too"
    assert "The SQLite file of all figures is made afresh each time" in page
    links = re.findall(r'<section id="accounts-[^"]*"><h3><a href="([^"]*)"', page)
    assert {karl.get(link).status_code for link in links} == {200}


@pytest.mark.parametrize("name", ["anna", "wanda", None])
def test_members_and_managers_are_not_shown_the_help_of_treasurers(client, sample_ring, log_in, name):
    reader = client if name is None else log_in(getattr(sample_ring, f"{name}_login"))
    assert 'id="accounts"' not in reader.get("/help").text
