"""The ring itself, its workshops and their opening hours."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, true
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base
from booking.models.address import HasAddress
from booking.times.wall_clock import USUAL_ZONE


class Ring(HasAddress, Base):
    """The co-operative: exactly one row, made by the set-up."""

    __tablename__ = "booking_ring"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("objection_days BETWEEN 0 AND 365", name="objection_days"),
        CheckConstraint("wall_names IN ('names', 'initials', 'none')", name="wall_names"),
        CheckConstraint("exchange_hours BETWEEN 1 AND 336", name="exchange_hours"),
        CheckConstraint("series_dates_managers BETWEEN 200 AND 1000", name="series_dates_managers"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default=USUAL_ZONE)
    holidays_region: Mapped[str] = mapped_column(default="DE-BY")  # ISO 3166-2; "" means no holidays
    colour: Mapped[str] = mapped_column(default="#14532d")
    objection_days: Mapped[int] = mapped_column(default=14)
    is_catalogue_public: Mapped[bool] = mapped_column(default=True)
    requires_second_factor: Mapped[bool] = mapped_column(default=False)  # of treasurers and administrators
    wall_names: Mapped[str] = mapped_column(default="none", server_default="none")  # on screens without a log-in
    are_exchanges_allowed: Mapped[bool] = mapped_column(default=True, server_default=true())
    exchange_hours: Mapped[int] = mapped_column(default=48, server_default="48")  # to answer, if nothing else is chosen
    series_dates_managers: Mapped[int] = mapped_column(default=200, server_default="200")  # of a series, at most
    logo_photo_id: Mapped[int | None] = mapped_column(ForeignKey("booking_photo.id"))
    is_demo: Mapped[bool] = mapped_column(default=False, server_default=false())  # loaded by `ring demo`, never entered
    revision: Mapped[int] = mapped_column(default=0)


class Workshop(HasAddress, Base):
    """A place with machines, opening hours, a time zone and managers."""

    __tablename__ = "booking_workshop"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default=USUAL_ZONE)
    holidays_region: Mapped[str] = mapped_column(default="DE-BY")
    is_closed_on_holidays: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=0)


class OpeningHours(Base):
    """One opening of a workshop on a day of the week, in minutes of the local day (1440 = midnight).

    No row for a weekday: closed that day. Two rows: a break at noon.
    """

    __tablename__ = "booking_opening_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440", name="minutes"),
        Index(None, "workshop_id", "weekday", "opens_minute", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id"))
    weekday: Mapped[int]  # 0 is Monday
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]
