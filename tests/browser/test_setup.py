"""The four steps of the set-up in a real browser, from the first look at an empty ring to its desk."""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, empty_ring, follow, served
from tests.browser.test_every_page import faults_of

STEPS = (
    ("/setup/ring", {"name": "Maschinenring Isarwinkel", "address_town": "Lenggries"}),
    (
        "/setup/place",
        {"name": "Halle Süd", "address_street": "Dorfstr. 1", "address_postcode": "83661", "address_town": "Lenggries"},
    ),
    ("/setup/administrator", {"name": "Rita", "email": "rita@ring.example", "password": "drei blaue Traktoren"}),
    ("/setup/sample", {}),
)


@pytest.fixture
def new_ring(tmp_path):
    """The address of a ring that nobody has set up."""
    with served(empty_ring(tmp_path)) as address:
        yield address


def test_an_empty_ring_is_set_up_in_four_steps(window, new_ring):
    page = window(size=PHONE, dark=True, at=new_ring)
    page.goto("/")
    faults = []
    for path, answers in STEPS:
        assert page.url == new_ring + path
        faults += [f"{path}: {fault}" for fault in faults_of(page)]
        if answers:
            follow(page, page.locator("main form .btn-primary"))  # without an answer the step stays
            assert page.locator("[role=alert]").is_visible()
            faults += [f"{path} without answers: {fault}" for fault in faults_of(page)]
        for name, answer in answers.items():
            page.fill(f"[name={name}]", answer)
        follow(page, page.locator("main form .btn-primary"))

    assert page.url == new_ring + "/admin"
    assert faults + faults_of(page) == []
