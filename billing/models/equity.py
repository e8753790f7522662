"""Tables of equity: what members have really paid in, and what became of it when they left. Append-only."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class EquityMove(Base):
    """A change of a member's equity, in cents. Append-only: a correction is its mirror (reverses_id, note: why).

    kind: paid_in (the member paid it in by that day), leaving (the membership ended: from then on it is owed to who
    left), set_off (against what the member owes). held_cents, left_cents: after it, what a member has paid in and what
    is owed to who left. The database refuses others than the move before and the cents make, and any below zero; and
    moves of kinds other than paid_in while the membership is not over. number: 1, 2, 3 ... of the member. form_key:
    idempotency key of the caller.
    """

    __tablename__ = "billing_equity_move"
    __table_args__ = (
        CheckConstraint("kind IN ('paid_in', 'leaving', 'set_off')", name="kind"),
        CheckConstraint("cents <> 0 AND (cents < 0) = (reverses_id IS NOT NULL)", name="cents"),
        CheckConstraint("held_cents >= 0 AND left_cents >= 0", name="not_negative"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_billing_equity_move_member_id", "member_id", "number", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    number: Mapped[int]
    kind: Mapped[str]
    day: Mapped[date]
    cents: Mapped[int] = mapped_column(BigInteger)
    held_cents: Mapped[int] = mapped_column(BigInteger)
    left_cents: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("billing_equity_move.id"), unique=True)
    form_key: Mapped[str | None] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None]  # user id


class EquityStatement(Base):
    """The numbered statement that tells who left what was set off, or that this was taken back."""

    __tablename__ = "billing_equity_statement"

    move_id: Mapped[int] = mapped_column(ForeignKey("billing_equity_move.id"), primary_key=True, autoincrement=False)
    document_id: Mapped[int] = mapped_column(ForeignKey("billing_document.id"), unique=True)
