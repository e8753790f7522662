"""Phone and e-mail address of members beside their names, for those whom the form of contact details names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from app.extensions import db
from app.present import present_login
from booking import queries
from booking.queries import MemberContact


class HasMember(Protocol):
    """A reservation, request or usage slip: of a member, in a workshop."""

    @property
    def member_id(self) -> int: ...

    @property
    def workshop_id(self) -> int: ...


def contacts_of(views: Iterable[HasMember]) -> dict[int, MemberContact]:
    """Return the contacts by member id that the present login may see, in one statement at most; not its own.

    Managers see them in their workshops; treasurers and administrators see all.
    """
    login = present_login()
    if not login.is_authenticated:
        return {}
    sees_all = login.is_treasurer or login.is_admin
    wanted = {view.member_id for view in views if sees_all or view.workshop_id in login.managed_workshop_ids}
    wanted.discard(login.member_id)
    return queries.member_contacts(db.session(), wanted) if wanted else {}
