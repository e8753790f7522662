"""Finds Chromium for the browser tests, or fetches it: python -m tests.chromium prints its program.

An installed one first, else Playwright's own download, else one sentence that says what to type (exit code 1). On
Debian start.py installs its package before, or names it. Standard library only, except where Playwright fetches.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PLACES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
NOT_FOUND = (
    "There is no Chromium for the browser tests: install Chromium or Chrome (Debian: apt install chromium "
    "fonts-dejavu), or set RINGBUCH_CHROMIUM to its program, or add --without-browser."
)


def main() -> int:
    """Print where Chromium is, or the sentence; the exit code."""
    sources: tuple[Callable[[], str], ...] = (installed, from_playwright)
    found = next((place for source in sources if (place := source())), "")
    print(found or NOT_FOUND)
    return 0 if found else 1


def installed() -> str:
    """The one that is set or already there; empty: none."""
    places = (os.environ.get("RINGBUCH_CHROMIUM", ""), *PLACES)
    return next((found for place in places if place and (found := shutil.which(place))), "")


def missing_packages() -> tuple[str, ...]:
    """Return the packages of Debian that the browser tests need and that are missing; none on other systems."""
    if not _is_debian():
        return ()
    browser = () if installed() else ("chromium", "fonts-dejavu")
    return (*browser, *(() if _has_libatomic() else ("libatomic1",)))


def _is_debian() -> bool:
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


def _has_libatomic() -> bool:
    """Whether the library is there that Playwright's program is linked to; a minimal Debian 13 has none."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return False
    return True


def from_playwright() -> str:
    """Playwright's own download, below its package in .venv; empty: it failed."""
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = "0"
    fetched = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], check=False, capture_output=True
    )
    if fetched.returncode != 0:
        return ""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        place = playwright.chromium.executable_path
    return place if Path(place).is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
