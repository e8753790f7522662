"""What people see when something cannot be: calm, in their language, with a way out, on every screen."""

from __future__ import annotations

import pytest
from flask import abort, request

from booking.errors.schedule_errors import SlotTaken
from booking.kernel.errors import Busy
from tests.browser.conftest import DESKTOP, PHONE, follow
from tests.browser.test_every_page import faults_of

LOOKS = {"phone-dark": (PHONE, True), "desk-light": (DESKTOP, False)}
TITLES = {
    400: "Das hat nicht geklappt",
    403: "Für Ihre Rolle nicht erlaubt",
    404: "Nicht gefunden",
    405: "So lässt sich das nicht öffnen",
    409: "Schon belegt",
    410: "Eingabe nicht gültig",
    413: "Zu groß",
    429: "Zu viele Versuche",
    500: "Etwas ist schiefgegangen",
    503: "Gerade zu viel los",
}


@pytest.fixture
def help_fails(ring_app, monkeypatch):
    """/help?status=404 is answered with that error."""

    def fail():
        status = int(request.args["status"])
        if status == 500:
            raise RuntimeError("a bug that nobody has thought of")
        if status == 409:
            raise SlotTaken(machine_id=1)
        if status == 503:
            raise Busy(retry_after_seconds=5)
        abort(status)

    monkeypatch.setitem(ring_app.view_functions, "help.show", fail)


# Each login in one look: the page is the same but for its menu, which other tests photograph in both.
@pytest.mark.parametrize(("who", "look"), list(zip(["anna", None], LOOKS, strict=True)), ids=["anna", "nobody"])
def test_an_error_is_a_page_like_the_others(window, help_fails, who, look):
    size, dark = LOOKS[look]
    page = window(who, size=size, dark=dark)
    faults = []
    for status, title in TITLES.items():
        answer = page.goto(f"/help?status={status}")

        has_way_out = page.locator("main .btn").count() > 0
        seen = (answer.status, page.locator("h1").inner_text(), has_way_out)
        if seen != (status, title, True):
            faults.append(f"{status}: {seen}")
        faults += [f"{status}: {fault}" for fault in faults_of(page)]

    assert faults == []


def test_the_way_out_leads_out(window):
    page = window("anna", size=PHONE)
    page.goto("/nowhere")

    follow(page, page.locator("main .btn-primary"))

    assert page.url.endswith("/today")


def test_a_fault_of_ours_can_be_tried_again_or_left(window, help_fails):
    page = window("anna", size=PHONE)
    page.goto("/help?status=500")
    assert page.get_by_role("link", name="Noch einmal versuchen").get_attribute("href") == "/help"

    follow(page, page.get_by_role("link", name="Zur Startseite"))

    assert page.url.endswith("/today")
