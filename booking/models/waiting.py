"""The waiting list: what members wish to have as soon as it becomes free."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, NameList, UtcDateTime


class DayPart(StrEnum):
    """The part of the day, by the clock of the workshop, in which a reservation has to lie."""

    ANY = "any"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class WaitingEntry(Base):
    """A wish for a machine, or any machine of a group, that waits until it can be fulfilled.

    length_min: any span of this length from window_from to window_until and in the part of the day will do; None:
    exactly the window. An entry waits until its window is over, unless it ended before (left_at: its member left, or
    was served). Its order is its id. offer_id: the open offer; an entry has one at most. is_automatic: what is offered
    is accepted at once, without asking; second_person, second_user_id: who is there as well then, "" for nobody named.
    """

    __tablename__ = "booking_waiting_entry"
    __table_args__ = (
        CheckConstraint("(machine_id IS NULL) <> (group_id IS NULL)", name="one_target"),
        CheckConstraint("window_from < window_until", name="window_positive"),
        CheckConstraint("length_min > 0", name="length_positive"),
        CheckConstraint("part IN ('any', 'morning', 'afternoon', 'evening')", name="part"),
        CheckConstraint("length_min IS NOT NULL OR part = 'any'", name="part_of_pattern"),
        CheckConstraint("places > 0", name="places_positive"),
        Index(None, "machine_id", "window_until"),
        Index(None, "group_id", "window_until"),
        Index(None, "member_id", "window_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine_group.id"))
    window_from: Mapped[datetime] = mapped_column(UtcDateTime)
    window_until: Mapped[datetime] = mapped_column(UtcDateTime)
    length_min: Mapped[int | None]
    part: Mapped[str] = mapped_column(default=DayPart.ANY.value)
    places: Mapped[int] = mapped_column(default=1)
    purpose: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id
    is_automatic: Mapped[bool] = mapped_column(default=False)
    second_person: Mapped[str] = mapped_column(default="", server_default="")
    second_user_id: Mapped[int | None]  # user id
    choices: Mapped[tuple[str, ...]] = mapped_column(NameList, default=(), server_default="")  # variants of the tariff
    offer_id: Mapped[int | None]
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=0)
