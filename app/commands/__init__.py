"""The words of `flask ring`, one module each. A module has `add_to(ring)`."""

from __future__ import annotations

from importlib import import_module

from flask.cli import AppGroup

MODULES = (
    "prepare",
    "serve",
    "work",
    "check",
    "backup",
    "token",
    "user",
    "imports",
    "demo",
    "feed",
    "export",
)


def add_commands(ring: AppGroup) -> None:
    """Give the group all its words."""
    for name in MODULES:
        import_module(f"app.commands.{name}").add_to(ring)
