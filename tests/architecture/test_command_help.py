"""Every command has its help."""

from __future__ import annotations

import click
import pytest

from app.commands import ring


def commands(group: click.Group, prefix: str = "ring") -> dict[str, click.Command]:
    """Every command below a group, by what one types."""
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{prefix} has no command {name}"
        found[f"{prefix} {name}"] = command
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix} {name}")
    return found


@pytest.mark.parametrize("name", sorted(commands(ring)))
def test_every_command_has_help(name):
    command = commands(ring)[name]

    assert (command.help or "").strip()
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name


def test_the_commands_of_the_surface_are_there():
    promised = {"prepare", "settings", "serve", "demo", "user", "token", "feed", "work", "check", "import", "export"}
    promised |= {"backup", "restore", "permissions"}

    assert promised <= set(ring.list_commands(click.Context(ring)))
