"""What people really type: names without a blank or from right to left, hundreds of machines, a glaring accent.

Each page at 320 px (as a window of 640 px at 200 %) in forced colours, which add borders to what is drawn without them,
and at 2560 px in the ring's own, the main ones at 390 and 640 px, too; the pages of members without a script.
"""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from app.extensions import db
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Unit
from booking.use import usage
from booking.use.usage import Measurement
from tests import builders
from tests.browser.conftest import BEGIN, client_of, empty_ring, served, take_over
from tests.browser.overlaps import OVERLAPS
from tests.browser.test_paper import printed_on

NOW = BEGIN.astimezone(UTC)
NINE = BEGIN.replace(hour=9, minute=0).astimezone(UTC)
LONG = "Landmaschinengemeinschaftsgenossenschaftsverwaltungsgebäude60"[:60]
FROM_THE_RIGHT = "مزرعة الوادي الأخضر (רון)"
MACHINES = 200
TOMORROW = BEGIN.date() + timedelta(days=1)
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 2560, "height": 1300}
# A phone, and a window of 1280 px at 200 %.
IN_BETWEEN = ({"width": 390, "height": 844}, {"width": 640, "height": 450})

# One machine has forty reservations on the day after.
BUSY = (
    "/machines/busy",
    "/plan/machine/busy",
    f"/plan?view=list&day={TOMORROW}",
    f"/plan?view=day&day={TOMORROW}",
    f"/reservations/new?machine=busy&day={TOMORROW}",
)
PAGES = {
    "nobody": ("/", "/login", "/machines", "/machines/long", "/help", "/password/forgotten", "/nowhere"),
    "member": (
        "/today", "/reservations", "/reservations/1", "/reservations/new?machine=long", "/machines/long", "/usage",
        "/usage/1", "/usage/at/long", "/costs", "/feeds", "/account", "/account/profile", f"/search?q={LONG}",
        f"/search?q={LONG * 3}", "/exchanges", "/reservations/2/exchange", "/inductions", "/costs/balance",
        "/usage/days", "/waiting-list/join?machine=many", "/account/bank", "/costs/balance/statement", "/invoices",
        *BUSY,
    ),
    "manager": (
        "/today", "/approvals", "/workshop", "/workshop/inductions", "/workshop/inductions/new", "/machines/long/edit",
        "/machines/long/qr", "/workshop/closures/new", "/usage/damage",
        "/workshop/maintenance", "/workshop/maintenance/new/long", "/workshop/inductions/courses", "/waiting-list",
        "/workshop/quotas/new", "/groups/new?workshop=hall", "/workshop/outside", "/series",
    ),
    "administrator": (
        "/today", "/admin", "/admin/members", "/admin/members/1", "/admin/logins", "/admin/logins/1", "/admin/events",
        "/admin/settings", "/admin/security", "/costs", "/costs/charges", "/costs/tariffs", "/usage", "/reservations",
        "/search?q=a", "/costs/balances", "/costs/ledger", "/costs/ledger/journal",
        "/costs/balances/1/statement", "/costs/parties", "/costs/parties/1", "/costs/periods", "/costs/vat-rates",
        "/costs/ledger/chart", "/costs/machine-costs/1", "/costs/tariffs/1/new", "/invoices", "/invoices/run",
        "/invoices/sending", "/fees", "/fees/new", "/fees/terms/1", "/costs/open-sums", "/costs/use", "/costs/exports",
    ),
}  # fmt: skip
# What sticks out of the window, or is cut where it cannot be scrolled, apart from what is cut on purpose.
TOO_WIDE = """() => {
  const page = document.documentElement, found = [];
  if (page.scrollWidth > page.clientWidth) found.push(`the page: ${page.scrollWidth} px in ${page.clientWidth}`);
  for (const one of document.querySelectorAll("main :not(input, select, textarea), header :not(input)")) {
    if (found.length > 4) break;
    if (!one.checkVisibility()) continue;
    const style = getComputedStyle(one);
    if (one.scrollWidth <= one.clientWidth + 1 || one.clientWidth < 2 || style.textOverflow === "ellipsis") continue;
    if (!["hidden", "clip"].includes(style.overflowX) || one.closest(".vh, .band, .chart, .dot, svg")) continue;
    found.push(`${one.tagName}.${one.className}: ${one.scrollWidth} px in ${one.clientWidth}`);
  }
  return found;
}"""
FAULTS = f"() => [...({TOO_WIDE})(), ...({OVERLAPS})()]"
MAIN = {
    "", "today", "plan", "reservations", "reservations/1", "reservations/new", "machines", "machines/long", "costs",
    "account", "approvals", "workshop", "usage", "exchanges", "admin", "admin/members", "invoices", "search",
}  # fmt: skip
EMPTY = (
    "/today",
    "/machines",
    "/reservations",
    "/usage",
    "/costs",
    "/workshop",
    "/approvals",
    "/admin/members",
)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory):
    """The program with an empty ring, and what fills it."""
    app = empty_ring(tmp_path_factory.mktemp("nasty"))
    with app.app_context():
        session = db.session()
        builders.ring(session, name=LONG, colour="#ffff00")
        hall = builders.workshop(session, "hall", name=LONG)
        members = [builders.member(session, name, number=f"M-{name[:30]}") for name in (LONG, FROM_THE_RIGHT)]
        logins = {
            "member": {"member_id": members[0]},
            "manager": {"manages": (hall,)},
            "administrator": {"is_admin": True, "is_treasurer": True},
        }
        for role, rights in logins.items():
            email = f"{role}-{LONG.encode('ascii', 'ignore').decode()}@ring.example"
            logins[role] = builders.login(session, LONG, now=NOW, email=email, language="de", **rights)
        db.session.remove()
    return app, hall, members, logins


