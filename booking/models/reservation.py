"""Reservations, closures, and the occupancies through which both take time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class Status(StrEnum):
    """What has become of a reservation."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    IN_USE = "in_use"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


HOLDING = (Status.REQUESTED, Status.CONFIRMED, Status.IN_USE)
ENDED_WITHOUT_USE = (Status.REJECTED, Status.CANCELLED, Status.EXPIRED, Status.NO_SHOW)

_STATUS_LIST = ", ".join(f"'{status}'" for status in Status)


class Reservation(Base):
    """A hold on a machine for a span, by a member. Never deleted: it is history when it ends.

    starts_at and ends_at are working time; occupied_from and occupied_until include set-up and cleaning.
    revision grows with every change (the feed's SEQUENCE, the API's ETag).
    """

    __tablename__ = "booking_reservation"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="span_positive"),
        CheckConstraint("occupied_from <= starts_at AND ends_at <= occupied_until", name="occupied_contains"),
        CheckConstraint("places > 0", name="places_positive"),
        CheckConstraint(f"status IN ({_STATUS_LIST})", name="status"),
        CheckConstraint("(status = 'requested') <= (decide_until IS NOT NULL)", name="request_ends"),
        Index(None, "machine_id", "starts_at"),
        Index(None, "member_id", "starts_at"),
        # What a member has before it.
        Index("ix_booking_reservation_member_status", "member_id", "status", "ends_at", "starts_at"),
        Index("ix_booking_reservation_member_changes", "member_id", "changed_at"),  # what is new in a member's feed
        Index(None, "starts_at", "id"),
        Index(None, "status", "decide_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_from: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_until: Mapped[datetime] = mapped_column(UtcDateTime)
    places: Mapped[int] = mapped_column(default=1)
    purpose: Mapped[str] = mapped_column(default="")
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when this span was asked for: at request or move
    decide_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None]  # user id
    reason: Mapped[str] = mapped_column(default="")  # of the manager who declined, or of who cancelled
    is_late_cancel: Mapped[bool] = mapped_column(default=False)


class Blocking(Base):
    """A closure: the machine is not to be had, for maintenance, repair or a holiday of the place."""

    __tablename__ = "booking_blocking"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="span_positive"),
        Index(None, "machine_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the last other span or reason
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=0)


class Occupancy(Base):
    """One unit is taken for one span, because of exactly one thing.

    A row exists only while it holds; releasing deletes it. The guard in the database
    (the migration overlap_guard) refuses a second row for an overlapping span of the unit.
    """

    __tablename__ = "booking_occupancy"
    __table_args__ = (
        CheckConstraint("occupied_from < occupied_until", name="span_positive"),
        CheckConstraint("(reservation_id IS NULL) <> (blocking_id IS NULL)", name="one_cause"),
        Index(None, "unit_id", "occupied_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("booking_unit.id"))
    occupied_from: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_until: Mapped[datetime] = mapped_column(UtcDateTime)
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"), index=True)
    blocking_id: Mapped[int | None] = mapped_column(ForeignKey("booking_blocking.id"), index=True)
