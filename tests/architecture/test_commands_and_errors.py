"""Everything that can be typed has its help; everything that can be refused has its words."""

from __future__ import annotations

import click
import pytest

from app.commands import ring
from app.web import error_status
from app.wording import errors as texts
from booking.kernel.errors import DomainError


def commands(group: click.Group, prefix: str = "ring") -> dict[str, click.Command]:
    """Every command below a group, by what one types."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        found[f"{prefix} {name}"] = command
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix} {name}")
    return found


def codes(kind: type[DomainError]) -> set[str]:
    """The codes of an error and of everything derived from it."""
    own = {kind.code} if "code" in vars(kind) else set()
    return own.union(*(codes(each) for each in kind.__subclasses__()))


@pytest.mark.parametrize("name", sorted(commands(ring)))
def test_a_command_says_what_it_does(name):
    command = commands(ring)[name]

    assert (command.help or "").strip()
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name


def test_the_commands_of_the_surface_are_there():
    promised = {"prepare", "settings", "serve", "demo", "user", "token", "feed", "work", "check", "import", "export"}
    promised |= {"backup", "restore"}

    assert promised <= set(ring.commands)


def test_every_error_has_its_words(app):
    with app.test_request_context():
        known = codes(DomainError)
        assert not known - texts.TITLES.keys()
        assert not known - texts.SENTENCES.keys()


def test_every_status_belongs_to_an_error(app):
    assert error_status.STATUS.keys() <= codes(DomainError)
