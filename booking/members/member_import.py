"""Import of members from another program, stored in one batch to hold the write lock only briefly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from booking.addresses import Address
from booking.errors.schedule_errors import RecordRefused
from booking.events.reservation_events import RecordChanged
from booking.kernel.events import Actor, record_all
from booking.kernel.orm import table_of
from booking.kernel.views import columns_of
from booking.members.members import MemberInput, check_member, price_class_codes
from booking.models import Member
from booking.records import price_classes, records

_member = table_of(Member)
_FIELDS = tuple(MemberInput.__dataclass_fields__)
_ADDRESS = tuple(f"address_{part}" for part in Address.__dataclass_fields__)
_COLUMNS = (*(name for name in _FIELDS if name != "address"), *_ADDRESS)
_ENTER = insert(_member).returning(_member.c.id)
_CHANGE = (
    update(_member)
    .where(_member.c.id == bindparam("member_id"))
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS} | {"revision": _member.c.revision + 1})
)


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A stored member with its id."""

    id: int
    stored: MemberInput


def known_members(session: Session, *, for_change: bool = False) -> dict[str, KnownMember]:
    """Return every member by number; for_change: locked until the transaction ends."""
    statement = select(Member.id, *columns_of(MemberInput, Member)).order_by(Member.id)
    rows = session.execute(statement.with_for_update() if for_change else statement)
    return {row.number: KnownMember(row.id, MemberInput(*row[1:])) for row in rows}


def store_members(
    session: Session,
    new: Sequence[MemberInput],
    changed: Mapping[int, tuple[MemberInput, MemberInput]],
    *,
    by: Actor,
    now: datetime,
    class_from: date | None = None,
    are_former: bool = False,
) -> None:
    """Enter new members and change known ones (id -> as stored, as imported); numbers stay.

    are_former: records that were stored before, which an import is taken back to; their addresses were allowed then.
    Another price class holds from class_from, else from today.

    The caller has read known_members(for_change=True) in the same transaction. Raises RecordRefused with every
    violation.
    """
    wanted = [
        *((member, "") for member in new),
        *((member, (member if are_former else old).email) for old, member in changed.values()),
    ]
    codes = price_class_codes(session)
    RecordRefused.raise_for(violation for member, stored in wanted for violation in check_member(member, codes, stored))
    changes = [
        RecordChanged(table="member", record_id=member_id, what="entered") for member_id in _entered(session, new)
    ]
    reclassed = {
        member_id: (old.price_class, member.price_class)
        for member_id, (old, member) in changed.items()
        if old.price_class != member.price_class
    }
    if reclassed:
        price_classes.date_changes(session, reclassed, class_from or price_classes.ring_today(session, now))
    if changed:
        rows = [_new_values(member) | {"member_id": member_id} for member_id, (_old, member) in sorted(changed.items())]
        session.connection().execute(_CHANGE, rows)
        changes += [_changed(member_id, *pair) for member_id, pair in sorted(changed.items())]
    if changes:
        record_all(session, changes, by=by, at=now)


def _entered(session: Session, new: Sequence[MemberInput]) -> list[int]:
    if not new:
        return []
    ids = records.new_ids(session, _member, len(new))
    rows = [
        _columns(member) | ({} if new_id is None else {"id": new_id}) for new_id, member in zip(ids, new, strict=True)
    ]
    return sorted(session.connection().execute(_ENTER, rows).scalars())


def _columns(member: MemberInput) -> dict[str, object]:
    values = records.values_of(member)
    address = records.values_of(values.pop("address"))
    return values | {f"address_{part}": value for part, value in address.items()}


def _new_values(member: MemberInput) -> dict[str, object]:
    return {f"new_{name}": value for name, value in _columns(member).items()}


def _changed(member_id: int, old: MemberInput, member: MemberInput) -> RecordChanged:
    names = [name for name in _FIELDS if getattr(old, name) != getattr(member, name)]
    return RecordChanged(table="member", record_id=member_id, what=",".join(names))
