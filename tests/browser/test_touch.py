"""On a phone what is touched by itself gives a finger 44 px; links inside sentences are as high as their line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import select

from app.extensions import db
from booking.closures import blockings
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from booking.timespan import TimeSpan
from tests.browser.conftest import BEGIN, PHONE, log_in
from tests.browser.test_every_page import violations_of
from tests.builders import SOMEBODY

PAGES = {
    "anna": (
        "/today", "/plan?view=list", "/machines/combine", "/reservations", "/reservations/new?machine=combine",
        "/usage", "/feeds", "/account", "/costs/allocations/1",
    ),
    "wanda": (
        "/today", "/approvals", "/workshop", "/workshop/inductions", "/machines/combine/edit",
        "/waiting-list?of=workshop", "/series?of=workshop", "/workshop/inductions/courses", "/workshop/outside",
    ),
    "karl": ("/today", "/costs", "/costs/pools/1"),
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
# Amounts below the name of their part of an allocation instead of beside it.
BELOW = """Array.from(document.querySelectorAll('.part .apart'), (one) => one.children)
    .filter(([name, amount]) => amount.getBoundingClientRect().top >= name.getBoundingClientRect().bottom)
    .map(([name]) => name.innerText)"""
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
        assert page.evaluate(BELOW) == [], path
        small[path] = page.evaluate(TOO_SMALL)
    context.close()

    assert {path: found for path, found in small.items() if found} == {}


# Where a bar with the button stays at the thumb, by its template: who meets it, and the
# page, or one with a link of its number and its address.
BARS = {
    "machines/show.html": ("anna", "/machines/combine", ""),
    "reservations/new.html": ("anna", "/reservations/new?machine=combine", ""),
    "usage/unreserved.html": ("anna", "/usage/new?machine=combine", ""),
    "reservations/move.html": ("anna", "/reservations", "/reservations/{}/move"),
    "machines/edit.html": ("wanda", "/machines/combine/edit", ""),
    "workshop/edit.html": ("wanda", "/workshop/machine-hall/edit", ""),
    "workshop/induction_kind.html": ("wanda", "/workshop/inductions/kinds/1", ""),
    "workshop/quota.html": ("wanda", "/workshop/quotas/new", ""),
    "workshop/plan.html": ("wanda", "/workshop/closures/{}/plan", ""),
    "usage/hand_back.html": ("wanda", "/today", "/usage/hand-back/{}"),
}
LINKS = {
    "reservations/move.html": "main a.cover[href^='/reservations/']",
    "usage/hand_back.html": "section:has-text('Wer hat was?') a[href^='/reservations/']",
}
OF_TWO = "approvals/index.html"  # whose bar is there where several requests wait; here it is one
BAR = re.compile(r"thumb-(form|bar)|class=\"bulk")
# What has the focus and lies under the header or the bar, though there is room for it between them.
COVERED = """(bar) => [...document.querySelectorAll("main :is(a[href], button, input, select, textarea, summary)")]
    .filter((one) => one.checkVisibility() && !bar.contains(one) && one.type !== "hidden" && !one.closest(".vh"))
    .filter((one) => {
      one.focus();
      const field = one.getBoundingClientRect(), below = bar.getBoundingClientRect();
      const above = Math.max(document.querySelector(".top").getBoundingClientRect().bottom, 0);
      const fits = field.height < below.top - above && document.activeElement === one;
      return fits && (field.top < above - 1 || (field.bottom > below.top + 1 && field.top < below.bottom - 1));
    }).map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture
def undecided(ring_app: Flask) -> Iterator[int]:
    """The id of a closure around a reservation, of which nobody decided yet: other tests decide those of the demo."""
    now = BEGIN.astimezone(UTC)
    is_to_come = (Reservation.status == "confirmed") & (Reservation.starts_at > now + timedelta(days=1))
    with ring_app.app_context(), write_transaction(session := db.session()):
        held = session.scalars(select(Reservation).where(is_to_come).order_by(Reservation.starts_at.desc())).first()
        span = TimeSpan(held.starts_at - timedelta(hours=1), held.ends_at + timedelta(hours=1))
        closure_id = blockings.close(
            session, held.machine_id, span, "Riemen", by=SOMEBODY, now=now, around_reservations=True
        )
    yield closure_id
    with ring_app.app_context(), write_transaction(session := db.session()):
        blockings.lift(session, closure_id, by=SOMEBODY, now=now)


def test_bars_at_the_thumb_cover_nothing_that_has_the_focus(window, undecided):
    """axe sees each page in a window as high as the page: where it begins, a bar always covers half of something."""
    templates = Path("app/templates")
    found = [path for path in templates.rglob("*.html") if BAR.search(path.read_text(encoding="utf-8"))]
    assert {path.relative_to(templates).as_posix() for path in found} == {*BARS, OF_TWO}
    windows = {who: window(who, size=PHONE) for who in ("anna", "wanda")}
    faults = {}
    for name, (who, path, to) in BARS.items():
        page = windows[who]
        page.set_viewport_size(PHONE)
        page.emulate_media(reduced_motion="reduce")  # what is scrolled to is there at once
        page.goto(path.format(undecided))
        if to:
            link = page.locator(LINKS[name]).last.get_attribute("href")
            page.goto(to.format(*re.findall(r"\d+", link)))
        bar = page.locator(".thumb-bar, .thumb-form .form-actions, .bulk").first
        box = bar.bounding_box()
        is_at_thumb = box["y"] + box["height"] <= PHONE["height"] + 1
        covered = bar.evaluate(COVERED)
        page.set_viewport_size({**PHONE, "height": page.evaluate("document.documentElement.scrollHeight")})
        faults[name] = [*([] if is_at_thumb else ["not at the thumb"]), *covered, *violations_of(page)]

    assert {name: found for name, found in faults.items() if found} == {}
    page.set_viewport_size({"width": 700, "height": 400})  # a phone on its side: only the desks at the bottom stay
    assert page.evaluate("getComputedStyle(document.documentElement).scrollPadding") == "80px 0px"
