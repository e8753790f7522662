"""What a story is told with: pages, feeds, files and the commands of the terminal; nothing of the insides."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from werkzeug.test import TestResponse

NEW_FORM = "/reservations/new"


def words_of(page: TestResponse) -> str:
    """The page's text with its spaces made even."""
    return " ".join(page.text.split())


def sent(answer: TestResponse) -> str:
    """Where a form led to; a refused form fails the story with its page."""
    assert answer.status_code == 303, words_of(answer)
    return answer.location


def reserved(client: FlaskClient, **wish: str) -> int:
    """Reserve by the form; the reservation's number."""
    address = sent(client.post(NEW_FORM, data={"until": "length", "places": "1", **wish}))
    return int(address.rpartition("/")[2])


@pytest.fixture
def subscribed(client: FlaskClient) -> Callable[[FlaskClient], str]:
    """subscribed(client): the address of a new feed of the login's own reservations."""

    def subscribe(browser: FlaskClient) -> str:
        page = browser.get(sent(browser.post("/feeds/new", data={"shows": "mine:full", "label": "Phone"})))
        found = re.search(r"/feeds/[\w-]{20,}\.ics", page.text)
        assert found is not None
        return found[0]

    return subscribe


@pytest.fixture
def entries(client: FlaskClient) -> Callable[[str], list[Event]]:
    """entries(address): what a calendar program finds there."""

    def read(address: str) -> list[Event]:
        return list(Calendar.from_ical(client.get(address).data).walk("VEVENT"))

    return read


@pytest.fixture
def ring_command(app: Flask) -> Callable[..., Any]:
    """ring_command("work", "--once"): a command of the terminal, which must go well."""

    def run(*words: str) -> str:
        result = app.test_cli_runner().invoke(args=["ring", *words])
        assert result.exit_code == 0, result.output
        return result.output

    return run
