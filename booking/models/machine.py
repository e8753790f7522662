"""Machines, their places and their pictures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class Machine(Base):
    """Anything reservable, with the rules under which it is lent. Retired, never deleted.

    schedule_version counts every change of the machine's schedule, for feeds.
    """

    __tablename__ = "booking_machine"
    __table_args__ = (
        CheckConstraint("setup_min >= 0 AND cleaning_min >= 0 AND notice_hours >= 0", name="not_negative"),
        CheckConstraint("horizon_days > 0 AND step_min > 0", name="positive"),
        CheckConstraint("0 < shortest_min AND shortest_min <= longest_min AND longest_min <= 527040", name="lengths"),
        CheckConstraint("decision_hours > 0 AND late_cancel_hours >= 0", name="deadlines"),
        Index(None, "workshop_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="")  # the ring's own word: "harvest", "wood", "laser"
    description: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    setup_min: Mapped[int] = mapped_column(default=0)
    cleaning_min: Mapped[int] = mapped_column(default=0)
    notice_hours: Mapped[int] = mapped_column(default=0)
    horizon_days: Mapped[int] = mapped_column(default=365)
    shortest_min: Mapped[int] = mapped_column(default=30)
    longest_min: Mapped[int] = mapped_column(default=14 * 24 * 60)
    step_min: Mapped[int] = mapped_column(default=15)
    is_open_always: Mapped[bool] = mapped_column(default=False)  # bookable round the clock, whatever the workshop
    needs_approval: Mapped[bool] = mapped_column(default=False)
    decision_hours: Mapped[int] = mapped_column(default=48)  # a request holds its span this long
    late_cancel_hours: Mapped[int] = mapped_column(default=24)
    induction_kind_id: Mapped[int | None] = mapped_column(ForeignKey("booking_induction_kind.id"))
    charge_unit: Mapped[str] = mapped_column(default="hour")  # a code of booking/charge_units.py
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("booking_photo.id"))
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    schedule_version: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)


class Unit(Base):
    """A place: the smallest part of a machine that one reservation can hold alone."""

    __tablename__ = "booking_unit"
    __table_args__ = (Index(None, "machine_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    number: Mapped[int]  # 1, 2, 3 ... as painted on the hook
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Photo(Base):
    """A picture, stored small and re-encoded; in the database, so that one backup file holds all."""

    __tablename__ = "booking_photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    content: Mapped[bytes]
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
