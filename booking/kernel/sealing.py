"""Sealing: a hash chain over the event log, so that a later change is found.

The worker seals in batches; requests never wait for each other to append. Each seal covers the events
named in its members (ids may commit out of order on PostgreSQL) and the digest of the seal before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sqlalchemy import ForeignKey, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.kernel.events import RecordedEvent
from booking.kernel.orm import Base, UtcDateTime

BATCH_EVENTS = 1_000
GENESIS = "0" * 64


class Seal(Base):
    """One link of the chain."""

    __tablename__ = "booking_seal"

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    previous_digest: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]


class SealedEvent(Base):
    """An event is covered by a seal."""

    __tablename__ = "booking_sealed_event"

    event_id: Mapped[int] = mapped_column(ForeignKey("booking_event.id"), primary_key=True)
    seal_id: Mapped[int] = mapped_column(ForeignKey("booking_seal.id"), index=True)


def seal_next(session: Session, *, now: datetime) -> int:
    """Seal the oldest unsealed events, a batch at most. Returns how many. Call inside write_transaction().

    Two sealers at once cannot fork the chain: the previous digest is unique.
    """
    events = session.scalars(
        select(RecordedEvent)
        .outerjoin(SealedEvent, SealedEvent.event_id == RecordedEvent.id)
        .where(SealedEvent.event_id.is_(None))
        .order_by(RecordedEvent.id)
        .limit(BATCH_EVENTS)
    ).all()
    if not events:
        return 0
    previous = session.scalar(select(Seal.digest).order_by(Seal.id.desc()).limit(1)) or GENESIS
    seal = Seal(sealed_at=now, previous_digest=previous, digest=digest_of(previous, events))
    session.add(seal)
    session.flush()
    session.execute(insert(SealedEvent), [{"event_id": event.id, "seal_id": seal.id} for event in events])
    return len(events)


def digest_of(previous: str, events: Iterable[RecordedEvent]) -> str:
    """SHA-256 over the previous digest and the events in id order, each in one canonical form."""
    chain = hashlib.sha256(previous.encode())
    for event in events:
        chain.update(_canonical(event))
    return chain.hexdigest()


def broken_seals(session: Session) -> Iterator[int]:
    """The ids of seals whose events or predecessors no longer give their digest."""
    previous = GENESIS
    for seal in session.scalars(select(Seal).order_by(Seal.id)):
        events = session.scalars(
            select(RecordedEvent)
            .join(SealedEvent, SealedEvent.event_id == RecordedEvent.id)
            .where(SealedEvent.seal_id == seal.id)
            .order_by(RecordedEvent.id)
        )
        if seal.previous_digest != previous or digest_of(previous, events) != seal.digest:
            yield seal.id
        previous = seal.digest


def _canonical(event: RecordedEvent) -> bytes:
    fields = [
        event.id,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor_user_id,
        event.actor_job,
        event.type,
        event.facts,
    ]
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
