"""The tables of runs: what a treasurer confirmed to issue, member by member, so that exactly that is issued."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class DocumentRun(Base):
    """A preview that was confirmed. seen: its digest. first_day: of statements; None for invoices."""

    __tablename__ = "billing_document_run"
    __table_args__ = (CheckConstraint("kind IN ('invoice', 'statement')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    seen: Mapped[str] = mapped_column(unique=True)
    first_day: Mapped[date | None]
    last_day: Mapped[date]
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[int | None]  # user id


class DocumentRunMember(Base):
    """A member of a run. seen: the digest of what was confirmed of this member.

    documents: how many were issued; None while it is to come, 0 where what is owed has changed since.
    """

    __tablename__ = "billing_document_run_member"

    run_id: Mapped[int] = mapped_column(ForeignKey("billing_document_run.id"), primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True, autoincrement=False)
    seen: Mapped[str]
    documents: Mapped[int | None]
