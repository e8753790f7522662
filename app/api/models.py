"""Answers kept for repeated requests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


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
