"""On a phone what is touched by itself gives a finger 44 px; links inside sentences are as high as their line."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import PHONE, log_in

PAGES = {
    "anna": (
        "/today", "/plan?view=list", "/machines/combine", "/reservations", "/reservations/new?machine=combine",
        "/usage", "/feeds", "/account",
    ),
    "wanda": (
        "/today", "/approvals", "/workshop", "/workshop/inductions", "/machines/combine/edit",
        "/waiting-list?of=workshop", "/series?of=workshop", "/workshop/inductions/courses",
    ),
    "karl": ("/costs", "/costs/pools/1"),
}  # fmt: skip

# Boxes and circles are touched by their label, cards of the catalogue as a whole.
TOO_SMALL = """() => Array.from(document.querySelectorAll("a, button, summary, select, input, textarea"))
    .filter((one) => one.checkVisibility() && !one.closest(".vh, .visually-hidden, .skip"))
    .filter((one) => !["checkbox", "radio", "hidden"].includes(one.type) && !one.matches(".stretched-link, .cover"))
    .filter((one) => one.getBoundingClientRect().height < 43.5)
    .map((one) => one.outerHTML.slice(0, 90))"""


HEIGHTS = "Array.from(document.querySelectorAll('.dec-l'), (one) => one.getBoundingClientRect().height)"
REQUEST_PX_MAX = 124  # two lines, what matters, the day with its buttons; a deadline of two lines included
ROWS = """Array.from(document.querySelectorAll('.page-in :is(.rows > li:not(.dec), .tbl-cards tbody tr)'))
    .filter((one) => one.checkVisibility() && !one.querySelector('.band, a[href^="mailto:"]'))
    .map((one) => [Math.round(one.getBoundingClientRect().height), one.innerText.slice(0, 60)])"""
ROW_PX_MAX = 118  # two lines, and one of what matters or of buttons


@pytest.mark.parametrize("who", list(PAGES))
def test_what_is_touched_is_large_enough_for_a_finger(chromium: Browser, ring: str, who: str):
    context = chromium.new_context(base_url=ring, viewport=PHONE, has_touch=True, is_mobile=True, locale="de-DE")
    page = context.new_page()
    log_in(page, who)
    small = {}
    for path in PAGES[who]:
        page.goto(path)
        assert page.evaluate("matchMedia('(pointer: coarse)').matches")
        assert not [height for height in page.evaluate(HEIGHTS) if height > REQUEST_PX_MAX]
        assert [row for row in page.evaluate(ROWS) if row[0] > ROW_PX_MAX] == [], path
        small[path] = page.evaluate(TOO_SMALL)
    context.close()

    assert {path: found for path, found in small.items() if found} == {}


def test_the_button_of_a_long_form_is_at_the_thumb_and_covers_no_field(window):
    page = window("anna", size=PHONE)
    page.emulate_media(reduced_motion="reduce")  # what is scrolled to is there at once
    page.goto("/reservations/new?machine=combine")
    button = page.locator("form.reserve .thumb-bar")

    assert button.bounding_box()["y"] + button.bounding_box()["height"] <= PHONE["height"] + 1
    page.focus("[name=purpose]")
    field = page.locator("[name=purpose]").bounding_box()
    assert field["y"] + field["height"] <= button.bounding_box()["y"]
