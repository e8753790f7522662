"""The logins that act for a member, and the persons who have them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.present import present_login
from booking.errors.schedule_errors import Violation
from booking.rules.persons import MEMBER_ITSELF, Person, folded
from booking.use.operators import Operators


def is_last_login(session: Session, user_id: int, member_id: int) -> bool:
    """Return whether no other login that may log in acts for the member."""
    others = User.member_id == member_id, User.id != user_id, User.disabled_at.is_(None)
    return not session.scalar(select(func.count()).where(*others))


def check_login(session: Session, member_id: int) -> list[Violation]:
    """Return login_ended for a member whose logins were all ended; a member who never had one needs none."""
    has_ended, all_logins = session.execute(
        select(func.count(User.disabled_at), func.count()).where(User.member_id == member_id)
    ).one()
    return [Violation("login_ended", "member")] if 0 < all_logins == has_ended else []


def login_names(session: Session, member_id: int) -> tuple[str, ...]:
    """Return the names of the logins that act for a member and may log in, in order."""
    is_wanted = User.member_id == member_id, User.disabled_at.is_(None)
    return tuple(session.scalars(select(User.name).where(*is_wanted).order_by(User.name, User.id)))


def person_named(session: Session, member_id: int, name: str) -> Person:
    """Return the person of a member with this name: the login that has it, else the name as it was typed."""
    typed = " ".join(name.split())
    if not typed:
        return MEMBER_ITSELF
    rows = session.execute(select(User.id, User.name).where(User.member_id == member_id).order_by(User.id))
    same = next((row for row in rows if folded(row.name) == folded(typed)), None)
    return Person(typed) if same is None else Person(same.name, same.id)


def usual_operator(member_id: int, possible: Operators | None) -> Person | None:
    """Return who runs a machine unless somebody else is named: the login that acts for the member, if it may.

    Else the only person who may; None where nobody or more than one is.
    """
    login = present_login()
    if possible is None:
        return None
    if login.is_authenticated and login.member_id == member_id:
        present = Person(login.name, login.id)
        if possible.may_run(present):
            return present
    return possible.persons[0] if len(possible.persons) == 1 and not possible.is_anybody else None
