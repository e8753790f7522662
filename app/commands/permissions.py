"""ring permissions: the permission table, as the pages and the API declare it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from app.auth.permissions import Access, Permission, Scope, permission_for

ROLES = tuple(field.name for field in fields(Access))
NOTHING = "-"


def add_to(ring: AppGroup) -> None:
    """Add the commands of this module."""
    ring.add_command(print_permissions)


@click.command("permissions")
@with_appcontext
def print_permissions() -> None:
    """Print every page and call, its method, and how far each role reaches.

    all: everything. workshop: what belongs to a workshop that the login manages. own: what belongs to the login or
    its member. -: refused. A login with several roles has the widest of their rights. before-2fa: whether it is
    open to a login that has not yet set up the second factor that the ring requires.
    """
    for line in table_lines(current_app):
        click.echo(line)


def table_lines(app: Flask) -> Iterator[str]:
    """Return a head and a line for each address and method, in the order of the addresses."""
    yield _line("method", *ROLES, "before-2fa", "address")
    rows = ((rule.rule, method, rule.endpoint) for rule in app.url_map.iter_rules() for method in rule.methods or ())
    for address, method, endpoint in sorted(rows):
        if method not in ("HEAD", "OPTIONS"):
            permission = permission_for(endpoint, method) or Permission(Access())
            yield _line(method, *_scopes(permission.access), _before_second_factor(permission), address)


def _scopes(access: Access) -> Iterator[str]:
    for role in ROLES:
        scope: Scope = getattr(access, role)
        yield NOTHING if scope is Scope.NONE else scope.value


def _before_second_factor(permission: Permission) -> str:
    return "open" if permission.is_open_before_second_factor else NOTHING


def _line(*cells: str) -> str:
    return " ".join(f"{cell:10}" for cell in cells).rstrip()
