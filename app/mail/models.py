"""The outbox table: mails that wait, were sent, or were given up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

SENT_DAYS = 180  # after it was sent, a mail is deleted


class Mail(Base):
    """One mail to one address. `key` names its subject and recipient, so that nothing is queued twice."""

    __tablename__ = "mail_outbox"
    __table_args__ = (
        CheckConstraint("sent_at IS NULL OR given_up_at IS NULL", name="one_end"),
        Index("ix_mail_outbox_document_sending_id", "document_sending_id", unique=True),
        Index(None, "sent_at", "given_up_at", "is_urgent", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    to_address: Mapped[str]
    to_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    body: Mapped[str]
    calendar: Mapped[str | None]  # an .ics attachment, or several behind each other
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_our_fault: Mapped[bool] = mapped_column(default=False, server_default=false())  # that it was not sent yet
    link_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of its one-use link; the body is encrypted
    is_urgent: Mapped[bool] = mapped_column(default=False, server_default=false())  # sent before the others
    off_url: Mapped[str] = mapped_column(default="", server_default="")  # where mails of its kind are switched off
    language: Mapped[str] = mapped_column(default="", server_default="")  # in which it is written
    document_sending_id: Mapped[int | None]  # of billing: whose file is attached; it is read when the mail is sent
    tone: Mapped[str] = mapped_column(default="", server_default="")  # of what happened: good, wait or stop
    # Whose it is, and who of them gets it: looked up again when it is sent. Empty: it goes to its address in any case.
    audience: Mapped[str] = mapped_column(default="", server_default="")
    recipient: Mapped[str] = mapped_column(default="", server_default="")


class MailSuspension(Base):
    """No mail is sent until `open_until`, because the server takes none from us; circuit_breaker.py has at most one."""

    __tablename__ = "mail_suspension"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    failures: Mapped[int]  # in a row
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    open_until: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str]
    is_our_fault: Mapped[bool]  # rather than that of a server that cannot be reached
    by_refusals: Mapped[bool]  # of several mails in a row
