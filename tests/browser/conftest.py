"""One demo ring, one server, one Chromium for all browser tests; each test has a fresh window.

The pictures of docs/ are made on the way: RINGBUCH_PICTURES=docs/pictures keeps them there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app import create_app, demo, migrating
from app.demo.agenda import ZONE
from app.extensions import db
from booking.kernel.transaction import write_transaction
from tests.chromium import installed

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
PATIENCE_MS = 15_000

Window = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(str(item.path)).parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))  # one server and one Chromium for all


class QuietHandler(WSGIRequestHandler):
    """Says nothing on the terminal."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo ring, as of today."""
    app = create_app(
        {"SECRET_KEY": "browsers-and-nothing-but-browsers-use-this", "RATELIMIT_ENABLED": False},
        instance_path=tmp_path_factory.mktemp("instance"),
    )
    migrating.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    instant = datetime.now(UTC)
    with app.app_context():
        session = db.session()
        with write_transaction(session):
            demo.load(session, instant.astimezone(ZONE).date(), scale=0.4, now=instant)
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, handler_class=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=installed() or None, args=words)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, ring: str) -> Iterator[Window]:
    """window("anna", size=PHONE, dark=True, scripts=False) -> a page, logged in. Errors of scripts fail the test."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(
        who: str | None = None,
        *,
        size: dict[str, int] = DESKTOP,
        dark: bool = False,
        scripts: bool = True,
        language: str = "de",
    ) -> Page:
        context = chromium.new_context(
            base_url=ring,
            viewport=size,
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            locale="de-DE" if language == "de" else "en-GB",
            has_touch=size == PHONE,
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


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., None]:
    """picture(page, "board") keeps a picture for docs/ where they are wanted."""
    folder = Path(os.environ.get("RINGBUCH_PICTURES") or tmp_path)

    def keep(page: Page, name: str, *, whole: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=whole)

    return keep
