"""Help: every rule that can refuse something has its paragraph."""

from __future__ import annotations

import html

import pytest

from app.wording.rules import RULES


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
