"""Idempotency keys: the same request with the same key has one effect and one answer.

The key is claimed first and the answer written beside the effect, in one transaction: of two that arrive at
once the second waits for the first and is given its answer. A refusal of the trade (taken, against the rules)
is an answer too and is kept, in a transaction of its own because nothing else of a refused request may stay.
What is no answer to the request itself is not kept: a malformed request, a missing right, a busy ring.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import json, request
from flask_login import current_user
from pydantic import BaseModel
from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.api import problems
from app.api.problems import Refusal, Reply
from app.clock import now
from app.extensions import db
from booking.kernel.claims import insert_if_absent
from booking.kernel.errors import DomainError, Unavailable
from booking.kernel.orm import Base, UtcDateTime
from booking.kernel.transaction import in_write_transaction

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEY_PATTERN = r"^[!-~]{1,200}$"  # visible ASCII
UNANSWERED = 0

UseCase = Callable[[], Reply]
Offers = Callable[[DomainError], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks what under which key."""

    user_id: int
    key: str
    request_hash: str


def answer_once(body: BaseModel | None, use_case: UseCase, offers: Offers | None = None) -> Reply:
    """Run a use case in one write transaction and answer; under an Idempotency-Key at most once.

    offers: the alternatives to a refusal, looked up after the transaction ended.
    """
    session, claim = db.session(), _claim(body)
    run = use_case if claim is None else lambda: _first_or_kept(session, claim, use_case)
    try:
        return in_write_transaction(session, run)
    except (Unavailable, KeyReused):
        raise
    except DomainError as refusal:
        answer = problems.of_refusal(refusal, offers(refusal) if offers else ())
        if claim is None:
            return answer
        return in_write_transaction(session, lambda: _first_or_kept(session, claim, lambda: answer))


def _claim(body: BaseModel | None) -> Claim | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not re.match(KEY_PATTERN, key):
        raise Refusal(problems.invalid(problems.fault(HEADER, "1 to 200 visible ASCII characters")))
    # The content as understood, not as spelt: another order of the names is the same request.
    content = body.model_dump_json() if body is not None else ""
    digest = hashlib.sha256("\n".join((request.method, request.path, content)).encode()).hexdigest()
    return Claim(current_user.id, key, digest)


def _first_or_kept(session: Session, claim: Claim, use_case: UseCase) -> Reply:
    if not _is_first(session, claim):
        return _kept(session, claim)
    answer = use_case()
    session.execute(
        update(KeptAnswer)
        .where(KeptAnswer.user_id == claim.user_id, KeptAnswer.key == claim.key)
        .values(
            status=answer.status,
            body=answer.body,
            headers=json.dumps({"Content-Type": answer.media_type, **answer.headers}),
        )
        .execution_options(synchronize_session=False)
    )
    return answer


def _is_first(session: Session, claim: Claim) -> bool:
    """Claim the key. On PostgreSQL this waits for another transaction that claimed it and has not ended."""
    return insert_if_absent(
        session,
        KeptAnswer,
        user_id=claim.user_id,
        key=claim.key,
        request_hash=claim.request_hash,
        status=UNANSWERED,
        body="",
        answered_at=now(),
    )


def _kept(session: Session, claim: Claim) -> Reply:
    kept = session.execute(
        select(KeptAnswer.request_hash, KeptAnswer.status, KeptAnswer.body, KeptAnswer.headers).where(
            KeptAnswer.user_id == claim.user_id, KeptAnswer.key == claim.key
        )
    ).one()
    if kept.request_hash != claim.request_hash:
        raise KeyReused(key=claim.key)
    headers = json.loads(kept.headers)
    media_type = headers.pop("Content-Type")
    return Reply(kept.status, kept.body, media_type, {**headers, REPLAYED: "true"})


class KeptAnswer(Base):
    """The first answer to an Idempotency-Key, written in the transaction of the use case."""

    __tablename__ = "api_kept_answer"

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]  # SHA-256 of method, path and body
    status: Mapped[int]
    body: Mapped[str]
    headers: Mapped[str] = mapped_column(default="{}")
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class KeyReused(DomainError):
    """The Idempotency-Key was sent before with other content. facts: key."""

    code = "idempotency_key_reused"
