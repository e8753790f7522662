"""Help: every rule that can refuse something has its paragraph."""

from __future__ import annotations

import pytest

from app.pages.help.routes import RULES
from app.wording.rules import RULE_NAMES


def test_every_rule_that_has_a_name_is_explained():
    assert set(RULES) == set(RULE_NAMES)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_an_anchor_for_each_rule(client, village, language):
    page = client.get("/help", headers={"Accept-Language": language})

    assert page.status_code == 200
    assert all(f'id="rule-{code}"' in page.text for code in RULES)


def test_it_leads_to_the_steps_of_subscribing(client, village):
    assert 'href="/feeds"' in client.get("/help").text.split("<main")[1]


def test_it_is_only_read(client, village):
    assert client.post("/help").status_code == 405
