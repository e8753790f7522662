"""Closures that repeat: which closures were entered together, by which rule."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class ClosureSeries(Base):
    """A rule by which a machine is closed again and again. Each of its dates is a closure of its own.

    rrule: as `RecurrenceRule.to_rrule` writes it, UNTIL as a day.
    """

    __tablename__ = "booking_closure_series"

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id", ondelete="CASCADE"), index=True)
    rrule: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id


class ClosureDate(Base):
    """The closure for one day of the rule."""

    __tablename__ = "booking_closure_date"

    series_id: Mapped[int] = mapped_column(
        ForeignKey("booking_closure_series.id", ondelete="CASCADE"), primary_key=True
    )
    occurs_on: Mapped[date] = mapped_column(primary_key=True)
    blocking_id: Mapped[int] = mapped_column(ForeignKey("booking_blocking.id", ondelete="CASCADE"), unique=True)
