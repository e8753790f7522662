"""/api/v1: the use cases of the pages, for programs."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

# Each module offers calls; see calls.py.
MODULES = (
    "guard",
    "machines",
    "reservations",
    "reservation_actions",
    "closures",
    "usage",
    "costs",
    "allocations",
    "exports",
    "reference",
)


def register_api(app: Flask) -> None:
    """Open the API."""
    from app.api.calls import bp

    for name in MODULES:
        import_module(f"app.api.{name}")
    app.register_blueprint(bp)
