"""Which language the pages speak: the button in the head, the login's own, the browser's."""

from __future__ import annotations

import pytest


@pytest.fixture
def anna(sample_ring, log_in):
    """A member whose own language is English."""
    return log_in(sample_ring.anna_login)


def choose(client, language):
    return client.post("/language", data={"language": language, "next": "/today"})


def test_the_button_changes_the_language_also_of_a_login_with_its_own(anna):
    assert choose(anna, "de").status_code == 303

    assert '<html lang="de"' in anna.get("/today").text


def test_a_language_set_in_the_account_ends_what_the_button_chose(anna):
    choose(anna, "de")
    anna.post("/account/profile", data={"name": "Anna", "language": "en", "theme": "system"})

    assert '<html lang="en"' in anna.get("/today").text


def test_a_choice_made_before_logging_in_does_not_outweigh_the_logins_own(client, anna):
    choose(client, "de")
    assert '<html lang="de"' in client.get("/").text
    with anna.session_transaction() as cookie:
        token = cookie["_user_id"]
    with client.session_transaction() as cookie:
        cookie.update(_user_id=token, _fresh=True)

    assert '<html lang="en"' in client.get("/today").text


@pytest.mark.parametrize("wrong", ["", "xx", "de; drop"])
def test_a_language_that_is_not_offered_changes_nothing(anna, wrong):
    assert choose(anna, wrong).status_code == 303

    assert '<html lang="en"' in anna.get("/today").text
