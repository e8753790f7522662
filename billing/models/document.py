"""Tables of documents: invoices, cancellations, statements. Append-only, numbered without gaps.

Lines, VAT groups and claims are inserted before their document, in one transaction: the document closes them. The
database refuses a document whose lines do not add up, a line that is added later, and one without a document.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class DocumentNumber(Base):
    """The last number of a range in a year. Locked by the transaction that issues; the database counts one by one."""

    __tablename__ = "billing_number"
    __table_args__ = (CheckConstraint("last >= 0", name="last"),)

    series: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class DocumentTerms(Base):
    """What the treasurer says once for all documents; one row. *_code: the VAT of lines that have no tax code.

    A code is one of a VAT rate, "exempt" or "outside"; None: not said yet, and nothing with such lines is issued.
    sending_unknown_until: the last document that was issued before sending was recorded; 0 for none.
    """

    __tablename__ = "billing_document_terms"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("pay_days BETWEEN 0 AND 365", name="pay_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pay_days: Mapped[int]
    intro: Mapped[str]
    mail_text: Mapped[str]
    use_code: Mapped[str | None]
    share_code: Mapped[str | None]
    advance_code: Mapped[str | None]
    other_code: Mapped[str | None]
    sending_unknown_until: Mapped[int] = mapped_column(default=0, server_default="0")
    revision: Mapped[int] = mapped_column(default=0)


class VatText(Base):
    """The sentence that the law wants on a document without, or with a special, VAT; from a day on, until the next."""

    __tablename__ = "billing_vat_text"
    __table_args__ = (CheckConstraint("reason IN ('small', 'flat_rate', 'exempt', 'outside')", name="reason"),)

    reason: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    text: Mapped[str]


class Document(Base):
    """An issued document. number: its full number; sequence: within the range and year.

    net, vat, gross: sums of its lines. lines, vat_groups: how many. seller, buyer, texts: as they were when it was
    issued. cancels_id: the document that it takes back. sha256: over all of it, also in the event log. A statement has
    no lines and sums of zero: it claims nothing, and what it states is an IssuedStatement.
    """

    __tablename__ = "billing_document"
    __table_args__ = (
        CheckConstraint("kind IN ('invoice', 'cancellation', 'statement')", name="kind"),
        CheckConstraint("(kind = 'cancellation') = (cancels_id IS NOT NULL)", name="cancels"),
        CheckConstraint("net_cents + vat_cents = gross_cents", name="sums"),
        CheckConstraint("kind = 'statement' OR (lines >= 1 AND vat_groups >= 1)", name="lines"),
        CheckConstraint("service_from <= service_until", name="service"),
        CheckConstraint("id >= 1 AND sequence >= 1", name="id"),
        Index(None, "series", "year", "sequence", unique=True),
        Index("ix_billing_document_member", "member_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    series: Mapped[str]
    year: Mapped[int]
    sequence: Mapped[int]
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    issued_on: Mapped[date]
    due_on: Mapped[date]
    service_from: Mapped[date]
    service_until: Mapped[date]
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]
    vat_groups: Mapped[int]
    seller: Mapped[dict[str, Any]] = mapped_column(JSON)
    buyer: Mapped[dict[str, Any]] = mapped_column(JSON)
    texts: Mapped[dict[str, Any]] = mapped_column(JSON)
    cancels_id: Mapped[int | None] = mapped_column(ForeignKey("billing_document.id"), unique=True)
    sha256: Mapped[str]
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[int | None]  # user id


class DocumentLine(Base):
    """A line of a document, with the line of the ledger that it invoices.

    turn: odd where the line is invoiced, even where a cancellation takes that back: each line of the ledger is in one
    effective document at most. working: pairs of text that explain the amount.
    """

    __tablename__ = "billing_document_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["entry_id", "posting_number"], ["billing_posting.entry_id", "billing_posting.number"], name="posting"
        ),
        CheckConstraint("turn >= 1", name="turn"),
        CheckConstraint("category IN ('S', 'E', 'O')", name="category"),
        Index(None, "entry_id", "posting_number", "turn", unique=True),
    )

    document_id: Mapped[int] = mapped_column(
        ForeignKey("billing_document.id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int]
    posting_number: Mapped[int]
    turn: Mapped[int]
    text: Mapped[str]
    detail: Mapped[str]
    quantity: Mapped[str]  # an exact decimal
    unit: Mapped[str]  # charge unit; "" for none
    service_from: Mapped[date]
    service_until: Mapped[date]
    category: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(Numeric(5, 2, asdecimal=True))
    reason: Mapped[str]
    net_cents: Mapped[int] = mapped_column(BigInteger)
    gross_cents: Mapped[int] = mapped_column(BigInteger)
    working: Mapped[list[list[str]]] = mapped_column(JSON)


class DocumentVat(Base):
    """The sums of a document at one rate."""

    __tablename__ = "billing_document_vat"

    document_id: Mapped[int] = mapped_column(
        ForeignKey("billing_document.id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    category: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(Numeric(5, 2, asdecimal=True))
    reason: Mapped[str]
    net_cents: Mapped[int] = mapped_column(BigInteger)
    vat_cents: Mapped[int] = mapped_column(BigInteger)


class DocumentFile(Base):
    """The file of a document, made after it was issued. xml: "" for a statement."""

    __tablename__ = "billing_document_file"

    document_id: Mapped[int] = mapped_column(ForeignKey("billing_document.id"), primary_key=True, autoincrement=False)
    pdf: Mapped[bytes] = mapped_column(LargeBinary)
    xml: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FailedFile(Base):
    """That the file of a document could not be made, and why. Deleted once it is made, or shall be tried at once."""

    __tablename__ = "billing_document_failed"
    __table_args__ = (CheckConstraint("attempts >= 1", name="attempts"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("billing_document.id"), primary_key=True, autoincrement=False)
    reason: Mapped[str]
    attempts: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DocumentSending(Base):
    """That a document was sent by mail, or printed to be sent by post. turn: above 1 only if it was sent again.

    to_address: an e-mail address; "" where it was printed.
    """

    __tablename__ = "billing_document_sending"
    __table_args__ = (
        CheckConstraint("way IN ('mail', 'print')", name="way"),
        CheckConstraint("turn >= 1", name="turn"),
        Index(None, "document_id", "turn", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("billing_document.id"))
    turn: Mapped[int]
    way: Mapped[str]
    to_address: Mapped[str]
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_by: Mapped[int | None]  # user id


class UninvoicedLine(Base):
    """A line of the ledger that a member owes and that stands in no effective document; kept by the database."""

    __tablename__ = "billing_uninvoiced"

    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    posting_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), index=True)


class StatementSending(Base):
    """How often the statement of a member for some days was sent, and when last."""

    __tablename__ = "billing_statement_sending"

    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True, autoincrement=False)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
