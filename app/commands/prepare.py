"""ring prepare: create or upgrade the database. ring settings: print all settings."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app import setting_texts
from app.auth import stored_secrets
from app.clock import now
from app.commands.friendly_errors import friendly_errors
from app.doctor.database import clock
from app.extensions import db, secret_box
from app.storage import installation, migrate
from booking.kernel.transaction import in_write_transaction

KEY_DIFFERS = (
    "SECRET_KEY here is not the one with which this ring was started before, so nobody would stay logged in and second "
    "factors could not be read. Copy the key of the other machine (RINGBUCH_SECRET_KEY, or instance/secret_key). To "
    "change it, name the former one in RINGBUCH_SECRET_KEY_FALLBACKS. If that is lost: ring prepare --new-secret-key"
)
LARGEST_CHECKED_MB = 64  # 0.1 s; checking a larger file would delay the start, and the nightly audit does it


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(prepare)
    ring.add_command(settings)


@click.command("prepare")
@click.option("--new-secret-key", is_flag=True, help="From now on the present SECRET_KEY is the one of the ring.")
def prepare(new_secret_key: bool) -> None:
    """Create or upgrade the database. Safe to run at any time, by any number of processes."""
    prepare_database(is_key_new=new_secret_key)


def prepare_database(*, is_key_new: bool = False) -> None:
    """Create or upgrade the database of the current application; errors are one sentence.

    is_key_new: SECRET_KEY was changed on purpose, and the former one is lost.
    """
    uri = current_app.config["SQLALCHEMY_DATABASE_URI"]
    with friendly_errors():
        migrate.require_writable(uri)
        migrate.require_sound(uri, largest_mb=LARGEST_CHECKED_MB)
        migrate.upgrade(uri)
        if not is_key_new:
            require_own_key()
        encrypt_secrets()
        store_key()
        _warn_about_clock()


def _warn_about_clock() -> None:
    """Print that this machine's clock differs from PostgreSQL's, by which two machines of a ring can be compared.

    With clocks that are minutes apart, who logged in at one machine is not logged in at the other.
    """
    connection = db.session().connection()
    if connection.dialect.name == "postgresql":
        for finding in clock(connection, now()):
            click.echo(finding.line(), err=True)
    db.session().rollback()


def require_own_key() -> None:
    """Raise ClickException where the other processes of this ring have another SECRET_KEY."""
    has_own = installation.has_own_key(db.session(), secret_box())
    db.session().rollback()
    if not has_own:
        raise click.ClickException(KEY_DIFFERS)


def store_key() -> None:
    """Store the mark of the present SECRET_KEY, with which others are compared."""
    session = db.session()
    if not installation.is_stored(session, secret_box()):
        in_write_transaction(session, lambda: installation.store_key(session, secret_box()))
    session.rollback()


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
