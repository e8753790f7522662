"""ring user: logins, for the set-up and for the case that nobody can log in."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
from flask import current_app
from flask.cli import AppGroup
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth import accounts, managers, passwords, second_factor
from app.auth.accounts import NewLogin, Roles
from app.auth.errors import EmailTaken, LoginNotFound, SecondFactorChanged, WeakPassword
from app.clock import now
from app.commands.prepare import create_database
from app.commands.terminal import TERMINAL
from app.extensions import db
from app.wording.rules import violation_sentence
from booking.email_addresses import check_email
from booking.errors.schedule_errors import RecordRefused, Violation
from booking.kernel.texts import code_points, is_fit
from booking.kernel.transaction import in_write_transaction
from booking.members import members
from booking.models import Member, Ring, Workshop

ROLES = ("member", "manager", "treasurer", "admin")
WEAKNESSES = {
    "too_short": f"Use at least {passwords.LENGTH_MIN} characters.",
    "too_long": f"Use at most {passwords.LENGTH_MAX} characters.",
    "common": "This is one of the first passwords a stranger would try.",
    "personal": "The name, the address or the ring's name are too easy to guess.",
}

user = AppGroup("user", help="Logins of the ring.")


def add_to(ring: AppGroup) -> None:
    """Register the commands of this module."""
    ring.add_command(user)


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="Name of the person.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="Can be repeated.")
@click.option(
    "--member", "number", help="Number of the member to act for; without it, a new member with that name is entered."
)
@click.option("--workshop", "slugs", multiple=True, help="Workshop to manage, by its short name; can be repeated.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
def add(
    email: str, name: str, roles: tuple[str, ...], number: str | None, slugs: tuple[str, ...], password_stdin: bool
) -> None:
    """Enter the login EMAIL with a password. Roles: member, manager (of workshops), treasurer, admin."""
    if violations := check_email(email.strip()):  # before the password is asked for
        raise click.ClickException(_sentences(violations))
    create_database()
    session = db.session()
    hashed = _hashed(session, _password(password_stdin), email, name)

    def enter() -> None:
        member_id = _member_id(session, number, name) if "member" in roles or number else None
        wanted = NewLogin(
            email,
            name,
            Roles(member_id, is_treasurer="treasurer" in roles, is_admin="admin" in roles),
            current_app.config["LOCALES"][0],
        )
        user_id = accounts.create(session, wanted, hashed, by=TERMINAL, now=now())
        for workshop_id in _workshop_ids(session, slugs) if "manager" in roles else ():
            managers.name_manager(session, user_id, workshop_id, by=TERMINAL, now=now())

    try:
        in_write_transaction(session, enter)
    except EmailTaken:
        raise click.ClickException(f"There is a login {email} already.") from None
    except RecordRefused as refusal:
        raise click.ClickException(_sentences(refusal.violations)) from None
    click.echo(f"{email} can log in.")


@user.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Remove the second factor of the login EMAIL, whose phone and recovery codes are lost."""
    session = db.session()
    try:
        in_write_transaction(session, lambda: _reset_second_factor(session, email))
    except LoginNotFound:
        raise click.ClickException(f"There is no login {email}.") from None
    except SecondFactorChanged:
        raise click.ClickException(f"{email} has no second factor.") from None
    click.echo(f"{email} logs in by password alone and is logged out everywhere. A mail was sent to the owner.")


def _reset_second_factor(session: Session, email: str) -> None:
    user_id = accounts.user_id_of(session, email)
    second_factor.reset(session, user_id, by=TERMINAL, now=now())


def _password(from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    if not is_fit(password):  # the log-in page removes them, so that it would never be right
        raise click.ClickException(f"The password holds control characters ({code_points(password)}).")
    return password


def _hashed(session: Session, password: str, email: str, name: str) -> str:
    ring_name = session.scalar(select(Ring.name)) or ""
    session.rollback()
    try:
        passwords.require_strong(password, (email, name, ring_name))
    except WeakPassword as refusal:
        raise click.ClickException(WEAKNESSES[refusal.facts["reason"]]) from None
    return passwords.hash_of(password)


def _member_id(session: Session, number: str | None, name: str) -> int:
    if number is None:
        return members.enter_member(session, members.MemberInput(_next_number(session), name), by=TERMINAL, now=now())
    member_id = session.scalar(select(Member.id).where(Member.number == number))
    if member_id is None:
        raise click.ClickException(f"No member has the number {number}. `ring import members` enters members.")
    return member_id


def _sentences(violations: Iterable[Violation]) -> str:
    with force_locale("en"):  # commands print English
        return " ".join(f"{each.field}: {violation_sentence(each)}" for each in violations)


def _next_number(session: Session) -> str:
    taken = set(session.scalars(select(Member.number)))
    following = (session.scalar(select(func.max(Member.id))) or 0) + 1
    while str(following) in taken:
        following += 1
    return str(following)


def _workshop_ids(session: Session, slugs: tuple[str, ...]) -> list[int]:
    rows = session.execute(select(Workshop.slug, Workshop.id).order_by(Workshop.slug))
    known = {row.slug: row.id for row in rows}
    wanted = slugs or (tuple(known) if len(known) == 1 else ())
    if not wanted or not set(wanted) <= set(known):
        offered = ", ".join(known) or "none yet"
        raise click.ClickException(f"Name the workshop to manage with --workshop: {offered}.")
    return [known[slug] for slug in wanted]
