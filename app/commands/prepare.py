"""ring prepare: bring the instance to the point where it can be served. ring settings: what can be set."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from app import config, migrating
from booking.kernel.errors import Busy

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
    with refusing_in_a_sentence():
        migrating.refuse_damaged(uri, largest_mb=LARGEST_CHECKED_MB)
        migrating.upgrade(uri)


@contextmanager
def refusing_in_a_sentence() -> Iterator[None]:
    """What can be wrong with a database as a whole, said on the terminal without a traceback."""
    try:
        yield
    except (migrating.UnknownSchema, migrating.DamagedDatabase) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    except Busy as refusal:
        raise click.ClickException("Another process is changing the database; try again in a minute.") from refusal
    except (DBAPIError, sqlite3.Error) as refusal:
        reason = str(getattr(refusal, "orig", refusal)).strip().splitlines()[0]
        raise click.ClickException(f"The database cannot be used: {reason}") from refusal


@click.command("settings")
def settings() -> None:
    """Print every setting with its value, default and meaning. Secrets stay hidden."""
    for setting in config.SETTINGS:
        value = current_app.config[setting.name]
        shown = "(set)" if setting.is_secret and value else repr(value)
        click.echo(f"{config.PREFIX}{setting.name} = {shown}  [default {setting.default!r}]\n    {setting.sentence}")
