"""What the mails about the schedule need to know: entries of calendar files, and which mails somebody wants."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class AttachedEntry(Base):
    """A reservation in the calendar file of a mail. revision: its SEQUENCE; recipient: the key of the addressee."""

    __tablename__ = "notifications_attached_entry"
    __table_args__ = (Index(None, "reservation_id"),)

    mail_id: Mapped[int] = mapped_column(ForeignKey("mail_outbox.id", ondelete="CASCADE"), primary_key=True)
    reservation_id: Mapped[int] = mapped_column(
        # The usual name would be longer than PostgreSQL allows.
        ForeignKey("booking_reservation.id", name="fk_notifications_attached_entry_reservation"),
        primary_key=True,
    )
    revision: Mapped[int]
    recipient: Mapped[str]


class MailChoice(Base):
    """Whether a login, or a member that has none, wants a kind of mails (kinds.py). No row: as the kind says."""

    __tablename__ = "notifications_mail_choice"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (member_id IS NULL)", name="one_owner"),
        Index(None, "user_id", "kind", unique=True),
        Index(None, "member_id", "kind", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("booking_member.id", ondelete="CASCADE"))
    kind: Mapped[str]
    is_wanted: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Reminder(Base):
    """A reminder of a reservation that was sent: the evening before it begins, or when its use ends. at: which time."""

    __tablename__ = "notifications_reminder"

    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, index=True)


class CancelLink(Base):
    """A mailed link that cancels a reservation once (cancel_links.py). user_id: null for a member without a login."""

    __tablename__ = "notifications_cancel_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id", name="fk_notifications_cancel_link_reservation", ondelete="CASCADE"),
        index=True,
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OfferLink(Base):
    """A mailed link that answers one offer (offer_links.py). user_id: null for a member without a login."""

    __tablename__ = "notifications_offer_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    offer_id: Mapped[int] = mapped_column(
        ForeignKey("booking_offer.id", name="fk_notifications_offer_link_offer", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CourseLink(Base):
    """A mailed link that signs up for one course (course_links.py). user_id: null for a member without a login."""

    __tablename__ = "notifications_course_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    course_id: Mapped[int] = mapped_column(
        ForeignKey("booking_course.id", name="fk_notifications_course_link_course", ondelete="CASCADE"), index=True
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ExchangeLink(Base):
    """A mailed link that answers one exchange (exchange_links.py). user_id: null for a member without a login."""

    __tablename__ = "notifications_exchange_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    exchange_id: Mapped[int] = mapped_column(
        ForeignKey("booking_exchange.id", name="fk_notifications_exchange_link_exchange", ondelete="CASCADE"),
        index=True,
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ProposalLink(Base):
    """A mailed link that answers a proposal after a breakdown (proposal_links.py). hold_id: what is held for it."""

    __tablename__ = "notifications_proposal_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    hold_id: Mapped[int]
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("booking_reservation.id", name="fk_notifications_proposal_link_reservation", ondelete="CASCADE"),
        index=True,
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


LINKS = (CancelLink, CourseLink, ExchangeLink, OfferLink, ProposalLink)  # of mails; each answers one thing, once
