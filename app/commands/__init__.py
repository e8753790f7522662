"""The commands `flask ring ...`, one module each. A module has `add_to(ring)`."""

from __future__ import annotations

from importlib import import_module

from app.commands.friendly_errors import FriendlyErrorGroup

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
    "permissions",
)

ring = FriendlyErrorGroup("ring", help="Commands to run and maintain a machine ring.")
for _name in MODULES:
    import_module(f"app.commands.{_name}").add_to(ring)
