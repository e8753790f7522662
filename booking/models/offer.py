"""Offers: time that became free, held for who waits for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class OfferStatus(StrEnum):
    """Where an offer stands. WITHDRAWN: the member left the waiting list, or the machine was closed."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Offer(Base):
    """A span of a machine that is held for an entry of the waiting list until lapses_at. It has the id of its hold.

    starts_at and ends_at: the working time. An accepted one handed its places over to its reservation. is_asked: its
    member is asked though its entry is automatic, because its machine lacks a variant that was chosen.
    """

    __tablename__ = "booking_offer"
    __table_args__ = (
        ForeignKeyConstraint(["id", "hold_kind"], ["booking_hold.id", "booking_hold.kind"]),
        CheckConstraint("hold_kind = 'offer'", name="hold_kind"),
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(state = 'accepted') = (reservation_id IS NOT NULL)", name="accepted"),
        CheckConstraint("starts_at < ends_at", name="span_positive"),
        Index(None, "state", "lapses_at"),
        Index(None, "entry_id"),
        Index(None, "machine_id", "state"),
        Index(None, "member_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hold_kind: Mapped[str] = mapped_column(server_default="offer")
    entry_id: Mapped[int] = mapped_column(ForeignKey("booking_waiting_entry.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_from: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_until: Mapped[datetime] = mapped_column(UtcDateTime)
    places: Mapped[int]
    state: Mapped[str] = mapped_column(default=OfferStatus.OPEN.value)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"))
    is_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=0)
