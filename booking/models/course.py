"""Induction courses: their seats, who signed up; and who asked for an induction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

SEATS_MAX = 200


class Course(Base):
    """An induction for several people at once, for one kind of induction, with a trainer.

    trainer_name, trainer_user_id: the person of the trainer's member, as in Induction. place: where, as text; "" at the
    workshop. held_at: when the attendance was first entered. changed_at: its last change, for calendars.
    trainer_lost_at: when it was found that the trainer may not hold it on that day.
    """

    __tablename__ = "booking_course"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="span_positive"),
        CheckConstraint(f"seats BETWEEN 1 AND {SEATS_MAX}", name="seats"),
        CheckConstraint("cancelled_at IS NULL OR held_at IS NULL", name="cancelled_or_held"),
        Index(None, "ends_at"),
        Index(None, "kind_id", "ends_at"),
        Index(None, "workshop_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("booking_induction_kind.id"))
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(default="")
    seats: Mapped[int]
    price_note: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    trainer_member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), index=True)
    trainer_name: Mapped[str] = mapped_column(default="")
    trainer_user_id: Mapped[int | None]  # user id
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_reason: Mapped[str] = mapped_column(default="")
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trainer_lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=0)


class CourseMachine(Base):
    """A machine that is there for a course, by a closure of its own that only the course changes and lifts."""

    __tablename__ = "booking_course_machine"

    course_id: Mapped[int] = mapped_column(ForeignKey("booking_course.id"), primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"), primary_key=True)
    blocking_id: Mapped[int] = mapped_column(ForeignKey("booking_blocking.id"), unique=True)


class CourseSeat(Base):
    """One seat of a course. There are as many rows as seats, so the database refuses one participant more."""

    __tablename__ = "booking_course_seat"
    __table_args__ = (CheckConstraint(f"number BETWEEN 1 AND {SEATS_MAX}", name="number"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("booking_course.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


class CourseSignup(Base):
    """A person of a member who signed up for a course: on a seat, or waiting for one (seat is None).

    Who waits longest (lowest id) gets the next free seat. person_key: the name as it is compared; "" for the member
    itself. was_present: None until the trainer enters it. induction_id: what the person was given for it.
    """

    __tablename__ = "booking_course_signup"
    __table_args__ = (
        ForeignKeyConstraint(
            ["course_id", "seat"],
            ["booking_course_seat.course_id", "booking_course_seat.number"],
            name="fk_booking_course_signup_seat",
        ),
        UniqueConstraint("course_id", "seat", name="uq_booking_course_signup_seat"),
        UniqueConstraint("induction_id", name="uq_booking_course_signup_induction"),
        CheckConstraint("left_at IS NULL OR seat IS NULL", name="left_no_seat"),
        CheckConstraint("induction_id IS NULL OR was_present", name="present"),
        Index(
            "uq_booking_course_signup_person",
            "course_id",
            "member_id",
            "person_key",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        Index(None, "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("booking_course.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    person_name: Mapped[str] = mapped_column(default="")
    person_key: Mapped[str] = mapped_column(default="")
    person_user_id: Mapped[int | None]  # user id
    seat: Mapped[int | None]
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    joined_by: Mapped[int | None]  # user id
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    was_present: Mapped[bool | None]
    induction_id: Mapped[int | None] = mapped_column(ForeignKey("booking_induction.id"))


class InductionWish(Base):
    """A member asked for an induction of a kind. closed_at: it was given since, or the member took it back."""

    __tablename__ = "booking_induction_wish"
    __table_args__ = (
        Index(
            "uq_booking_induction_wish_open",
            "member_id",
            "kind_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(None, "kind_id", "closed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    kind_id: Mapped[int] = mapped_column(ForeignKey("booking_induction_kind.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[int | None]  # user id
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
