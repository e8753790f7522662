"""The seal of the event log: a hash chain over its events, by which a later change is detected.

The worker seals in batches; requests never wait for each other to append. Each seal covers the events
named in its members (ids may commit out of order on PostgreSQL) and the digest of the seal before it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Select, String, exists, insert, select, type_coerce
from sqlalchemy.orm import Mapped, Session, mapped_column

from booking.kernel import cursors
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import Base, UtcDateTime, table_of

BATCH_EVENTS = 1_000
SEALS_AT_ONCE, EVENTS_AT_ONCE = 100, 2_000  # of a check
GENESIS = "0" * 64
CONSUMER = "sealing"

# One encoder for all: json.dumps makes one for each call.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, check_circular=False).encode

# Facts as they are stored, one value for each name: numbers, and texts in which no separator can be.
_VALUE = r'(?:-?\d+|null|true|false|"[\w.+@/-]*")'
_PLAIN_FACTS = re.compile(rf'\{{(?:"\w+": {_VALUE}(?:, "\w+": {_VALUE})*)?\}}', re.ASCII).fullmatch
_LENGTH_OF_INSTANT = len("2026-11-21 08:00:00.000000")

_SEALED_COLUMNS = (
    RecordedEvent.id,
    RecordedEvent.at,
    RecordedEvent.actor_user_id,
    RecordedEvent.actor_job,
    RecordedEvent.type,
    RecordedEvent.facts,
)


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
    """Seal the oldest unsealed events, at most one batch; return how many. Call inside write_transaction().

    One worker at a time seals; the others get 0. Two at once could not fork the chain either: the previous
    digest is unique.
    """
    cursor = cursors.claim(session, CONSUMER, now=now)
    if cursor is None:
        return 0
    events = session.scalars(_unsealed(cursor.event_id).limit(BATCH_EVENTS)).all()
    if events:
        _add_seal(session, events, now)
    first_open = _unsealed(cursor.event_id).with_only_columns(RecordedEvent.id).limit(1)
    cursors.advance(session, cursor, lambda: session.scalar(first_open), now=now)
    return len(events)


def has_unsealed(session: Session) -> bool:
    """Return whether an event is unsealed. Only reads."""
    return session.scalar(_unsealed(cursors.position_of(session, CONSUMER)).limit(1)) is not None


def _unsealed(position: int) -> Select[RecordedEvent]:
    sealed = exists().where(SealedEvent.event_id == RecordedEvent.id)
    return select(RecordedEvent).where(RecordedEvent.id > position, ~sealed).order_by(RecordedEvent.id)


def _add_seal(session: Session, events: Sequence[RecordedEvent], now: datetime) -> None:
    previous = newest_digest(session)
    seal = Seal(sealed_at=now, previous_digest=previous, digest=digest_of(previous, events))
    session.add(seal)
    session.flush()
    session.execute(insert(SealedEvent), [{"event_id": event.id, "seal_id": seal.id} for event in events])


def newest_digest(session: Session) -> str:
    """Return the digest at the end of the chain. A copy stored elsewhere proves later that nothing was cut off."""
    return session.scalar(select(Seal.digest).order_by(Seal.id.desc()).limit(1)) or GENESIS


def digest_of(previous: str, events: Iterable[Any]) -> str:
    """Return the SHA-256 of the previous digest and the events in id order, each in canonical JSON."""
    chain = hashlib.sha256(previous.encode())
    for event in events:
        chain.update(_canonical(event))
    return chain.hexdigest()


def broken_seals(session: Session) -> Iterator[int]:
    """Yield the ids of seals whose digest no longer follows from their events and predecessor, page by page."""
    previous = GENESIS
    for page in _chain(session):
        chains = {}
        for seal_id, previous_digest, digest in page:
            chains[seal_id] = _Link(previous_digest == previous, digest, hashlib.sha256(previous.encode()))
            previous = digest
        for seal_id, event in _canonical_events(session, page[0].id, page[-1].id):
            chains[seal_id].hash.update(event)
        for seal_id, link in chains.items():
            if not link.is_joined or (link.hash.hexdigest() != link.digest and not _follows(session, seal_id)):
                yield seal_id


def _follows(session: Session, seal_id: int) -> bool:
    """Return whether the digest of a seal follows from its events, each read and written again."""
    seal = session.execute(select(Seal.previous_digest, Seal.digest).where(Seal.id == seal_id)).one()
    return bool(digest_of(seal.previous_digest, _events_of_seals(session, seal_id, seal_id)) == seal.digest)


class _Link(NamedTuple):
    """A seal while it is checked: whether it names its predecessor, its digest, and that of its events."""

    is_joined: bool
    digest: str
    hash: Any


def _events_of_seals(
    session: Session, first_id: int, last_id: int, instead: Mapping[str, ColumnElement[Any]] | None = None
) -> Iterable[Any]:
    """Return the events of consecutive seals in one statement, by seal and id. instead: columns read in another way."""
    sealed, log = table_of(SealedEvent).c, table_of(RecordedEvent)
    read = {**log.c, **(instead or {})}
    statement = (
        select(sealed.seal_id, *(read[column.key] for column in _SEALED_COLUMNS))
        .join(log, log.c.id == sealed.event_id)
        .where(sealed.seal_id.between(first_id, last_id))
        .order_by(sealed.seal_id, sealed.event_id)
    )
    return session.connection().execution_options(yield_per=EVENTS_AT_ONCE).execute(statement)


def _canonical_events(session: Session, first_id: int, last_id: int) -> Iterator[tuple[int, bytes]]:
    """Yield the events of consecutive seals in canonical JSON, with their seals, by seal and id."""
    if session.get_bind().dialect.name != "sqlite":
        yield from ((event.seal_id, _canonical(event)) for event in _events_of_seals(session, first_id, last_id))
        return
    log = table_of(RecordedEvent).c
    as_text = {column.key: type_coerce(column, String) for column in (log.at, log.facts)}
    for seal_id, *event in _events_of_seals(session, first_id, last_id, as_text):
        yield seal_id, _canonical_of_texts(_Event(*event))


def _chain(session: Session) -> Iterator[Sequence[Any]]:
    """Yield the seals in pages that are not empty."""
    last_id = 0
    while True:
        statement = select(Seal.id, Seal.previous_digest, Seal.digest).where(Seal.id > last_id)
        page = session.execute(statement.order_by(Seal.id).limit(SEALS_AT_ONCE)).all()
        if not page:
            return
        yield page
        last_id = page[-1].id


def _canonical(event: Any) -> bytes:
    at = event.at if event.at.tzinfo is UTC else event.at.astimezone(UTC)
    fields = [
        event.id,
        at.isoformat(timespec="microseconds"),
        event.actor_user_id,
        event.actor_job,
        event.type,
        event.facts,
    ]
    return _encode(fields).encode()


class _Event(NamedTuple):
    """An event while it is checked; at and facts: values, or as SQLite stores them."""

    id: int
    at: Any
    actor_user_id: int | None
    actor_job: str | None
    type: str
    facts: Any


def _canonical_of_texts(event: _Event) -> bytes:
    """Return the canonical JSON of an event from its stored texts, at a third of the cost of their values.

    Only where both say the same: in such facts a separator is nothing else. Should it differ all the same (a name that
    is there twice), so does the digest, and the seal is compared with the values of its events.
    """
    at = event.at
    if len(at) != _LENGTH_OF_INSTANT or at[10] != " " or _PLAIN_FACTS(event.facts) is None:
        instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return _canonical(event._replace(at=instant, facts=json.loads(event.facts)))
    actor_and_type = _actor_and_type(event.actor_user_id, event.actor_job, event.type)
    facts = ",".join(sorted(event.facts[1:-1].split(", "))).replace(": ", ":")  # letters sort behind quotation marks
    return f'[{event.id},"{at[:10]}T{at[11:]}+00:00",{actor_and_type},{{{facts}}}]'.encode()


@lru_cache(maxsize=4_096)  # events have the same few
def _actor_and_type(user_id: int | None, job: str | None, event_type: str) -> str:
    return _encode([user_id, job, event_type])[1:-1]
