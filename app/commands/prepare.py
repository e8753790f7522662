"""ring prepare: bring the instance to the point where it can be served. ring settings: what can be set."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app import config
from app.commands.refusals import in_a_sentence
from app.storage import migrate

LARGEST_CHECKED_MB = 256  # a larger file is left to the nightly check: it would delay the start


def add_to(ring: AppGroup) -> None:
    """Add the words of this module."""
    ring.add_command(prepare)
    ring.add_command(settings)


@click.command("prepare")
def prepare() -> None:
    """Create or upgrade the database. Safe to run at any time, by any number of processes."""
    prepare_database()


def prepare_database() -> None:
    """Create or upgrade the database of the present application; a refusal is one sentence."""
    uri = current_app.config["SQLALCHEMY_DATABASE_URI"]
    with in_a_sentence():
        migrate.require_writable(uri)
        migrate.require_sound(uri, largest_mb=LARGEST_CHECKED_MB)
        migrate.upgrade(uri)


def begin_database() -> None:
    """Create the database where there is none yet: a ring may be filled before it is served for the first time."""
    with in_a_sentence():
        is_new = migrate.is_new(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if is_new:
        prepare_database()


@click.command("settings")
def settings() -> None:
    """Print every setting with its value, unit, default and meaning. Secrets stay hidden."""
    for line in config.describe(current_app.config):
        click.echo(line)
