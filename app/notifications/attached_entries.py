"""The calendar files that were mailed: what is in them, and who has one that is out of date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, insert, select
from sqlalchemy.orm import Session

from app.mail.models import Mail
from app.notifications import recipients
from app.notifications.models import AttachedEntry
from app.notifications.recipients import Recipient
from booking.kernel.orm import table_of
from booking.models import HOLDING, Machine, Member, Reservation
from booking.queries import ReservationView

ENTRIES_MAX = 500  # that one change of a name puts right in mails; feeds show it anyway
_RECORD = insert(table_of(AttachedEntry))


def record_entries(session: Session, mail_id: int, entries: Sequence[ReservationView], to: Recipient) -> None:
    """Record what the file of a queued mail holds. Call inside write_transaction()."""
    rows = [
        {"mail_id": mail_id, "reservation_id": one.id, "revision": one.revision, "recipient": to.key} for one in entries
    ]
    session.connection().execute(_RECORD, rows)


def outdated(session: Session, entries: Sequence[ReservationView]) -> list[Recipient]:
    """Return who got a file of one of a member's reservations that has changed since, and may still be written to.

    A login that was disabled or acts for another member is not written to; the address of the record is, also
    when the member has a login by now.
    """
    files = _files(session, entries)
    if not files:
        return []
    present = recipients.of_member(session, entries[0].member_id)
    record = session.get(Member, entries[0].member_id)
    if record is not None and record.email and present and record.email not in [one.address for one in present]:
        present = [*present, recipients.of_record(record)]
    latest: dict[tuple[int, str], int] = {}
    for reservation_id, revision, key, address in files:
        for one in present:
            if one.key == key or one.address == address:
                latest[reservation_id, one.key] = max(revision, latest.get((reservation_id, one.key), -1))
    current = {entry.id: entry.revision for entry in entries}
    keys = {key for (reservation_id, key), revision in latest.items() if revision < current[reservation_id]}
    return [one for one in present if one.key in keys]


def mailed_to_come(session: Session, condition: ColumnElement[bool], now: datetime) -> Sequence[int]:
    """Return the reservations to come, soonest first, that a mailed file holds. condition: on Machine."""
    is_mailed = exists().where(AttachedEntry.reservation_id == Reservation.id)
    statement = (
        select(Reservation.id)
        .join(Machine, Machine.id == Reservation.machine_id)
        .where(condition, Reservation.status.in_(HOLDING), Reservation.ends_at > now, is_mailed)
    )
    return session.scalars(statement.order_by(Reservation.starts_at, Reservation.id).limit(ENTRIES_MAX)).all()


def has_lasting_entry(now: datetime) -> ColumnElement[bool]:
    """Whether the file of a mail holds a reservation that is not over, as a condition on the outbox."""
    return exists().where(
        AttachedEntry.mail_id == Mail.id,
        AttachedEntry.reservation_id == Reservation.id,
        Reservation.ends_at > now,
    )


def _files(session: Session, entries: Sequence[ReservationView]) -> Sequence[tuple[int, int, str, str]]:
    rows = session.connection().execute(_FILES, {"ids": [entry.id for entry in entries]})
    return [(row[0], row[1], row[2], row[3]) for row in rows]


_FILES = (
    select(AttachedEntry.reservation_id, AttachedEntry.revision, AttachedEntry.recipient, Mail.to_address)
    .join(Mail, Mail.id == AttachedEntry.mail_id)
    .where(AttachedEntry.reservation_id.in_(bindparam("ids", expanding=True)), Mail.given_up_at.is_(None))
)
