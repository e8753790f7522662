"""Every page at a phone's and a desk's width, light and dark: nothing sticks out, and axe finds nothing.

axe looks at each page once in each colour scheme: at a phone's width in the dark one, at a desk's in the light one.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE

PAGES = {
    None: ("/", "/login", "/machines", "/machines/laser-cutter", "/help", "/password/forgotten"),
    "anna": (
        "/today", "/plan", "/plan?view=week", "/plan?view=day", "/plan?view=list", "/plan?view=month",
        "/plan/machine/combine", "/reservations", "/reservations/new",
        "/reservations/new?machine=combine", "/usage", "/usage/at/combine", "/costs", "/feeds", "/feeds/new",
        "/account", "/account/mails", "/account/my-data", "/account/devices", "/account/second-factor",
        "/series", "/series/1", "/series/1/cancel", "/series/1/change", "/waiting-list",
        "/waiting-list/join?machine=combine", "/exchanges", "/inductions", "/costs/balance",
    ),
    "wanda": (
        "/today", "/approvals", "/plan/wall", "/workshop", "/workshop/inductions",
        "/workshop/closures/new",
        "/machines/combine/edit", "/machines/combine/qr", "/workshop/machine-hall/qr-sheets?per=4",
        "/usage", "/announcements", "/announcements/new", "/groups", "/groups/new", "/groups/1/edit",
        "/workshop/quotas", "/workshop/quotas/new", "/workshop/maintenance", "/workshop/inductions/courses",
    ),
    "karl": (
        "/today", "/costs", "/costs/pools/1/allocate", "/costs/tariffs", "/costs/allocations", "/costs/allocations/1",
        "/costs/pools/1", "/usage", "/costs/balances", "/costs/ledger",
    ),
    "rita": (
        "/today", "/admin", "/admin/backups", "/tasks", "/admin/members", "/admin/logins", "/admin/events",
        "/admin/import/members",
    ),
}  # fmt: skip
IDS_TWICE = """() => [...document.querySelectorAll("[id]")].map(one => one.id)
    .filter((id, place, all) => all.indexOf(id) < place)"""
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


LOOKS = {"phone": (PHONE, True), "desk": (DESKTOP, False)}


@pytest.mark.parametrize("look", list(LOOKS))
@pytest.mark.parametrize("who", list(PAGES), ids=lambda who: who or "nobody")
def test_pages_fit_and_are_accessible(window, who, look):
    size, dark = LOOKS[look]
    page = window(who, size=size, dark=dark)
    faults = []
    for path in PAGES[who]:
        page.emulate_media(color_scheme="dark" if dark else "light")
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            faults.append(f"{path}: answered {answer and answer.status}")
        if twice := page.evaluate(IDS_TWICE):
            faults.append(f"{path}: two elements are called {twice}")
        faults += [f"{path}: {fault}" for fault in faults_of(page)]
        page.emulate_media(color_scheme="light" if dark else "dark")
        if is_wide(page):
            faults.append(f"{path}: wider than the window in the other colour scheme")

    assert faults == []


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page that is shown: it sticks out, or axe finds something."""
    return [*(["wider than the window"] if is_wide(page) else []), *violations_of(page)]


def is_wide(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def violations_of(page: Page, rules: object = None) -> list[str]:
    """What axe finds, by rule, with the first places."""
    # Without the 0 the browser would send the program itself back, and without the types every element that passes.
    page.evaluate(f"{AXE_SCRIPT}; 0")
    options = {"runOnly": rules or RULES, "resultTypes": ["violations"]}
    found = page.evaluate("async options => (await axe.run(options)).violations", options)
    return [f"{entry['id']} at {[node['target'] for node in entry['nodes']][:3]}" for entry in found]
