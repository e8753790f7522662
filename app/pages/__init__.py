"""The desks: one folder, one blueprint each."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from app.wording import formats

# Each desk's package has `routes.py` with a blueprint `bp`.
DESKS = (
    "home",
    "auth",
    "today",
    "plan",
    "reservations",
    "approvals",
    "setup",
    "account",
    "admin",
    "feeds",
    "machines",
    "usage",
    "workshop",
    "imports",
    "costs",
    "help",
)


def register_pages(app: Flask) -> None:
    """Open all desks."""
    app.jinja_env.filters.update(formats.FILTERS)
    for desk in DESKS:
        app.register_blueprint(import_module(f"app.pages.{desk}.routes").bp)
