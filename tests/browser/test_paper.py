"""What people print: the week for the wall, a slip for the folder, the sheet for the machine."""

from __future__ import annotations

import math
import re

import pytest

from tests.browser.conftest import follow

# Names of the plan that are longer than their room, apart from those that stand upright in a narrow block.
CUT = """Array.from(document.querySelectorAll('.board td:not(.s) em'))
    .filter((one) => getComputedStyle(one).writingMode === 'horizontal-tb' && one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.innerText)"""


@pytest.mark.parametrize("path", ["/plan?view=week", "/machines/combine/qr"])
def test_it_fits_on_one_page(window, path):
    page = window("wanda")
    page.goto(path)

    assert pages_of(page) == 1
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1047, "height": 740})  # a sheet without its margins
    assert page.evaluate(CUT) == []


def test_the_codes_of_a_workshop_fill_sheets_of_two_and_of_four(window):
    page = window("wanda")
    for per in (2, 4):
        page.goto(f"/workshop/machine-hall/qr-sheets?per={per}")
        machines = page.locator(".qr-one").count()

        assert machines > per
        assert pages_of(page) == math.ceil(machines / per)
        assert page.locator(".qr-one .qr-img").count() == machines


def test_a_slip_and_a_certificate_print_what_counts_and_no_forms(window):
    page = window("anna")
    page.goto("/usage")
    follow(page, page.locator(".tbl-cards a").last)

    assert pages_of(page) == 1
    page.emulate_media(media="print")
    assert page.locator("main form:visible").count() == 0
    assert page.locator(".print-head").is_visible()

    page.goto("/inductions")
    page.goto(page.locator("main a[href$='/certificate']").first.get_attribute("href"))
    assert pages_of(page) == 1
    assert page.locator("main button:visible").count() == 0
    assert page.get_by_text("Unterschrift des Einweisers").is_visible()


def pages_of(page) -> int:
    """How many sheets the browser would print."""
    counts = re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True))
    return int(counts[0])
