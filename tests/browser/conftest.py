"""One demo ring, one server, one Chromium for all browser tests; each test has a fresh window.

The pictures of docs/ are made on the way: RINGBUCH_PICTURES=docs/pictures keeps them there.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from socketserver import ThreadingMixIn
from tempfile import TemporaryDirectory
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from sqlalchemy import select

from app import create_app, demo
from app.demo.simulation import ZONE
from app.extensions import db
from app.mail.models import Mail
from app.storage import migrate
from app.worker.jobs import deliver_events
from booking.kernel.transaction import write_transaction
from tests.builders import mail_text, open_session
from tests.chromium import installed

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
PATIENCE_MS = 15_000
# Of this ring it is always a Wednesday morning in summer: what is open, free and in season never depends on the
# hour at which somebody happens to run the tests.
BEGIN = datetime(2027, 7, 14, 9, 40, tzinfo=ZONE)
TODAY = BEGIN.date()

Window = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(str(item.path)).parts:
            item.add_marker(pytest.mark.browser)


class ThreadedServer(ThreadingMixIn, WSGIServer):
    """Answers every connection in a thread of its own.

    Chromium opens connections before it needs them; a server of one thread would wait at such a one for ever.
    """

    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    """Says nothing on the terminal."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


def empty_ring(folder: Path) -> Flask:
    """A program with an empty database. It is BEGIN; from there its clock runs on."""
    started = time.monotonic()
    app = create_app(
        {
            "SECRET_KEY": "browsers-and-nothing-but-browsers-use-this",
            "RATELIMIT_ENABLED": False,
            "CLOCK": lambda: (BEGIN + timedelta(seconds=time.monotonic() - started)).astimezone(UTC),
        },
        instance_path=folder,
    )
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    return app


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of a server with this program, whose connections to the database end with it."""
    server = make_server("127.0.0.1", 0, app, server_class=ThreadedServer, handler_class=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def ring_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The demo ring as of BEGIN."""
    app = empty_ring(tmp_path_factory.mktemp("instance"))
    with app.app_context():
        session = db.session()
        with write_transaction(session):
            demo.load(session, TODAY, scale=0.4, now=BEGIN.astimezone(UTC))
        db.session.remove()
    return app


@pytest.fixture(scope="session")
def ring(ring_app: Flask) -> Iterator[str]:
    """The address of a server with the demo ring."""
    with served(ring_app) as address:
        yield address


@pytest.fixture
def deliver(ring_app: Flask) -> Callable[[], None]:
    """deliver() does what the worker does within a minute: mails are written, uses are priced."""

    def until_nothing_is_left() -> None:
        with ring_app.app_context():
            while deliver_events(db.session()):
                pass
            db.session.remove()

    return until_nothing_is_left


def link_in_mail(app: Flask, template: str, page: str) -> str:
    """The address of a page in the newest mail of a template that has one."""
    with app.app_context():
        newest = select(Mail).where(Mail.key.like(f"%:{template}:%")).order_by(Mail.id.desc())
        found = (re.search(rf"https?://\S+?(/{page}/\S+)", mail_text(one)) for one in db.session.scalars(newest))
        address = next(one[1] for one in found if one)
        db.session.remove()
    return address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Chromium leaves reports in the home folder and a file in the one for temporary files.
    with TemporaryDirectory(prefix="ringbuch-") as folder, sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"), folder)
        browser = playwright.chromium.launch(executable_path=installed() or None, args=words, env=os.environ | places)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, ring: str) -> Iterator[Window]:
    """window("anna", size=PHONE, dark=True, scripts=False) -> a page, logged in. Errors of scripts fail the test.

    at: the address of another ring than the demo's.
    """
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(
        who: str | None = None,
        *,
        size: dict[str, int] = DESKTOP,
        dark: bool = False,
        scripts: bool = True,
        language: str = "de",
        at: str = "",
    ) -> Page:
        context = chromium.new_context(
            base_url=at or ring,
            viewport=size,
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            locale="de-DE" if language == "de" else "en-GB",
            has_touch=size == PHONE,
            reduced_motion="reduce",  # a window that gets another size while pages change into each other complains
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        if who:
            log_in(page, who)
        return page

    yield open_window
    for context in opened:
        context.close()
    assert complaints == []


def log_in(page: Page, who: str) -> None:
    """Through the form, like anybody."""
    page.goto("/login")
    page.fill("[name=email]", f"{who}@demo.example")
    page.fill("[name=password]", "ringbuch-demo")
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login" not in address)


def client_of(app: Flask, login: int) -> FlaskClient:
    """A client that is logged in, without a detour by the form."""
    now = BEGIN.astimezone(UTC)
    client = app.test_client()
    with app.app_context():
        token = open_session(db.session(), login, now=now)
        db.session.remove()
    with client.session_transaction() as cookie:
        cookie.update(_user_id=token, _fresh=True, confirmed_at=int(now.timestamp()))
    return client


def take_over(page: Page, client: FlaskClient, address: str) -> None:
    """Go on in a window with the log-in of a client."""
    name = client.application.config["SESSION_COOKIE_NAME"]
    page.context.clear_cookies()
    page.context.add_cookies([{"name": name, "value": client.get_cookie(name).value, "url": address}])


def follow(page: Page, what: Locator) -> None:
    """Click, and go on when the next page is there: a page asked for before that would cancel what was sent."""
    with page.expect_navigation():
        what.click()


@pytest.fixture
def picture() -> Callable[..., None]:
    """picture(page, "board") takes a picture for docs/ where they are wanted: drawing a whole page takes a second."""
    folder = os.environ.get("RINGBUCH_PICTURES")

    def keep(page: Page, name: str, *, whole: bool = False) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            # Not half of the page before, and no header in the middle of a whole page.
            page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
            if whole:
                page.evaluate("scrollTo(0, 0)")
            drawn = Image.open(BytesIO(page.screenshot(full_page=whole))).convert("RGB")
            # 256 colours are all that a page has, beside its photos: a third of the bytes.
            few = drawn.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            few.save(Path(folder) / f"{name}.png", optimize=True)

    return keep
