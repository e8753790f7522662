"""The table of issued statements: what a numbered statement states, as it was when it was issued. Append-only."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base


class IssuedStatement(Base):
    """What a document of the kind "statement" states; inserted before its document, which closes it.

    turn: above 1 where the same days were stated before. lines: how many the period has. made_of:
    pairs of text and cents. rows: its lines as they are printed, the first ones of a long statement.
    """

    __tablename__ = "billing_statement"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("turn >= 1 AND lines >= 0", name="turn"),
        Index("ix_billing_statement_days", "member_id", "first_day", "last_day", "turn", unique=True),
    )

    document_id: Mapped[int] = mapped_column(
        ForeignKey("billing_document.id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    turn: Mapped[int]
    opening_cents: Mapped[int] = mapped_column(BigInteger)
    closing_cents: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]
    made_of: Mapped[list[list[Any]]] = mapped_column(JSON)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
