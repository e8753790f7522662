"""The commands `flask ring ...`, one module each. A module has `add_to(ring)`."""

from __future__ import annotations

from importlib import import_module

from app.commands.refusals import SentenceGroup

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

ring = SentenceGroup("ring", help="Care and feeding of the machine ring.")
for _name in MODULES:
    import_module(f"app.commands.{_name}").add_to(ring)
