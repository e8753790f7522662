"""What people really type: names without a blank or from right to left, hundreds of machines, a glaring accent.

Each page at 320 px (as a window of 640 px at 200 %), at 2560 px, in forced colours and without a script.
"""

from __future__ import annotations

from datetime import UTC

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from app.extensions import db
from booking import usage
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Unit
from booking.usage import Measurement
from tests import builders
from tests.browser.conftest import BEGIN, empty_ring, served

NOW = BEGIN.astimezone(UTC)
NINE = BEGIN.replace(hour=9, minute=0).astimezone(UTC)
LONG = "Landmaschinengemeinschaftsgenossenschaftsverwaltungsgebäude60"[:60]
FROM_THE_RIGHT = "مزرعة الوادي الأخضر (רון)"
MACHINES = 200
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 2560, "height": 1300}

PAGES = {
    "nobody": ("/", "/login", "/machines", "/machines/long", "/help", "/password/forgotten", "/nowhere"),
    "member": (
        "/today", "/reservations", "/reservations/1", "/reservations/new?machine=long", "/machines/long", "/usage",
        "/usage/1", "/usage/at/long", "/costs", "/feeds", "/account", "/account/profile", f"/search?q={LONG}",
        f"/search?q={LONG * 3}", "/exchanges", "/reservations/2/exchange", "/inductions", "/costs/balance",
        "/usage/days", "/waiting-list/join?machine=many",
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
    ),
}  # fmt: skip
# What sticks out of the window, or is cut where it cannot be scrolled, apart from what is cut on purpose.
TOO_WIDE = """() => {
  const page = document.documentElement, found = [];
  if (page.scrollWidth > page.clientWidth) found.push(`the page: ${page.scrollWidth} px in ${page.clientWidth}`);
  for (const one of document.querySelectorAll("main :not(input, select, textarea), header :not(input)")) {
    if (found.length > 4) break;
    const style = getComputedStyle(one);
    if (one.scrollWidth <= one.clientWidth + 1 || one.clientWidth < 2 || style.textOverflow === "ellipsis") continue;
    if (!["hidden", "clip"].includes(style.overflowX) || one.closest(".vh, .band, .chart, .dot, svg")) continue;
    found.push(`${one.tagName}.${one.className}: ${one.scrollWidth} px in ${one.clientWidth}`);
  }
  return found;
}"""
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
            for number in range(MACHINES):
                made = Machine(workshop_id=hall, slug=f"m{number}", name=f"{number} {LONG}"[:60])
                session.add(made)
                session.flush()
                session.add(Unit(machine_id=made.id, number=1))
        for number, member in enumerate(members):
            builders.reserve(session, many, member, builders.hours(NINE, number, number + 2), now=NINE, places=40)
            builders.reserve(session, long, member, builders.hours(NINE, 30 + 3 * number, 32 + 3 * number), now=NINE)
        with write_transaction(session):
            note = Measurement(note=LONG * 4)
            usage.hand_out(session, 1, note, by=builders.SOMEBODY, now=NINE)
        db.session.remove()


def page_of(browser: Browser, app: Flask, address: str, login: int | None, *, scripts: bool = True) -> Page:
    """A window of a login, without a detour by the form."""
    context = browser.new_context(
        base_url=address, viewport=NARROW, locale="de-DE", java_script_enabled=scripts, forced_colors="none"
    )
    if login is not None:
        client = app.test_client()
        with app.app_context():
            token = builders.open_session(db.session(), login, now=NOW)
            db.session.remove()
        with client.session_transaction() as cookie:
            cookie.update(_user_id=token, _fresh=True, confirmed_at=int(NOW.timestamp()))
        name = app.config["SESSION_COOKIE_NAME"]
        context.add_cookies([{"name": name, "value": client.get_cookie(name).value, "url": address}])
    return context.new_page()


def test_nothing_overflows_whatever_is_typed(chromium, nasty):
    app, hall, members, logins = nasty
    faults = []
    with served(app) as address:
        page = page_of(chromium, app, address, logins["administrator"])
        for path in EMPTY:
            answer = page.goto(path)
            faults += [f"empty {path}: {answer.status}"] if answer.status != 200 else []
            faults += [f"empty {path}: {fault}" for fault in page.evaluate(TOO_WIDE)]
        page.context.close()
        fill(app, hall, members)
        for who, paths in PAGES.items():
            page = page_of(chromium, app, address, logins.get(who), scripts=who != "member")
            for path in paths:
                answer = page.goto(path)
                if answer.status not in (200, 404 if path == "/nowhere" else 200):
                    faults.append(f"{who} {path}: {answer.status}")
                for size, colours in ((NARROW, "none"), (WIDE, "none"), (NARROW, "active")):
                    page.set_viewport_size(size)
                    page.emulate_media(forced_colors=colours)
                    faults += [f"{who} {path} {size['width']} {colours}: {one}" for one in page.evaluate(TOO_WIDE)]
            page.context.close()

    assert not faults, "\n".join(faults)
