"""Holds and occupancies: what takes places of machines, and for which spans."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class HoldKind(StrEnum):
    """What a hold belongs to."""

    RESERVATION = "reservation"
    CLOSURE = "closure"
    OFFER = "offer"


class Hold(Base):
    """The one cause of occupancies: a reservation, a closure or an offer, whose row has the id of its hold.

    A table whose rows take places refers to (id, kind) by a foreign key, with a constant kind of its own: so the
    database refuses a row on a hold of another kind, and a new kind needs no change here. Never deleted.
    """

    __tablename__ = "booking_hold"
    __table_args__ = (UniqueConstraint("id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Occupancy(Base):
    """One place is taken for one span, because of exactly one hold.

    A row exists only while it holds; releasing deletes it. The guard in the database refuses a second row for an
    overlapping span of the place.
    """

    __tablename__ = "booking_occupancy"
    __table_args__ = (
        CheckConstraint("occupied_from < occupied_until", name="span_positive"),
        Index(None, "unit_id", "occupied_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("booking_unit.id"))
    occupied_from: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_until: Mapped[datetime] = mapped_column(UtcDateTime)
    hold_id: Mapped[int] = mapped_column(ForeignKey("booking_hold.id"), index=True)
