"""The events of induction courses and of wishes for an induction. What a course holds is told by its closures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from booking.events.reservation_events import to_timestamp
from booking.kernel.events import Event


class CourseRecord(Protocol):
    """What an event needs of a course."""

    @property
    def id(self) -> int: ...

    @property
    def kind_id(self) -> int: ...

    @property
    def workshop_id(self) -> int: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseEvent(Event):
    """Something happened to a course. starts_at and ends_at: its span afterwards, in seconds since 1970."""

    course_id: int
    kind_id: int
    workshop_id: int
    starts_at: int
    ends_at: int

    @classmethod
    def of(cls, course: CourseRecord, **details: Any) -> Self:
        """Build the event from a course as it is now; details: the fields that only this kind of event has."""
        return cls(
            course_id=course.id,
            kind_id=course.kind_id,
            workshop_id=course.workshop_id,
            starts_at=to_timestamp(course.starts_at),
            ends_at=to_timestamp(course.ends_at),
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePlanned(CourseEvent):
    """A course was planned."""

    type: ClassVar[str] = "course_planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseChanged(CourseEvent):
    """A course was changed. is_moved: its time or place, of which everybody who signed up is told."""

    old_starts_at: int
    old_ends_at: int
    is_moved: bool
    is_other_trainer: bool = False
    former_trainer_member_id: int | None = None
    former_trainer_user_id: int | None = None
    type: ClassVar[str] = "course_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseCancelled(CourseEvent):
    """A course was cancelled; everybody who signed up is told."""

    type: ClassVar[str] = "course_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseTrainerLost(CourseEvent):
    """The trainer of a course may not hold it any more: the induction or the membership ends before."""

    member_id: int
    type: ClassVar[str] = "course_trainer_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseOffered(CourseEvent):
    """A course was planned for which a member had asked."""

    member_id: int
    type: ClassVar[str] = "course_offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSignupEvent(CourseEvent):
    """Something happened to a person of a member who signed up for a course."""

    member_id: int
    signup_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseJoined(CourseSignupEvent):
    """A person signed up for a course. is_waiting: for the next seat that is given back."""

    is_waiting: bool
    type: ClassVar[str] = "course_joined"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLeft(CourseSignupEvent):
    """A person signed off from a course."""

    type: ClassVar[str] = "course_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSeatGiven(CourseSignupEvent):
    """A person who waited got a seat of a course."""

    type: ClassVar[str] = "course_seat_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseAttendanceEntered(CourseSignupEvent):
    """A trainer entered whether a person was at a course; induction_id: what was given for it."""

    was_present: bool
    induction_id: int | None
    type: ClassVar[str] = "course_attendance_entered"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionWishEvent(Event):
    """Something happened to the wish of a member for an induction."""

    wish_id: int
    member_id: int
    kind_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionAsked(InductionWishEvent):
    """A member asked for an induction."""

    type: ClassVar[str] = "induction_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionWishWithdrawn(InductionWishEvent):
    """A member no longer asks for an induction."""

    type: ClassVar[str] = "induction_wish_withdrawn"
