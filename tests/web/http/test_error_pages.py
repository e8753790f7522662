"""The pages of errors: in words of pages and buttons, with the way on that fits."""

from __future__ import annotations

import pytest
from flask import abort

from booking.errors.schedule_errors import SlotTaken

IN_ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def button_fails(app, monkeypatch):
    """button_fails(error): from now on the button that changes the language fails."""

    def with_error(error):
        def fail():
            if isinstance(error, int):
                abort(error)
            raise error

        monkeypatch.setitem(app.view_functions, "home.choose_language", fail)

    return with_error


@pytest.mark.parametrize("error", [SlotTaken(machine_id=1), 400, 413, 422, 429])
def test_who_pressed_a_button_looks_at_its_page_again(anna, button_fails, error):
    button_fails(error)

    page = anna.post("/language", headers={"Referer": "http://localhost/machines/combine"})

    assert 'href="/machines/combine">Open the page again</a>' in page.text


@pytest.mark.parametrize("referer", ["", "https://elsewhere.example//bad.example/x", "http://[", "nonsense"])
def test_without_a_page_to_go_back_to_the_desk_is_offered(anna, button_fails, referer):
    button_fails(SlotTaken(machine_id=1))

    page = anna.post("/language", headers={"Referer": referer})

    assert page.status_code == 409
    assert 'href="/today">To my desk</a>' in page.text


def test_a_visitor_is_led_to_the_start_page(client, sample_ring):
    assert 'href="/">To the start page</a>' in client.get("/nowhere", headers=IN_ENGLISH).text


def test_an_address_of_a_button_explains_itself(anna):
    page = anna.get("/logout")

    assert page.status_code == 405
    assert "This address belongs to a button." in page.text


def test_programs_get_problem_documents(client):
    answer = client.put("/api/v1/machines", headers=IN_ENGLISH)

    assert answer.status_code == 405
    assert answer.json["title"] == "Not possible this way"


def test_other_refusals_of_a_request_are_not_called_our_fault(anna, button_fails):
    button_fails(410)

    page = anna.post("/language")

    assert page.status_code == 410
    assert "Something went wrong" not in page.text
