"""Idempotency keys: the same request with the same key has one effect and one reply.

The key is claimed first and the reply stored beside the effect, in one transaction: of two requests that arrive at
once, the second waits for the first and gets its reply. A DomainError (taken, against the rules) is a reply too. It is
stored in a separate transaction, because nothing else of a refused request may be stored. Not stored are replies to a
malformed request, a missing right, a busy database or too many open tasks.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import json, request
from flask_babel import gettext as _
from flask_login import current_user
from pydantic import BaseModel
from sqlalchemy import ForeignKey, bindparam, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.api import problems
from app.api.problems import Refusal, Reply
from app.background.queue import TooManyTasks
from app.clock import now
from app.extensions import db
from app.present import present_request
from booking.kernel.claims import insert_if_absent
from booking.kernel.errors import DomainError, Unavailable
from booking.kernel.orm import Base, UtcDateTime, table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.transaction import in_write_transaction

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEY_PATTERN = r"^[!-~]{1,200}$"  # visible ASCII
STATUS_PENDING = 0
PLAIN_LENGTH_MAX, PACKED = 16 * 1024, "zlib:"  # a reply is JSON and never begins so

UseCase = Callable[[], Reply]
SuggestAlternatives = Callable[[DomainError], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Claim:
    """The key of a request, its login and the hash of its content."""

    user_id: int
    key: str
    request_hash: str


def run_idempotent(body: BaseModel | None, use_case: UseCase, suggest: SuggestAlternatives | None = None) -> Reply:
    """Run a use case in one write transaction and return its reply; under an Idempotency-Key at most once.

    suggest: finds the alternatives to a refusal, after the transaction has ended.
    """
    session, claim = db.session(), _claim(body)
    run = use_case if claim is None else lambda: _run_or_replay(session, claim, use_case)
    try:
        return in_write_transaction(session, run)
    except (Unavailable, KeyReused, TooManyTasks):
        raise
    except DomainError as refusal:
        reply = problems.of_refusal(refusal, suggest(refusal) if suggest else ())
        if claim is None:
            return reply
        return in_write_transaction(session, lambda: _run_or_replay(session, claim, lambda: reply))


def sent_key() -> str | None:
    """Return the key that was sent. Raises Refusal for one that cannot be a key, also where nothing is done with it."""
    key = present_request().headers.get(HEADER)
    if key is not None and not re.match(KEY_PATTERN, key):
        raise Refusal(problems.invalid(problems.field_error(HEADER, _("1 to 200 visible ASCII characters"))))
    return key


def _claim(body: BaseModel | None) -> Claim | None:
    key = sent_key()
    if key is None:
        return None
    # Hash the parsed content, not its bytes: another order of the names is the same request.
    content = body.model_dump_json() if body is not None else ""
    digest = hashlib.sha256("\n".join((request.method, request.path, content)).encode()).hexdigest()
    return Claim(current_user.id, key, digest)


def _run_or_replay(session: Session, claim: Claim, use_case: UseCase) -> Reply:
    if not _is_first(session, claim):
        return _replay(session, claim)
    reply = use_case()
    stored = {
        "of_user": claim.user_id,
        "of_key": claim.key,
        "new_status": reply.status,
        "new_body": _packed(reply.body),
        "new_headers": json.dumps({"Content-Type": reply.media_type, **reply.headers}),
    }
    _STORE_REPLY.run(session.connection(), stored)
    return reply


def _is_first(session: Session, claim: Claim) -> bool:
    """Claim the key. On PostgreSQL this waits for another transaction that claimed it and has not ended."""
    return insert_if_absent(
        session,
        IdempotencyRecord,
        user_id=claim.user_id,
        key=claim.key,
        request_hash=claim.request_hash,
        status=STATUS_PENDING,
        body="",
        answered_at=now(),
    )


def _replay(session: Session, claim: Claim) -> Reply:
    record = session.execute(
        select(*REPLY_COLUMNS).where(IdempotencyRecord.user_id == claim.user_id, IdempotencyRecord.key == claim.key)
    ).one()
    if record.request_hash != claim.request_hash:
        raise KeyReused(key=claim.key)
    headers = json.loads(record.headers)
    media_type = headers.pop("Content-Type")
    return Reply(record.status, _unpacked(record.body), media_type, {**headers, REPLAYED: "true"})


def _packed(body: str) -> str:
    """Return a reply as it is stored: a long one, such as an allocation of thousands of lines, is compressed."""
    return body if len(body) <= PLAIN_LENGTH_MAX else PACKED + b64encode(zlib.compress(body.encode())).decode()


def _unpacked(stored: str) -> str:
    return stored if not stored.startswith(PACKED) else zlib.decompress(b64decode(stored[len(PACKED) :])).decode()


def delete_beyond(session: Session, records_max: int) -> None:
    """Delete the oldest records of every login that has more than records_max. Call inside write_transaction()."""
    having_more = select(IdempotencyRecord.user_id).group_by(IdempotencyRecord.user_id)
    for user_id in session.scalars(having_more.having(func.count() > records_max)).all():
        own = IdempotencyRecord.user_id == user_id
        newest = select(IdempotencyRecord.answered_at).where(own).order_by(IdempotencyRecord.answered_at.desc())
        last_kept = session.scalar(newest.offset(records_max - 1).limit(1))
        session.execute(delete(IdempotencyRecord).where(own, IdempotencyRecord.answered_at < last_kept))


class IdempotencyRecord(Base):
    """The first reply to an Idempotency-Key, written in the transaction of the use case."""

    __tablename__ = "api_idempotency_record"

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]  # SHA-256 of method, path and body
    status: Mapped[int]
    body: Mapped[str]
    headers: Mapped[str] = mapped_column(default="{}")
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


REPLY_COLUMNS = (
    IdempotencyRecord.request_hash,
    IdempotencyRecord.status,
    IdempotencyRecord.body,
    IdempotencyRecord.headers,
)


_records = table_of(IdempotencyRecord)
_STORE_REPLY = PreparedStatement(
    update(_records)
    .where(_records.c.user_id == bindparam("of_user"), _records.c.key == bindparam("of_key"))
    .values(status=bindparam("new_status"), body=bindparam("new_body"), headers=bindparam("new_headers"))
)


class KeyReused(DomainError):
    """The Idempotency-Key was sent before with other content. facts: key."""

    code = "idempotency_key_reused"
