"""The actor of commands, and logins by address."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.models import User
from booking.email_addresses import normalize_email
from booking.kernel.events import Actor

TERMINAL = Actor(job="terminal")


class DayType(click.ParamType):
    """A day, written as 2026-01-31."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day, or fail with a sentence."""
        try:
            return value if isinstance(value, date) else datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(f"{value!r} is not a day, written as 2026-01-31.", param, ctx)


DAY = DayType()


class Login(NamedTuple):
    """The login for which a secret is made."""

    id: int
    member_id: int | None
    language: str


def login_of(session: Session, email: str) -> Login:
    """Return the login of an address unless it is disabled. Raises ClickException."""
    wanted = select(User.id, User.member_id, User.language)
    found = session.execute(
        wanted.where(User.email == normalize_email(email), User.disabled_at.is_(None))
    ).one_or_none()
    if found is None:
        raise click.ClickException(f"There is no login {email} that is enabled; `ring user add` creates one.")
    return Login._make(found)
