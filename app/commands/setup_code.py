"""ring setup-code: the code that the set-up asks for in a browser elsewhere."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import exists, select

from app.auth.models import User
from app.auth.setup_code import setup_code
from app.commands.prepare import create_database
from app.extensions import db


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(show)


@click.command("setup-code")
def show() -> None:
    """Print the code with which the ring can be set up from another machine, until it is set up."""
    create_database()
    code = open_setup_code()
    if code is None:
        raise click.ClickException("This ring is set up: there is no set-up code any more.")
    click.echo(code)


def open_setup_code() -> str | None:
    """Return the set-up code; None once the ring has an administrator."""
    if db.session().scalar(select(exists().where(User.is_admin))):
        return None
    return setup_code(current_app.config["SECRET_KEY"])
