"""ring prepare: bring the instance to the point where it can be served. ring settings: what can be set."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app import config, migrating


def add_to(ring: AppGroup) -> None:
    """Add the words of this module."""
    ring.add_command(prepare)
    ring.add_command(settings)


@click.command("prepare")
def prepare() -> None:
    """Create or upgrade the database. Safe to run at any time, by any number of processes."""
    try:
        migrating.upgrade(current_app.config["SQLALCHEMY_DATABASE_URI"])
    except migrating.UnknownSchema as refusal:
        raise click.ClickException(str(refusal)) from refusal


@click.command("settings")
def settings() -> None:
    """Print every setting with its value, default and meaning. Secrets stay hidden."""
    for setting in config.SETTINGS:
        value = current_app.config[setting.name]
        shown = "(set)" if setting.is_secret and value else repr(value)
        click.echo(f"{config.PREFIX}{setting.name} = {shown}  [default {setting.default!r}]\n    {setting.sentence}")
