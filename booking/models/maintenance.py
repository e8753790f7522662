"""Maintenance of machines by their meters: the intervals, what was done, and which reminders were sent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

_IS_OPEN = text("ended_at IS NULL")


class Maintenance(Base):
    """Something that is done to a machine after so much use, such as an oil change every 250 engine hours.

    interval_amount and last_reading: in the small unit of charge_unit. last_reading: of the meter when it was done
    last; null for a machine without a meter, whose used amounts count from counted_from on. done_count: the number of
    the base from which it counts; each base has one reminder at most.
    """

    __tablename__ = "booking_maintenance"
    __table_args__ = (
        CheckConstraint("interval_amount > 0", name="interval_positive"),
        CheckConstraint("last_reading IS NULL OR last_reading >= 0", name="reading_not_negative"),
        CheckConstraint("done_count >= 0", name="done_count"),
        Index(
            "ix_booking_maintenance_open",
            "machine_id",
            "name",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    name: Mapped[str]
    interval_amount: Mapped[int]
    charge_unit: Mapped[str]
    last_done_on: Mapped[date]
    last_reading: Mapped[int | None]
    counted_from: Mapped[datetime] = mapped_column(UtcDateTime)
    done_count: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=0)


class MaintenanceDone(Base):
    """One maintenance that was done: its day, the reading of the meter then, and a note. number: from 1."""

    __tablename__ = "booking_maintenance_done"
    __table_args__ = (
        CheckConstraint("reading IS NULL OR reading >= 0", name="reading_not_negative"),
        CheckConstraint("number >= 1", name="number"),
    )

    maintenance_id: Mapped[int] = mapped_column(ForeignKey("booking_maintenance.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    done_on: Mapped[date]
    reading: Mapped[int | None]
    note: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[int | None]  # user id


class MaintenanceReminder(Base):
    """The claim of a reminder: one at most for each interval and base."""

    __tablename__ = "booking_maintenance_reminder"

    maintenance_id: Mapped[int] = mapped_column(
        ForeignKey("booking_maintenance.id", name="fk_booking_maintenance_reminder_interval"), primary_key=True
    )
    done_count: Mapped[int] = mapped_column(primary_key=True)
    reminded_at: Mapped[datetime] = mapped_column(UtcDateTime)
