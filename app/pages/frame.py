"""What the frame of every page needs: the ring's card, the menu, the theme, words for states."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import permissions
from app.extensions import db
from app.wording.formats import UNIT_NAMES
from app.wording.statuses import LANGUAGE_NAMES, slip_words, status_words, weekday_names
from booking.models import Ring

CARD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RingCard:
    """The ring as its pages show it."""

    name: str = "Ringbuch"
    place: str = ""
    email: str = ""
    colour: str = "#14532d"
    is_catalogue_public: bool = False
    logo_id: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One entry of the menu."""

    label: str
    address: str
    is_here: bool


# In the order of daily use; the first five a login may enter stand in the bar, the rest behind "More".
DESKS: tuple[tuple[str, Any], ...] = (
    ("today.show", _l("Today")),
    ("plan.show", _l("Plan")),
    ("approvals.index", _l("Approvals")),
    ("reservations.index", _l("My reservations")),
    ("machines.index", _l("Machines")),
    ("costs.index", _l("Costs")),
    ("usage.index", _l("Usage slips")),
    ("workshop.index", _l("Workshop")),
    ("feeds.index", _l("Calendar subscriptions")),
    ("admin.index", _l("Administration")),
    ("help.show", _l("Help and rules")),
)

TREASURERS_FIRST = {"today.show": 0, "costs.index": 1, "usage.index": 2}


def dress(app: Flask) -> None:
    """Give the templates what the frame needs."""
    app.jinja_env.globals.update(
        ring_card=ring_card,
        menu=menu,
        has_desk=has_desk,
        theme_choice=theme_choice,
        language_name=lambda code: LANGUAGE_NAMES.get(code, code),
        status_words=status_words,
        slip_words=slip_words,
        weekday_names=weekday_names,
        unit_name=lambda code: UNIT_NAMES[code],
        asset=asset,
        may=permissions.may,
        may_touch=permissions.may_touch,
    )


def ring_card() -> RingCard:
    """The ring's name, place, colour and logo, looked up at most every few seconds."""
    kept = current_app.extensions.get("ring_card")
    if kept is not None and time.monotonic() - kept[0] < CARD_SECONDS:
        return kept[1]
    ring = db.session.get(Ring, 1)
    if ring is None:  # not kept: it ends with the first step of the set-up, which another process may have taken
        return RingCard()
    card = RingCard(
        ring.name, ring.place, ring.email, ring.colour, ring.is_catalogue_public, logo_id=ring.logo_photo_id
    )
    current_app.extensions["ring_card"] = (time.monotonic(), card)
    return card


def forget_ring_card() -> None:
    """After a change of the ring's settings."""
    current_app.extensions.pop("ring_card", None)


def menu() -> list[Desk]:
    """The desks the present login may enter; none before it has the second factor that the ring requires."""
    if not current_user.is_authenticated or current_user.owes_second_factor:
        return []
    here = (request.endpoint or "").partition(".")[0]
    return [
        Desk(_label(endpoint, label), url_for(endpoint), here == endpoint.partition(".")[0])
        for endpoint, label in _by_daily_use()
        if has_desk(endpoint) and permissions.may(endpoint)
    ]


def _label(endpoint: str, label: Any) -> str:
    """The desk's name; a login that acts for no member has no reservations of its own."""
    if endpoint == "reservations.index" and current_user.member_id is None:
        return _("Reservations")
    return str(label)


def _by_daily_use() -> tuple[tuple[str, Any], ...]:
    """The desks in the order in which this login uses them: the treasurer's day is money."""
    if not current_user.is_treasurer or current_user.member_id is not None:
        return DESKS
    return tuple(sorted(DESKS, key=lambda desk: TREASURERS_FIRST.get(desk[0], len(TREASURERS_FIRST))))


def has_desk(endpoint: str) -> bool:
    """Whether the program has such a page."""
    return endpoint in current_app.view_functions


def theme_choice() -> str:
    """light, dark or system."""
    return getattr(current_user, "theme", "system")


def asset(endpoint: str, filename: str) -> str:
    """A static file's address with its age, so that browsers may keep it for long."""
    return url_for(endpoint, filename=filename, v=_age(endpoint, filename))


def _age(endpoint: str, filename: str) -> str:
    kept: dict[tuple[str, str], str] = current_app.extensions.setdefault("asset_ages", {})
    key = (endpoint, filename)
    if key not in kept or current_app.debug:
        owner = current_app if endpoint == "static" else current_app.blueprints[endpoint.partition(".")[0]]
        path = f"{owner.static_folder}/{filename}"
        kept[key] = _fingerprint(path)
    return kept[key]


def _fingerprint(path: str) -> str:
    import hashlib
    from pathlib import Path

    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]
