"""What the layout of every page needs: the ring's name and colour, the menu, the theme, labels of codes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, session, url_for
from flask.globals import _cv_request
from flask_login import current_user
from markupsafe import Markup

from app.auth import permissions
from app.auth.return_address import here
from app.background.deferral import is_carried_out
from app.clock import now
from app.pages.band_html import band_html, place
from app.pages.contacts import contacts_of
from app.pages.looks import look_of
from app.pages.menu import menu
from app.pages.pictures import first_picture_url, picture_url
from app.pages.worker_run import worker_run
from app.present import present_request
from app.ring_card import ring_card
from app.web.paging import page_beyond_end
from app.wording import maintenance
from app.wording.sorts import sort_label, sort_text, sorts_count
from app.wording.statuses import LANGUAGE_NAMES, slip_label, status_label, weekday_names
from app.wording.units import UNIT_NAMES

CACHED_FOR_GOOD = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    """Register what every template may use, and how long browsers keep its files."""
    app.after_request_funcs.setdefault(None, []).insert(0, cache_assets)  # the last to run
    app.jinja_env.globals.update(
        ring_card=ring_card,
        here=here,
        menu=menu,
        theme_choice=theme_choice,
        language_name=lambda code: LANGUAGE_NAMES.get(code, code),
        status_label=status_label,
        slip_label=slip_label,
        sort_label=sort_label,
        sort_text=sort_text,
        sorts_count=sorts_count,
        weekday_names=weekday_names,
        unit_name=lambda code: UNIT_NAMES[code],
        maintenance_used=maintenance.used_text,
        maintenance_due=maintenance.due_text,
        maintenance_reading=maintenance.reading_text,
        asset=asset,
        look_of=look_of,
        picture_url=picture_url,
        first_picture_url=first_picture_url,
        icon=icon,
        band_html=band_html,
        band_place=place,
        initials=initials,
        contacts_of=contacts_of,
        worker_run=worker_run,
        page_beyond_end=page_beyond_end,
        may=permissions.may,
        may_touch=permissions.may_touch,
        is_of_the_ring=permissions.is_of_the_ring,
        computed_at=computed_at,
    )


def theme_choice() -> str:
    """Return light, dark or system."""
    return getattr(current_user, "theme", "system")


def icon(name: str, css: str = "", label: str = "") -> Markup:
    """Return a symbol of the sprite (img/icons.svg, made by tests/icons.py); label: where no word stands beside it."""
    return _symbol(name, css, label, asset("static", "img/icons.svg"))


@lru_cache(maxsize=500)
def _symbol(name: str, css: str, label: str, sprite: str) -> Markup:
    words = Markup('role="img" aria-label="{}"').format(label) if label else Markup("aria-hidden=true")
    return Markup('<svg class={} {}><use href="{}#{}"/></svg>').format(
        Markup('"i {}"').format(css) if css else "i", words, sprite, name
    )


def computed_at() -> datetime | None:
    """Return the present for a page that is kept and shown later (app/background); else None."""
    return now() if is_carried_out() else None


def initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def asset(endpoint: str, filename: str) -> str:
    """Return a static file's address with its fingerprint, so that browsers may keep the file for long."""
    context = _cv_request.get()  # without proxies: an icon asks for its sprite, seventy times a page
    known: dict[tuple[str, str, str], str] = context.app.extensions.setdefault("asset_addresses", {})
    key = (context.request.script_root, endpoint, filename)
    address = known.get(key)
    if address is None or context.app.debug:
        address = known[key] = url_for(endpoint, filename=filename, v=_fingerprint(endpoint, filename))
    return address


def cache_assets(response: Response) -> Response:
    """Let browsers keep a file whose address names its fingerprint: they would ask for each of them on each page.

    Not where it names another: of two machines that are upgraded in turn, one still has the former file.
    """
    asked = present_request()
    endpoint = asked.endpoint or ""
    if endpoint != "static" or response.status_code not in (200, 304):
        return response
    named, filename = asked.args.get("v"), (asked.view_args or {})["filename"]
    # A font's name has its version, because tokens.css names it without a fingerprint.
    if filename.startswith("fonts/") or (named and named == _fingerprint(endpoint, filename)):
        response.headers["Cache-Control"] = CACHED_FOR_GOOD
        session.accessed = False  # else Flask would add Vary: Cookie, and a log-in would void what is kept
    return response


def _fingerprint(endpoint: str, filename: str) -> str:
    cached: dict[tuple[str, str], str] = current_app.extensions.setdefault("asset_fingerprints", {})
    key = (endpoint, filename)
    if key not in cached or current_app.debug:
        content = Path(f"{current_app.static_folder}/{filename}").read_bytes()
        cached[key] = hashlib.sha256(content).hexdigest()[:6]
    return cached[key]
