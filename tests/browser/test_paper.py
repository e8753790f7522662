"""What people print: the week for the wall, a slip for the folder, the sheet for the machine."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import UTC, date, timedelta

import pytest
from flask import Flask

from app.demo.simulation import ZONE
from app.extensions import db
from app.pages.plan.axis import week_axis
from booking import queries
from booking.queries.board_entries import OFFERED
from tests.browser.conftest import BEGIN, TODAY, follow

# The names of a printed board: those in blocks and those below the machines, with what is cut, runs into another
# block or text of its row, or leaves its row, and numbers without a name.
PRINTED = """() => {
  const names = [], faults = [];
  const inside = (one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return range.getBoundingClientRect();
  };
  const meet = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
    && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 2;
  for (const row of document.querySelectorAll(".board tr[data-machine]")) {
    const where = row.dataset.machine, blocks = [...row.querySelectorAll("td:is(.t, .k) > *")];
    const texts = [], bounds = row.getBoundingClientRect();
    const below = row.nextElementSibling?.matches(".who") ? [...row.nextElementSibling.querySelectorAll("td > b")] : [];
    const numbered = blocks.filter((one) => one.dataset.n).map((one) => one.dataset.n);
    const told = below.map((one) => one.innerText).filter((text) => /^[0-9]+$/.test(text));
    if (told.join() !== numbered.join()) faults.push(`${where}: ${told} for ${numbered}`);
    if (below.length) names.push(...[...row.nextElementSibling.querySelectorAll("bdi")].map((one) => one.innerText));
    for (const block of blocks) {
      if (block.dataset.n) continue;
      for (const text of block.querySelectorAll("em, u")) {
        if (!text.checkVisibility({visibilityProperty: true})) continue;
        texts.push([block, inside(text), text.innerText]);
        if (text.tagName === "EM") names.push(text.innerText);
        if (getComputedStyle(text).overflowX !== "visible") faults.push(`${where}: ${text.innerText} may be cut`);
      }
    }
    for (const [block, box, text] of texts) {
      if (box.top < bounds.top - 1 || box.bottom > bounds.bottom + 1) faults.push(`${where}: ${text} leaves its row`);
      if (box.right > bounds.right + 1) faults.push(`${where}: ${text} leaves the sheet`);
      for (const other of blocks)
        if (other !== block && meet(box, other.getBoundingClientRect())) faults.push(`${where}: ${text} over a block`);
      for (const [of, others, words] of texts)
        if (of !== block && text < words && meet(box, others)) faults.push(`${where}: ${text} over ${words}`);
    }
  }
  return [names, faults];
}"""


def test_the_sheet_of_a_machine_fits_on_one_page(window):
    page = window("wanda")
    page.goto("/machines/combine/qr")

    assert pages_of(page) == 1


@pytest.mark.parametrize("view", ["days", "week"])
def test_each_name_of_the_week_is_printed_whole_on_one_sheet(window, ring_app, view):
    page = window("wanda")
    page.goto(f"/plan?view={view}")

    assert pages_of(page) == 1
    names, faults = printed_on(page)
    assert faults == []
    first = TODAY - timedelta(days=TODAY.weekday() if view == "week" else 0)
    assert Counter(names_of_the_week(ring_app, first)) - Counter(names) == Counter()


def printed_on(page) -> tuple[list[str], list[str]]:
    """The names on the paper of a board, and what is wrong with them."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1062, "height": 740})  # a sheet without its margins
    return page.evaluate(PRINTED)


def names_of_the_week(app: Flask, first: date) -> list[str]:
    """Whose reservations are on machines with one place, once for each; whom time is offered to is told to nobody."""
    with app.app_context():
        span, now = week_axis(first, ZONE).span, BEGIN.astimezone(UTC)
        board = queries.filled_board(db.session(), queries.board_outline(db.session(), span), now=now)
        rows = [row for row in board.rows if row.machine.places == 1]
        held = [entry for row in rows for entry in row.entries if not entry.is_closure and entry.status != OFFERED]
        names = [entry.member_name for entry in held]
        db.session.remove()
    return names


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
