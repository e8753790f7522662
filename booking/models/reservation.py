"""Reservations and closures."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    false,
    literal_column,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler

from booking.kernel.orm import Base, NameList, UtcDateTime


class Status(StrEnum):  # the steps between them: lifecycle.py
    """The status of a reservation."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    IN_USE = "in_use"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


MAY_MOVE_MAX_MIN = 7 * 24 * 60

HOLDING = (Status.REQUESTED, Status.CONFIRMED, Status.IN_USE)
ENDED_WITHOUT_USE = (Status.REJECTED, Status.CANCELLED, Status.EXPIRED, Status.NO_SHOW)

_STATUS_LIST = ", ".join(f"'{status}'" for status in Status)
_FORMER = ("former_starts_at", "former_ends_at", "former_occupied_from", "former_occupied_until", "former_places")
# All or none, and in order: with NULL in one of them, the second line is false and not unknown.
_FORMER_COMPLETE = (
    "("
    + " AND ".join(f"{name} IS NULL" for name in _FORMER)
    + ") OR ("
    + " AND ".join(f"{name} IS NOT NULL" for name in _FORMER)
    + " AND former_occupied_from <= former_starts_at AND former_starts_at < former_ends_at"
    " AND former_ends_at <= former_occupied_until AND former_places > 0)"
)
# The length in days, as the index of long reservations has it to the letter, for {}: the table.
_DAYS_SQLITE = "(julianday({0}ends_at) - julianday({0}starts_at))"
_DAYS_POSTGRESQL = "(extract(epoch from {0}ends_at - {0}starts_at) / 86400)"
NEVER_LATE = "9999-12-31 00:00:00.000000"  # of a row that an older version of the program inserts


