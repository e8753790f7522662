"""Leads every page to /setup as long as nobody administers the ring."""

from __future__ import annotations

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.extensions import db
from app.pages.setup import steps

KEPT = "ring_is_set_up"
# Files, signs of life and programs are answered as ever; only pages lead to the set-up.
NOT_LED = ("static", "bootstrap.static", "home.healthz", "home.readyz", "home.show_metrics", "home.colours")
NOT_LED_TOO = ("home.logo", "home.choose_language")


def lead_to_setup() -> ResponseReturnValue | None:
    """Before every request. Once an administrator was seen, the database is not asked again."""
    if is_set_up() or not _is_page():
        return None
    return redirect(url_for("setup.start"), code=303)


def is_set_up() -> bool:
    """Whether the ring has an administrator. Kept: the last one cannot go."""
    if not current_app.extensions.get(KEPT):
        current_app.extensions[KEPT] = steps.has_administrator(db.session())
    return bool(current_app.extensions[KEPT])


def _is_page() -> bool:
    endpoint = request.endpoint
    if endpoint is None or endpoint in NOT_LED + NOT_LED_TOO or endpoint.startswith("setup."):
        return False
    return not request.path.startswith(("/api/", "/feeds/"))
