"""Members to whom an import gives a last day, with what they still hold and owe: shown and confirmed before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.wording.formats import as_zone
from billing import queries as billing_queries
from billing.queries import MemberSums
from booking import queries
from booking.queries import OpenUse
from booking.times.wall_clock import local_day


@dataclass(frozen=True, slots=True)
class ImportedLeaver:
    """A member with a new last day: its row, shares and open sums, and what of the use is open."""

    line: int
    key: str
    member_id: int
    last_day: date
    sums: MemberSums
    use: OpenUse


def leavers(
    session: Session, last_days: Mapping[int, tuple[int, str, date]], *, now: datetime
) -> tuple[ImportedLeaver, ...]:
    """Return those who still hold or owe something. last_days: member -> line, key of the row and the new last day."""
    if not last_days:
        return ()
    sums = billing_queries.member_sums(session, last_days, local_day(now, as_zone(None)))
    use = queries.open_use(session, last_days, now=now)
    return tuple(
        ImportedLeaver(line, key, member_id, last_day, sums[member_id], use[member_id])
        for member_id, (line, key, last_day) in last_days.items()
        if sums[member_id].is_open or use[member_id].is_open
    )


def fingerprint(found: Sequence[ImportedLeaver]) -> str:
    """Return what identifies the leavers that somebody saw; "" for none."""
    text = ",".join(f"{one.member_id} {one.last_day.isoformat()}" for one in found)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""
