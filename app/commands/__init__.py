"""The commands `flask ring ...`. A module has `add_to(ring)` and is imported when one of its commands is asked for."""

from __future__ import annotations

import os
from importlib import import_module

import click

from app.commands.friendly_errors import FriendlyErrorGroup

# Command -> module of this package.
MODULES = {
    "prepare": "prepare",
    "settings": "prepare",
    "serve": "serve",
    "work": "work",
    "check": "check",
    "doctor": "doctor",
    "backup": "backup",
    "restore": "backup",
    "token": "token",
    "user": "user",
    "import": "imports",
    "demo": "demo",
    "feed": "feed",
    "export": "export_postings",
    "permissions": "permissions",
    "setup-code": "setup_code",
    "ledger": "ledger",
}


PRIVATE_UMASK = 0o077


class RingGroup(FriendlyErrorGroup):
    """The group `ring`. Importing all its commands would take 30 ms of every start of the web server."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command. The files that it makes (exports, backups, database, address) are readable by their owner."""
        former = os.umask(PRIVATE_UMASK)
        try:
            return super().invoke(ctx)
        finally:
            os.umask(former)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command, or None when there is none of this name."""
        if name in MODULES and name not in self.commands:
            import_module(f"app.commands.{MODULES[name]}").add_to(self)
        return super().get_command(ctx, name)


ring = RingGroup("ring", help="Commands to run and maintain a machine ring.")