def fill(app: Flask, hall: int, members: list[int]) -> None:
    """Enter machines, of which one has 400 places, with reservations, a slip and a request."""
    with app.app_context():
        session = db.session()
        long = builders.machine(session, hall, "long", name=LONG, kind=LONG, description=LONG * 3, needs_approval=True)
        many = builders.machine(session, hall, "many", name=FROM_THE_RIGHT, places=400)
        with write_transaction(session):
            made = [Machine(workshop_id=hall, slug=f"m{n}", name=f"{n} {LONG}"[:60]) for n in range(MACHINES)]
            session.add_all(made)
            session.flush()
            session.add_all(Unit(machine_id=one.id, number=1) for one in made)
        for number, member in enumerate(members):
            builders.reserve(session, many, member, builders.hours(NINE, number, number + 2), now=NINE, places=40)
            builders.reserve(session, long, member, builders.hours(NINE, 30 + 3 * number, 32 + 3 * number), now=NINE)
        busy = builders.machine(session, hall, "busy", name=LONG[::-1])
        for half_hour in range(40):
            span = builders.hours(NINE, 24 + half_hour / 2 - 9, 24.5 + half_hour / 2 - 9)
            builders.reserve(session, busy, members[half_hour % 2], span, now=NINE)
        with write_transaction(session):
            note = Measurement(note=LONG * 4)
            usage.hand_out(session, 1, note, by=builders.SOMEBODY, now=NINE)
        db.session.remove()


def window_of(chromium: Browser, address: str, *, scripts: bool) -> Page:
    context = chromium.new_context(
        base_url=address, viewport=NARROW, locale="de-DE", java_script_enabled=scripts, forced_colors="active"
    )
    return context.new_page()


def log_in(page: Page, app: Flask, address: str, login: int) -> None:
    """As another login in the same window, without a detour by the form."""
    take_over(page, client_of(app, login), address)


def faults_on(page: Page, path: str) -> list[str]:
    """What sticks out of a page, which is loaded narrow and in forced colours, then wide and in the ring's own."""
    page.set_viewport_size(NARROW)
    page.emulate_media(forced_colors="active")
    answer = page.goto(path)
    faults = [] if answer.status == (404 if path == "/nowhere" else 200) else [f"{path}: {answer.status}"]
    for size in (NARROW, *(IN_BETWEEN if is_main(path) else ()), WIDE):
        if size != NARROW:
            page.set_viewport_size(size)
        found = page.evaluate(FAULTS)
        if size == NARROW:
            page.emulate_media(forced_colors="none")
        faults += [f"{path} {size['width']}: {one}" for one in found]
    return faults


def is_main(path: str) -> bool:
    """Whether it is a page that everybody of its role opens, or one with the reservations of a full day."""
    return path.strip("/").partition("?")[0] in MAIN or "busy" in path


def printed_plan(page: Page, app: Flask, address: str, login: int) -> tuple[list[str], list[str]]:
    """The names on the paper of the week with forty reservations of a day, and what is wrong with them."""
    page.context.clear_cookies()
    log_in(page, app, address, login)
    page.goto(f"/plan?view=days&day={TOMORROW}")
    return printed_on(page)


def test_nothing_overflows_or_overlaps_whatever_is_typed(chromium, nasty):
    app, hall, members, logins = nasty
    with served(app) as address:
        page, without_scripts = (window_of(chromium, address, scripts=scripts) for scripts in (True, False))
        log_in(page, app, address, logins["administrator"])
        faults = [f"empty {fault}" for path in EMPTY for fault in faults_on(page, path)]
        fill(app, hall, members)
        for who, paths in PAGES.items():
            shown = without_scripts if who == "member" else page
            shown.context.clear_cookies()
            if who in logins:
                log_in(shown, app, address, logins[who])
            faults += [f"{who} {fault}" for path in paths for fault in faults_on(shown, path)]
        names, cut = printed_plan(page, app, address, logins["manager"])
        for each in (page, without_scripts):
            each.context.close()

    assert not faults, "\n".join(faults)
    assert not cut, "\n".join(cut)
    assert [names.count(name) for name in (LONG, FROM_THE_RIGHT)] == [21, 21]  # forty on one machine, two on another
