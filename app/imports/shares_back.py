"""Taking back the last file of shares of a pool as a whole, while no allocation used them and nobody changed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports import history
from app.imports.history import LastImportView, StoredRecord, Values
from app.imports.taking_back import ImportInUse
from billing import queries as billing_queries
from billing.models import Share
from billing.pools import shares
from booking import queries
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class ShareBack:
    """What becomes of a member's shares from the day of the file on; obstacle: why that is impossible, or ""."""

    member_name: str
    valid_from: date
    shares: int
    obstacle: str


@dataclass(frozen=True, slots=True)
class SharesBack:
    """The last file of shares of a pool. is_allocated: an allocation has divided by them since."""

    last: LastImportView
    rows: tuple[ShareBack, ...]
    is_allocated: bool

    @property
    def is_possible(self) -> bool:
        """Return whether nothing stands against taking it back."""
        return not self.is_allocated and not any(row.obstacle for row in self.rows)


def kind_of(pool_id: int) -> str:
    """Return the kind of import under which a pool's file of shares is kept."""
    return f"shares:{pool_id}"


def share_values(share: Share) -> Values:
    """Return an entry of shares as plain values."""
    return {
        "shares": share.shares,
        "valid_from": share.valid_from.isoformat(),
        "outlasts_membership": share.outlasts_membership,
    }


def shares_back(session: Session, pool_id: int) -> SharesBack | None:
    """Return what taking back the last file of a pool would do; None where there is none."""
    last = history.last_import(session, kind_of(pool_id))
    if last is None:
        return None
    stored = history.stored_records(session, kind_of(pool_id))
    days = {date.fromisoformat(one.after["valid_from"]) for one in stored}
    is_allocated = billing_queries.is_allocated_since(session, pool_id, min(days), last.stored_at)
    return SharesBack(last, tuple(_rows(session, pool_id, stored)), is_allocated)


def take_back_shares(session: Session, pool_id: int, stored_at: datetime, *, by: Actor, now: datetime) -> None:
    """Take back the last file of a pool, all of it. Call inside write_transaction().

    stored_at: of the file that the user has seen. Raises ImportInUse.
    """
    shares.lock_pool(session, pool_id)
    found = shares_back(session, pool_id)
    if found is None or found.last.stored_at != stored_at or not found.is_possible:
        raise ImportInUse()
    for one in history.stored_records(session, kind_of(pool_id)):
        day = date.fromisoformat(one.after["valid_from"])
        if one.before is None:
            shares.delete_shares(session, pool_id, one.record_id, day, by=by, now=now)
        else:
            shares.set_shares(
                session,
                pool_id,
                one.record_id,
                one.before["shares"],
                day,
                by=by,
                now=now,
                outlasts_membership=one.before["outlasts_membership"],
            )
    history.discard(session, kind_of(pool_id))


def _rows(session: Session, pool_id: int, stored: list[StoredRecord]) -> Iterator[ShareBack]:
    entered = shares.entries_of(session, pool_id)
    names = {name.id: name.name for name in queries.member_names(session, [one.record_id for one in stored])}
    for one in stored:
        day = date.fromisoformat(one.after["valid_from"])
        present = entered.get((one.record_id, day))
        is_changed = present is None or share_values(present) != one.after
        obstacle = _("changed since the import") if is_changed else ""
        yield ShareBack(names.get(one.record_id, ""), day, _shares_then(one, entered, day), obstacle)


def _shares_then(one: StoredRecord, entered: Mapping[tuple[int, date], Share], day: date) -> int:
    """Return what the member holds from the day on once the file is taken back."""
    if one.before is not None:
        return int(one.before["shares"])
    earlier = [since for member_id, since in entered if member_id == one.record_id and since < day]
    return entered[one.record_id, max(earlier)].shares if earlier else 0
