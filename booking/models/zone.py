"""What the clocks of the time zones showed when the program last looked, and changes of them over reservations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

_IS_OPEN = text("settled_at IS NULL")


class ZoneRules(Base):
    """The rules of a zone in use as they were noted last: the file of the time zone database, and its version."""

    __tablename__ = "booking_zone_rules"

    zone: Mapped[str] = mapped_column(primary_key=True)
    rules: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[str]
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ZoneChange(Base):
    """The clock of a workshop shows other times than when reservations were made.

    Its zone has new rules, or is another. former_zone, former_rules, former_version: by which they were made.
    settled_at: when a manager had its series keep their times of the clock; moved, stayed: how many dates could, and
    could not. A workshop has one open change at most; what was changed again meanwhile: ZoneClock.
    """

    __tablename__ = "booking_zone_change"
    __table_args__ = (
        Index(
            "ix_booking_zone_change_open",
            "workshop_id",
            unique=True,
            sqlite_where=_IS_OPEN,
            postgresql_where=_IS_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id", ondelete="CASCADE"))
    zone: Mapped[str]
    version: Mapped[str]
    former_zone: Mapped[str]
    former_rules: Mapped[bytes] = mapped_column(LargeBinary)
    former_version: Mapped[str]
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[int | None]  # user id
    moved: Mapped[int] = mapped_column(default=0)
    stayed: Mapped[int] = mapped_column(default=0)


class ZoneClock(Base):
    """A clock of a workshop while a change was open: by it was made what was created until then.

    Without a row: all by the former clock of the change. Of several the first that is not over counts.
    """

    __tablename__ = "booking_zone_clock"

    zone_change_id: Mapped[int] = mapped_column(
        ForeignKey("booking_zone_change.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    zone: Mapped[str]
    rules: Mapped[bytes] = mapped_column(LargeBinary)
