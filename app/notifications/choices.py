"""Which kinds of mails a recipient wants. A row is what was chosen; without one the kind itself decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from app.notifications.kinds import OPTIONAL, MailKind
from app.notifications.models import MailChoice
from app.notifications.recipients import Recipient

# Made once, for each kind of owner: the worker asks for each mail.
_CHOICE = select(MailChoice.is_wanted).where(MailChoice.kind == bindparam("kind"))
_OF_USER = _CHOICE.where(MailChoice.user_id == bindparam("owner"))
_OF_MEMBER = _CHOICE.where(MailChoice.member_id == bindparam("owner"))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose choice it is: a login, or a member that has none."""

    user_id: int | None = None
    member_id: int | None = None


def wants(session: Session, to: Recipient, kind: MailKind) -> bool:
    """Return whether a recipient gets mails of a kind."""
    if kind.is_required:
        return True
    statement, owner = (_OF_MEMBER, to.member_id) if to.user_id is None else (_OF_USER, to.user_id)
    chosen = session.connection().scalar(statement, {"kind": kind.code, "owner": owner})
    return kind.is_wanted if chosen is None else bool(chosen)


def choices_of(session: Session, owner: Owner) -> dict[str, bool]:
    """Return kind -> whether somebody wants it, of all kinds that can be switched off."""
    is_of_owner = (
        MailChoice.member_id == owner.member_id if owner.user_id is None else MailChoice.user_id == owner.user_id
    )
    found = session.execute(select(MailChoice.kind, MailChoice.is_wanted).where(is_of_owner))
    chosen = {row.kind: row.is_wanted for row in found}
    return {code: chosen.get(code, kind.is_wanted) for code, kind in OPTIONAL.items()}


def choose(session: Session, wanted: Mapping[str, bool], *, owner: Owner, now: datetime) -> None:
    """Store what somebody wants. Kinds that are unknown or required are left out. Call inside write_transaction()."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    key = ["user_id" if owner.user_id is not None else "member_id", "kind"]
    for code in sorted(OPTIONAL.keys() & wanted.keys()):
        values = {"user_id": owner.user_id, "member_id": owner.member_id, "kind": code}
        choice = insert(MailChoice).values(**values, is_wanted=wanted[code], changed_at=now)
        changed = {"is_wanted": choice.excluded.is_wanted, "changed_at": choice.excluded.changed_at}
        session.execute(choice.on_conflict_do_update(index_elements=key, set_=changed))
