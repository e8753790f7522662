"""What the layout of every page needs: the ring's name and colour, the menu, the theme, labels of codes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request, session, url_for
from flask_login import current_user

from app.auth import permissions
from app.pages.contacts import contacts_of
from app.pages.declaration import PAGES, MenuEntry
from app.pages.worker_run import worker_run
from app.ring_card import ring_card
from app.web.paging import page_beyond_end
from app.wording.formats import UNIT_NAMES
from app.wording.statuses import LANGUAGE_NAMES, slip_label, status_label, weekday_names

STATIC_ENDPOINTS = ("static", "bootstrap.static")
CACHED_FOR_GOOD = "public, max-age=31536000, immutable"
LAST = 1_000  # behind every entry that has an order of its own for treasurers


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the menu as a page shows it."""

    label: str
    address: str
    is_here: bool


def init_app(app: Flask) -> None:
    """Register what every template may use, and how long browsers keep its files."""
    app.after_request_funcs.setdefault(None, []).insert(0, cache_assets)  # the last to run
    app.jinja_env.globals.update(
        ring_card=ring_card,
        menu=menu,
        theme_choice=theme_choice,
        language_name=lambda code: LANGUAGE_NAMES.get(code, code),
        status_label=status_label,
        slip_label=slip_label,
        weekday_names=weekday_names,
        unit_name=lambda code: UNIT_NAMES[code],
        asset=asset,
        contacts_of=contacts_of,
        worker_run=worker_run,
        page_beyond_end=page_beyond_end,
        may=permissions.may,
        may_touch=permissions.may_touch,
        is_of_the_ring=permissions.is_of_the_ring,
    )


def menu() -> list[MenuItem]:
    """Return the entries that the present login may open; none while it owes the ring a second factor.

    Of a login whose member has left: without the pages that are public anyway.
    """
    login = permissions.present_login()
    if not login.is_authenticated or login.owes_second_factor:
        return []
    has_member = login.member_id is not None
    here = (request.endpoint or "").partition(".")[0]
    return [
        MenuItem(_label(entry, has_member), url_for(endpoint), here == endpoint.partition(".")[0])
        for endpoint, entry in _ordered_entries(for_treasurer=login.is_treasurer and not has_member)
        if permissions.may(endpoint) and (login.left_on is None or not permissions.access_to(endpoint).is_public)
    ]


def _label(entry: MenuEntry, has_member: bool) -> str:
    if entry.label_without_member is not None and not has_member:
        return str(entry.label_without_member)
    return str(entry.label)


@cache
def _ordered_entries(*, for_treasurer: bool) -> tuple[tuple[str, MenuEntry], ...]:
    """Return endpoint and entry in the order of daily use: a treasurer's work is the accounts."""
    entries = [(endpoint, page.menu) for endpoint, page in PAGES.items() if page.menu is not None]
    if for_treasurer:
        return tuple(sorted(entries, key=lambda entry: (entry[1].treasurer_order or LAST, entry[1].order)))
    return tuple(sorted(entries, key=lambda entry: entry[1].order))


def theme_choice() -> str:
    """Return light, dark or system."""
    return getattr(current_user, "theme", "system")


def asset(endpoint: str, filename: str) -> str:
    """Return a static file's address with its fingerprint, so that browsers may keep the file for long."""
    return url_for(endpoint, filename=filename, v=_fingerprint(endpoint, filename))


def cache_assets(response: Response) -> Response:
    """Let browsers keep a file whose address names its fingerprint: they would ask for each of them on each page.

    Not where it names another: of two machines that are upgraded in turn, one still has the former file.
    """
    named, endpoint = request.args.get("v"), request.endpoint or ""
    if not named or endpoint not in STATIC_ENDPOINTS or response.status_code not in (200, 304):
        return response
    if named == _fingerprint(endpoint, (request.view_args or {})["filename"]):
        response.headers["Cache-Control"] = CACHED_FOR_GOOD
        session.accessed = False  # else Flask would add Vary: Cookie, and a log-in would void what is kept
    return response


def _fingerprint(endpoint: str, filename: str) -> str:
    cached: dict[tuple[str, str], str] = current_app.extensions.setdefault("asset_fingerprints", {})
    key = (endpoint, filename)
    if key not in cached or current_app.debug:
        owner = current_app if endpoint == "static" else current_app.blueprints[endpoint.partition(".")[0]]
        content = Path(f"{owner.static_folder}/{filename}").read_bytes()
        cached[key] = hashlib.sha256(content).hexdigest()[:10]
    return cached[key]
