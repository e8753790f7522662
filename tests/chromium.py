"""Finds Chromium for the browser tests, or fetches it: python -m tests.chromium prints its program.

An installed one first, else Debian's package where we may install it, else Playwright's own download, else
one sentence that says what to type (exit code 1).
"""

from __future__ import annotations

import os
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
    sources: tuple[Callable[[], str], ...] = (installed, from_debian, from_playwright)
    found = next((place for source in sources if (place := source())), "")
    print(found or NOT_FOUND)
    return 0 if found else 1


def installed() -> str:
    """The one that is set or already there; empty: none."""
    places = (os.environ.get("RINGBUCH_CHROMIUM", ""), *PLACES)
    return next((found for place in places if place and (found := shutil.which(place))), "")


def from_debian() -> str:
    """Debian's package, with a font to write with; empty: not Debian, or we may not."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return ""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu"]):
        subprocess.run(["apt-get", *words], env=environment, check=False, capture_output=True)
    return installed()


def from_playwright() -> str:
    """Playwright's own download; empty: it failed."""
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
