"""Exchanges: a reservation that a member offers to another one, for nothing or for one of theirs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class ExchangeState(StrEnum):
    """Where an exchange stands. WITHDRAWN: by who proposed it. OUTDATED: one of its reservations was changed."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    OUTDATED = "outdated"


_STATES = ", ".join(f"'{state}'" for state in ExchangeState)
_OPEN = "state = 'open'"


class Exchange(Base):
    """A reservation (given) that its member (the proposer) offers to another one (the receiver) until lapses_at.

    wanted: the reservation of the receiver that the proposer gets for it; None hands the given one over. given_revision
    and wanted_revision: what was offered; with another one it is no longer what was. made_for_receiver and
    made_for_proposer: the reservations that an accepted one made. agreed_at: when the receiver agreed to a swap about
    which the workshop decides then; it stays open until that. receivers_second, proposers_second: who is there as well
    with what each gets, where two persons are needed. One that has ended never changes (migrations).
    """

    __tablename__ = "booking_exchange"
    __table_args__ = (
        CheckConstraint("proposer_id <> receiver_id", name="members_distinct"),
        CheckConstraint("wanted_id IS NULL OR wanted_id <> given_id", name="reservations_distinct"),
        CheckConstraint("(wanted_id IS NULL) = (wanted_revision IS NULL)", name="wanted_complete"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(state = 'accepted') = (made_for_receiver_id IS NOT NULL)", name="accepted"),
        CheckConstraint(
            "(state = 'accepted' AND wanted_id IS NOT NULL) = (made_for_proposer_id IS NOT NULL)", name="swapped"
        ),
        CheckConstraint("proposed_at < lapses_at", name="span_positive"),
        CheckConstraint("agreed_at IS NULL OR wanted_id IS NOT NULL", name="agreed"),
        Index(
            "uq_booking_exchange_open", "given_id", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)
        ),
        Index(None, "state", "lapses_at"),
        Index(None, "proposer_id", "state"),
        Index(None, "receiver_id", "state"),
        Index(None, "wanted_id"),
        Index(None, "given_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    given_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"))
    given_revision: Mapped[int]
    wanted_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"))
    wanted_revision: Mapped[int | None]
    proposer_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    receiver_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=ExchangeState.OPEN.value)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_for_receiver_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"))
    made_for_proposer_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"))
    receivers_second: Mapped[str] = mapped_column(default="", server_default="")
    receivers_second_user_id: Mapped[int | None]
    proposers_second: Mapped[str] = mapped_column(default="", server_default="")
    proposers_second_user_id: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=0)
