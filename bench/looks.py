"""Every page of a running demo ring in every look: found by following its links, photographed, measured, run by hand.

    ring demo && ring serve                       # in another terminal
    python -m bench.looks http://127.0.0.1:5000 FOLDER [--who anna,karl] [--only /fees,/costs] [--widths 390,1280]
                                                  [--languages de,en] [--locales de=de-DE,en=en-GB]
                                                  [--schemes light,dark] [--axe 820,1280] [--no-pictures]

Each role follows the links from its Today; of each page of the program it looks at the first address that it meets.
Printed is what sticks out of the window, what is cut off, rows of lists above two lines on a phone, and what axe
finds. FOLDER holds a picture of each page in each look and a sheet of the same look of all pages. Each language has a
browser of its own with its locale; fields of days and times follow it only where Chromium has its language pack
(Debian: chromium-l10n), and are American without it.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from app import create_app
from tests.browser.test_every_page import violations_of
from tests.chromium import installed

ROLES = {"anna": "/today", "wanda": "/today", "karl": "/today", "rita": "/today", "nobody": "/"}
SHEET_PICTURES, SHEET_WIDTH, SHEET_HEIGHT = 24, 320, 640
ROW_PX_MAX = 96  # two lines of words, the padding and the hairline
FILES = ("text/html",)
# What a person would call broken: words that are cut, things that lie over each other's edge, rows too high.
FAULTS = """({phone, rowMax}) => {
  const found = [];
  const seen = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 2;
  const name = (one) => `${one.tagName.toLowerCase()}.${one.className?.baseVal ?? one.className}`.replace(/ .*/, "");
  const words = (one) => one.textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`${root.scrollWidth} px wide`);
  for (const one of document.querySelectorAll("main :is(a, button, input, select, td, th, h1, h2, p, dd, dt)")) {
    if (!seen(one) || one.closest(".board, .month-board, .vh") || one.querySelector(".vh")) continue;
    const style = getComputedStyle(one);
    if (one.scrollWidth > one.clientWidth + 2 && style.overflowX !== "visible" && one.tagName !== "INPUT")
      found.push(`cut ${name(one)} "${words(one)}"`);
  }
  if (phone) {
    const high = [...document.querySelectorAll("main .rows > li, main .tbl-cards tbody tr")]
      .filter((one) => seen(one) && !one.querySelector(".band"))
      .map((one) => [Math.round(one.getBoundingClientRect().height), one]).filter(([height]) => height > rowMax);
    if (high.length) found.push(`${high.length} rows above ${rowMax} px: ${high[0][0]} px "${words(high[0][1])}"`);
  }
  return found;
}"""


@dataclass(frozen=True)
class Wish:
    """What to look at: the address of the ring, a folder for the pictures, widths in CSS pixels."""

    base: str
    folder: Path
    who: list[str]
    languages: list[str]
    locales: dict[str, str]  # of the browser, by language
    schemes: list[str]
    only: tuple[str, ...]
    widths: list[int]
    axe_widths: list[int]
    pictures: bool


def main() -> None:
    """Look at every page for each role and print what was found."""
    wish = read_wish()
    routes = create_app().url_map.bind("")
    with sync_playwright() as playwright:
        for language in wish.languages:
            locale = wish.locales[language]
            flags = ["--no-sandbox", f"--lang={locale}"]
            environment = {**os.environ, "LANGUAGE": locale.replace("-", "_")}
            browser = playwright.chromium.launch(executable_path=installed(), args=flags, env=environment)
            for who in wish.who:
                page = signed_in(browser, wish.base, who, locale)
                found = found_pages(page, wish.base, routes, ROLES[who])
                paths = [path for path in found if path.startswith(wish.only)]
                print(f"{who}, {locale}: {len(paths)} pages", flush=True)
                speak(page, language)
                for path in paths:
                    look_at(page, wish, who, language, path)
                page.context.close()
            browser.close()
    if wish.pictures:
        make_sheets(wish.folder)


def read_wish() -> Wish:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.looks")
    parser.add_argument("base")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--who", default=",".join(ROLES))
    parser.add_argument("--languages", default="de,en")
    parser.add_argument("--locales", default="de=de-DE,en=en-GB")
    parser.add_argument("--schemes", default="light,dark")
    parser.add_argument("--only", default="/")
    parser.add_argument("--widths", default="390,820,1280,1920")
    parser.add_argument("--axe", default="")
    parser.add_argument("--no-pictures", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    locales = dict(pair.split("=") for pair in given.locales.split(","))
    numbers = [[int(each) for each in text.split(",") if each] for text in (given.widths, given.axe)]
    return Wish(
        base=given.base.rstrip("/"), folder=given.folder, who=given.who.split(","),
        languages=given.languages.split(","), locales={one: one for one in given.languages.split(",")} | locales,
        schemes=given.schemes.split(","), only=tuple(given.only.split(",")),
        widths=numbers[0], axe_widths=numbers[1], pictures=not given.no_pictures,
    )  # fmt: skip


def signed_in(browser: Browser, base: str, who: str, locale: str) -> Page:
    """Return a window in which a person of the demo ring has logged in. locale: of its numbers, days and times."""
    page = browser.new_context(reduced_motion="reduce", base_url=base, locale=locale).new_page()
    if who != "nobody":
        page.goto("/login")
        page.fill("input[name=email]", f"{who}@demo.example")
        page.fill("input[name=password]", "ringbuch-demo")
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state("load")
    return page


def speak(page: Page, language: str) -> None:
    """Set the language of a login on its own page, of a visitor by the button; stop where the pages stay in another."""
    page.goto("/account/profile")
    if urlsplit(page.url).path == "/account/profile":
        page.select_option("select[name=language]", language)
        page.locator("main form button[type=submit]").first.click()
    else:
        page.goto("/")
        button = page.locator(f"button[name=language][value={language}]").first
        if button.count():
            button.evaluate("one => one.form.requestSubmit(one)")  # it may stand in a closed menu
    page.wait_for_load_state("load")
    if page.goto("/").ok and page.locator("html").get_attribute("lang") != language:
        raise SystemExit(f"{page.url} is not in the language {language!r}")


def found_pages(page: Page, base: str, routes, start: str) -> list[str]:
    """Return the first address of each page of the program to which links lead from one page."""
    todo, met, pages = [start], set(), []
    while todo:
        path = todo.pop(0)
        endpoint = endpoint_of(routes, path)
        if endpoint is None or endpoint in met:
            continue
        met.add(endpoint)
        answer = page.context.request.get(urljoin(base, path))
        if answer.status != 200 or not answer.headers.get("content-type", "").startswith(FILES):
            continue
        pages.append(path)
        todo += [link for link in links_of(answer.text()) if not link.startswith("/static")]
    return pages


def links_of(html: str) -> Iterator[str]:
    """Yield the addresses of this ring to which a page leads, without their fragments."""
    for link in re.findall(r'href="(/[^"#]*)', html):
        yield link.replace("&amp;", "&")


def endpoint_of(routes, path: str) -> str | None:
    """Which page of the program answers an address; nothing where none does."""
    address = urlsplit(path)
    if not routes.test(address.path, "GET") or "logout" in path:
        return None
    endpoint, _ = routes.match(address.path, "GET")
    view = re.search(r"view=(\w+)", address.query)
    return f"{endpoint} {view[1]}" if view else endpoint


def look_at(page: Page, wish: Wish, who: str, language: str, path: str) -> None:
    """Load a page once, and give it each width and scheme."""
    page.goto(path)
    name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "root"
    for width in wish.widths:
        page.set_viewport_size({"width": width, "height": 844 if width < 600 else 900})
        found = page.evaluate(FAULTS, {"phone": width < 600, "rowMax": ROW_PX_MAX})
        for scheme in wish.schemes if wish.pictures else ():
            page.emulate_media(color_scheme=scheme)
            look = f"{width}-{scheme}-{language}"
            page.screenshot(path=wish.folder / f"{who}.{name}.{look}.png", full_page=True)
        if width in wish.axe_widths:
            page.emulate_media(color_scheme="dark")
            found += violations_of(page)
        for fault in found:
            print(f"  {who} {path} {width} {language}: {fault}", flush=True)


def make_sheets(folder: Path) -> None:
    """Lay pictures of one role and look side by side, each at its top."""
    from PIL import Image, ImageDraw

    looks: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.*.*-*-*.png")):
        who, _, look, _ = file.name.split(".")
        looks.setdefault(f"{who}-{look}", []).append(file)
    for look, files in looks.items():
        for number in range(0, len(files), SHEET_PICTURES):
            shown = files[number : number + SHEET_PICTURES]
            sheet = Image.new("RGB", (SHEET_WIDTH * 6, (SHEET_HEIGHT + 20) * -(-len(shown) // 6)), "white")
            for place, file in enumerate(shown):
                picture = Image.open(file).convert("RGB")
                picture = picture.resize((SHEET_WIDTH - 8, picture.height * (SHEET_WIDTH - 8) // picture.width))
                left, top = place % 6 * SHEET_WIDTH, place // 6 * (SHEET_HEIGHT + 20)
                sheet.paste(picture.crop((0, 0, SHEET_WIDTH - 8, min(picture.height, SHEET_HEIGHT))), (left, top + 20))
                ImageDraw.Draw(sheet).text((left + 4, top + 4), file.name.split(".")[1][:48], fill="black")
            sheet.save(folder / f"sheet-{look}-{number // SHEET_PICTURES + 1}.png")


if __name__ == "__main__":
    main()