def _partial_index(name: str, condition: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class _Days(ColumnElement[float]):
    """The length of a reservation in days."""

    type = Float()
    inherit_cache = True


@compiles(_Days, "sqlite")
def _days_sqlite(_element: _Days, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return _DAYS_SQLITE.format("booking_reservation.")


@compiles(_Days, "postgresql")
def _days_postgresql(_element: _Days, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return _DAYS_POSTGRESQL.format("booking_reservation.")


IS_LONG = _Days() > literal_column("2")


class Reservation(Base):
    """A reservation of a machine by a member for a span. Never deleted: it is history when it ends.

    But if its import was undone (import_undone_at), it goes with its member or machine; see deletions.py.

    starts_at and ends_at are working time; occupied_from and occupied_until include set-up and cleaning.
    revision grows with every change (the feed's SEQUENCE, the API's ETag). id is that of its hold.

    former_...: while a move waits for approval, what is confirmed and still held beside the wished span. See
    former_times.py.
    """

    __tablename__ = "booking_reservation"
    __table_args__ = (
        ForeignKeyConstraint(["id", "hold_kind"], ["booking_hold.id", "booking_hold.kind"]),
        CheckConstraint("hold_kind = 'reservation'", name="hold_kind"),
        CheckConstraint("starts_at < ends_at", name="span_positive"),
        CheckConstraint("occupied_from <= starts_at AND ends_at <= occupied_until", name="occupied_contains"),
        CheckConstraint("places > 0", name="places_positive"),
        CheckConstraint(f"may_move_min BETWEEN 0 AND {MAY_MOVE_MAX_MIN}", name="may_move_min"),
        CheckConstraint(f"status IN ({_STATUS_LIST})", name="status"),
        CheckConstraint("(status = 'requested') <= (decide_until IS NOT NULL)", name="request_ends"),
        CheckConstraint(_FORMER_COMPLETE, name="former_complete"),
        CheckConstraint("former_starts_at IS NULL OR status = 'requested'", name="former_undecided"),
        Index(None, "machine_id", "starts_at"),
        Index(None, "member_id", "starts_at"),
        # The current and future reservations of a member.
        Index("ix_booking_reservation_member_status", "member_id", "status", "ends_at", "starts_at"),
        Index("ix_booking_reservation_member_changes", "member_id", "changed_at"),  # what changed in a member's feed
        Index(None, "starts_at", "id"),
        Index(None, "status", "decide_until"),
        Index("ix_booking_reservation_status_start", "status", "starts_at", "id"),
        Index(
            "ix_booking_reservation_outside_rules",
            "machine_id",
            "ends_at",
            sqlite_where=text("outside_rules_since IS NOT NULL"),
            postgresql_where=text("outside_rules_since IS NOT NULL"),
        ),
        # What is out now, what is confirmed by its end, and the no-shows by their report: without the rest of the
        # history (see IS_OUT and IS_CONFIRMED).
        _partial_index("ix_booking_reservation_out", "status = 'in_use'", "machine_id"),
        _partial_index("ix_booking_reservation_confirmed", "status = 'confirmed'", "ends_at"),
        _partial_index("ix_booking_reservation_no_show", "status = 'no_show'", "changed_at"),
        # What began long before a time and may reach into it.
        Index(
            "ix_booking_reservation_long",
            "starts_at",
            "id",
            sqlite_where=text(f"{_DAYS_SQLITE.format('')} > 2"),
            postgresql_where=text(f"{_DAYS_POSTGRESQL.format('')} > 2"),
        ),
        # Moves that wait for approval, by the time that is confirmed.
        _partial_index("ix_booking_reservation_former", "former_starts_at IS NOT NULL", "former_starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hold_kind: Mapped[str] = mapped_column(server_default="reservation")
    uid: Mapped[str] = mapped_column(unique=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_from: Mapped[datetime] = mapped_column(UtcDateTime)
    occupied_until: Mapped[datetime] = mapped_column(UtcDateTime)
    places: Mapped[int] = mapped_column(default=1)
    purpose: Mapped[str] = mapped_column(default="")
    may_move_min: Mapped[int] = mapped_column(
        default=0, server_default="0"
    )  # without asking, if the machine breaks down
    second_person: Mapped[str] = mapped_column(default="", server_default="")  # who is there as well; "" for nobody
    second_user_id: Mapped[int | None]  # user id
    choices: Mapped[tuple[str, ...]] = mapped_column(NameList, default=(), server_default="")  # variants of the tariff
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when this span was asked for: at request or move
    decide_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[int | None]  # user id
    reason: Mapped[str] = mapped_column(default="")  # of the manager who declined, or of who cancelled
    is_late_cancel: Mapped[bool] = mapped_column(default=False)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by a manager, in spite of closure or rules
    outside_rules_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # since new hours or rules
    outside_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the member was told of that
    import_undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # entered by mistake: no list has it
    # Cancelling what is confirmed is late after this instant; set when it is promised, whatever the rule becomes later.
    cancel_until: Mapped[datetime] = mapped_column(UtcDateTime, server_default=NEVER_LATE)
    # Since when a time that a manager proposed because of a closure waits for the member's answer.
    proposed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    former_starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    former_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    former_occupied_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    former_occupied_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    former_places: Mapped[int | None]


# As literals, which the partial indexes answer: a parameter could be any status.
IS_OUT = Reservation.status == literal_column("'in_use'")
IS_CONFIRMED = Reservation.status == literal_column("'confirmed'")
IS_HOLDING = Reservation.status.in_([literal_column(f"'{status}'") for status in HOLDING])


class Blocking(Base):
    """A closure: the machine cannot be reserved. id is that of its hold.

    around_reservations: it holds the places wherever they are free in its span; else all of them all the time.
    """

    __tablename__ = "booking_blocking"
    __table_args__ = (
        ForeignKeyConstraint(["id", "hold_kind"], ["booking_hold.id", "booking_hold.kind"]),
        CheckConstraint("hold_kind = 'closure'", name="hold_kind"),
        CheckConstraint("starts_at < ends_at", name="span_positive"),
        Index(None, "machine_id", "starts_at"),
        Index(
            "ix_booking_blocking_around",
            "machine_id",
            "ends_at",
            sqlite_where=text("around_reservations AND lifted_at IS NULL"),
            postgresql_where=text("around_reservations AND lifted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hold_kind: Mapped[str] = mapped_column(server_default="closure")
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None]  # user id
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when span or reason last changed
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    around_reservations: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=0)
