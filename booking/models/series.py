"""Series: a rule by which one member reserves one machine again and again; and the reservations that follow from it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, NameList, UtcDateTime


class Series(Base):
    """A repeated reservation; its dates are reservations of their own.

    machine_id: of a series on a group, the machine that most of its dates got.
    rrule: as `RecurrenceRule.to_rrule` writes it, UNTIL as a day. wall_start: the first start by the clock of the zone,
    "2026-12-04T08:00"; length_min: by the clock too. passage: see SeriesTimes. first_starts_at: the instant of the
    first start by the rule. revision grows with each change. calendar_base: what the SEQUENCE of its calendar entry
    counts beside revision and the revisions of its dates, so that it never falls when a date leaves the series.
    """

    __tablename__ = "booking_series"
    __table_args__ = (
        CheckConstraint("length_min > 0", name="length_positive"),
        CheckConstraint("places > 0", name="places_positive"),
        CheckConstraint("length(wall_start) = 16", name="wall_start"),
        CheckConstraint("passage IN (0, 1)", name="passage"),
        Index(None, "member_id", "first_starts_at"),
        Index(None, "machine_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    rrule: Mapped[str]
    zone: Mapped[str]
    wall_start: Mapped[str]
    length_min: Mapped[int]
    passage: Mapped[int | None]
    places: Mapped[int] = mapped_column(default=1)
    purpose: Mapped[str] = mapped_column(default="")
    first_starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=0)
    may_move_min: Mapped[int] = mapped_column(default=0, server_default="0")  # of dates that are put back
    second_person: Mapped[str] = mapped_column(default="", server_default="")  # of dates that are put back
    second_user_id: Mapped[int | None]  # user id
    choices: Mapped[tuple[str, ...]] = mapped_column(NameList, default=(), server_default="")  # variants of the tariff
    calendar_base: Mapped[int] = mapped_column(default=0, server_default="0")


class SeriesDate(Base):
    """Which reservation is the date of a series on a day, by the rule; wherever the reservation was moved since.

    A date is reserved once. A day of the rule without a row was skipped; one that was put back has its new reservation.
    """

    __tablename__ = "booking_occurrence"

    series_id: Mapped[int] = mapped_column(ForeignKey("booking_series.id"), primary_key=True)
    occurs_on: Mapped[date] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), unique=True)


class FormerDate(Base):
    """A reservation that ended without use and whose day of a series has another one since: no feed shows it."""

    __tablename__ = "booking_former_occurrence"

    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), primary_key=True)


class FollowingSeries(Base):
    """Which series took over the later dates of which (follows_id), when these were changed."""

    __tablename__ = "booking_following_series"

    series_id: Mapped[int] = mapped_column(ForeignKey("booking_series.id"), primary_key=True)
    follows_id: Mapped[int] = mapped_column(ForeignKey("booking_series.id"), index=True)


class GroupSeries(Base):
    """A series on a group: each date has the best of its machines that was free. Without a row: on one machine."""

    __tablename__ = "booking_group_series"

    series_id: Mapped[int] = mapped_column(ForeignKey("booking_series.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("booking_machine_group.id"), index=True)
