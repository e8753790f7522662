"""Setting up a second factor in a real browser, up to the code: the picture is there, nothing sticks out."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_every_page import violations_of

WIDEST_PX = 300


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESKTOP, False)], ids=["phone-dark", "desk-light"])
def test_the_picture_for_the_app_is_shown_after_the_password(window, size, dark):
    page = window("bernd", size=size, dark=dark)
    page.goto("/account/second-factor")
    page.fill("[name=password]", "ringbuch-demo")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/account/second-factor/confirm")

    picture = page.locator("svg.qr-code").bounding_box()
    assert picture is not None
    assert 150 < picture["width"] < WIDEST_PX
    assert abs(picture["width"] - picture["height"]) < 2
    assert violations_of(page) == []

    page.fill("[name=code]", "12")
    with page.expect_navigation():
        page.press("[name=code]", "Enter")
    assert page.locator("[role=alert]").is_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.goto("/account/second-factor/codes")
    assert page.url.endswith("/account/second-factor")  # nothing was switched on
