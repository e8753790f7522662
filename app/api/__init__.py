"""/api/v1: the use cases of the pages, for programs."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint, Flask

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
    """Register the blueprint of the API."""
    app.register_blueprint(load_calls())


def load_calls() -> Blueprint:
    """Import every module, so that all calls have declared themselves, and return the blueprint."""
    from app.api.calls import bp

    for name in MODULES:
        import_module(f"{__name__}.{name}")
    return bp
