"""ring prepare: create or upgrade the database. ring settings: print all settings."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app import setting_texts
from app.auth import stored_secrets
from app.commands.friendly_errors import friendly_errors
from app.extensions import db
from app.storage import migrate
from booking.kernel.transaction import in_write_transaction

LARGEST_CHECKED_MB = 64  # 0.1 s; checking a larger file would delay the start, and the nightly audit does it


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(prepare)
    ring.add_command(settings)


@click.command("prepare")
def prepare() -> None:
    """Create or upgrade the database. Safe to run at any time, by any number of processes."""
    prepare_database()


def prepare_database() -> None:
    """Create or upgrade the database of the current application; errors are one sentence."""
    uri = current_app.config["SQLALCHEMY_DATABASE_URI"]
    with friendly_errors():
        migrate.require_writable(uri)
        migrate.require_sound(uri, largest_mb=LARGEST_CHECKED_MB)
        migrate.upgrade(uri)
        encrypt_secrets()


def encrypt_secrets() -> None:
    """Encrypt with the present SECRET_KEY what is stored in clear or was encrypted with a former key."""
    session = db.session()
    if any(each.plain is not None for each in stored_secrets.outdated(session)):
        in_write_transaction(session, lambda: stored_secrets.encrypt_outdated(session))
    session.rollback()


def create_database() -> None:
    """Create the database if there is none, for commands that run before the first start."""
    with friendly_errors():
        is_new = migrate.is_new(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if is_new:
        prepare_database()


@click.command("settings")
@click.option("--env-file", is_flag=True, help="Print a file of all settings, commented out, for a service manager.")
def settings(env_file: bool) -> None:
    """Print every setting with its value, where that comes from, unit, default and meaning. Secrets stay hidden."""
    for line in setting_texts.env_file() if env_file else setting_texts.describe(current_app.config):
        click.echo(line)
