"""Every page at a phone's and a desk's width, light and dark: nothing sticks out, and axe finds nothing.

axe looks at each page of a make of its own once in each colour scheme: at a phone's width in the dark one, at a desk's
in the light one; at forms and lists of the same parts at a desk's.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import DESKTOP, PHONE

# What has a make of its own: axe looks at it in both looks.
PAGES = {
    None: ("/", "/login", "/machines", "/machines/laser-cutter", "/help", "/password/forgotten"),
    "anna": (
        "/today", "/plan", "/plan?view=week", "/plan?view=day", "/plan?view=list", "/plan?view=month",
        "/plan/machine/combine", "/reservations", "/reservations/new",
        "/reservations/new?machine=combine", "/usage", "/usage/at/combine", "/costs", "/feeds",
        "/account", "/series", "/series/2", "/waiting-list", "/costs/balance",
    ),
    "wanda": (
        "/today", "/approvals", "/plan", "/plan/wall", "/workshop", "/workshop/inductions",
        "/machines/combine/edit", "/machines/combine/qr", "/workshop/machine-hall/qr-sheets?per=4", "/usage",
    ),
    "karl": (
        "/today", "/costs", "/costs/pools/1/allocate", "/costs/allocations/1", "/costs/pools/1", "/usage", "/invoices",
    ),
    "rita": ("/today", "/admin", "/admin/members", "/admin/events"),
}  # fmt: skip
# Forms and lists put together of the same parts, which the styleguide shows in every scheme: axe looks once.
OF_PARTS = {
    "anna": (
        "/feeds/new", "/account/mails", "/account/my-data", "/account/devices", "/account/second-factor",
        "/series/2/cancel", "/series/2/change", "/waiting-list/join?machine=combine", "/exchanges", "/inductions",
        "/costs/mine/year",
    ),
    "wanda": (
        "/workshop/closures/new", "/announcements", "/announcements/new", "/groups", "/groups/new", "/groups/1/edit",
        "/workshop/quotas", "/workshop/quotas/new", "/workshop/maintenance", "/workshop/inductions/courses",
        "/workshop/outside", "/waiting-list?of=workshop",
    ),
    "karl": (
        "/costs/tariffs", "/costs/allocations", "/costs/balances", "/costs/ledger", "/fees", "/fees/new", "/fees/dues",
        "/fees/materials", "/fees/materials/1", "/fees/materials/1/sell", "/fees/materials/new", "/fees/terms/1",
        "/costs/exports", "/costs/exports/figures", "/costs/pools/1/keys", "/costs/pools/1/keys/new",
        "/costs/pools/1/counts", "/costs/pools/1/meters/new", "/costs/open-sums", "/costs/use", "/invoices/sending",
        "/invoices/run", "/invoices/statements", "/costs/tariffs/1/new",
    ),
    "rita": ("/admin/backups", "/tasks", "/admin/logins", "/admin/import/members"),
}  # fmt: skip
IDS_TWICE = """() => [...document.querySelectorAll("[id]")].map(one => one.id)
    .filter((id, place, all) => all.indexOf(id) < place)"""
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
# Marks what axe has seen already: rows of a list that differ in nothing but words, numbers and addresses, and the frame
# of the page where an earlier page of this window had the same. Two thirds of its time went into these.
ALIKE = """() => {
  const TOLD = ["class", "type", "role", "scope", "lang", "dir", "fill", "aria-current", "aria-hidden", "aria-sort"];
  const shape = (one) => {
    const names = [...one.attributes].map(({name, value}) => TOLD.includes(name) || !value ? `${name}=${value}` : name);
    const words = [...one.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.data.trim());
    return `${one.tagName}(${names.sort()}${words ? " words" : ""}${[...one.children].map(shape).join("")})`;
  };
  const mark = (one, seen) => { if (seen.has(shape(one))) one.dataset.alike = ""; else seen.add(shape(one)); };
  const media = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((each) => matchMedia(each).matches);
  const look = [innerWidth, media, document.querySelector("link[href*='/colours/']")?.href].join();
  const frames = new Set(JSON.parse(sessionStorage[look] || "[]"));
  document.querySelectorAll("[data-alike]").forEach((one) => delete one.dataset.alike);
  document.querySelectorAll("header.top, nav.desks, footer.foot").forEach((one) => mark(one, frames));
  sessionStorage[look] = JSON.stringify([...frames]);
  for (const list of document.querySelectorAll("main :is(tbody, ul, ol, dl)")) {
    const rows = new Set();
    [...list.children].forEach((one) => mark(one, rows));
  }
}"""


# Each page is loaded once, in the first look; then it gets the width, the pointer and the scheme of the next.
LOOKS = ((PHONE, "dark"), (DESKTOP, "light"))


@pytest.mark.parametrize("who", list(PAGES), ids=lambda who: who or "nobody")
def test_pages_fit_and_are_accessible(window, who):
    page = window(who, size=PHONE)
    device = page.context.new_cdp_session(page)
    faults = []
    for path in (*PAGES[who], *OF_PARTS.get(who, ())):
        for size, scheme in LOOKS:
            found = faults_at(page, device, path, size, scheme, by_axe=path in PAGES[who] or size == DESKTOP)
            faults += [f"{path} at {size['width']} px: {fault}" for fault in found]

    assert faults == []


def faults_at(
    page: Page, device: CDPSession, path: str, size: dict[str, int], scheme: str, *, by_axe: bool
) -> list[str]:
    """What is wrong with a page in a window of a size. It is loaded where another one is shown: one to which it led."""
    page.set_viewport_size(size)
    device.send("Emulation.setTouchEmulationEnabled", {"enabled": size == PHONE})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # colours in between are not looked at
    faults = []
    if size == PHONE or not page.url.endswith(path):
        answer = page.goto(path)
        faults += [] if answer and answer.status == 200 else [f"answered {answer and answer.status}"]
        faults += [f"two elements are called {twice}" for twice in page.evaluate(IDS_TWICE)]
    faults += faults_of(page) if by_axe else ["wider than the window"] if is_wide(page) else []
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    return [*faults, *(["wider than the window in the other colour scheme"] if is_wide(page) else [])]


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page that is shown: it sticks out, or axe finds something."""
    return [*(["wider than the window"] if is_wide(page) else []), *violations_of(page)]


def is_wide(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def violations_of(page: Page, rules: object = None) -> list[str]:
    """What axe finds, by rule, with the first places."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"{AXE_SCRIPT}; 0")  # without the 0 the browser would send the program itself back
    page.evaluate(ALIKE)
    options = {"runOnly": rules or RULES, "resultTypes": ["violations"]}  # without the types: every element that passes
    run = "async options => (await axe.run({exclude: ['[data-alike]']}, options)).violations"
    found = page.evaluate(run, options)
    return [f"{entry['id']} at {[node['target'] for node in entry['nodes']][:3]}" for entry in found]
