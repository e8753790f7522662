"""Tables of exported postings: which entries were written to which file, and what DATEV needs to know. Append-only.

The rows of an export are inserted before it, in one transaction: it closes them. The database refuses an export whose
rows are not what it states, a row that is added later, and an entry that goes into a second file of its kind unasked.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, false, true
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class DatevTerms(Base):
    """What a tax adviser states once for all DATEV files; one row. adviser, client: their numbers at DATEV.

    has_member_accounts: each member has a personal account, else all are on the account of the receivables.
    is_locked: nothing in a file can be changed after its import. standard_key, reduced_key: the tax keys (BU-Schlüssel)
    of the two rates of VAT; "" for none. has_advance_keys: rows on the account of the advances have them too.
    """

    __tablename__ = "billing_datev_terms"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("adviser BETWEEN 1001 AND 9999999", name="adviser"),
        CheckConstraint("client BETWEEN 1 AND 99999", name="client"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    adviser: Mapped[int | None]
    client: Mapped[int | None]
    has_member_accounts: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_locked: Mapped[bool] = mapped_column(default=False, server_default=false())
    standard_key: Mapped[str] = mapped_column(default="3", server_default="3")
    reduced_key: Mapped[str] = mapped_column(default="2", server_default="2")
    has_advance_keys: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=0)


class PostingExport(Base):
    """A file of entries that was made. kind: datev or journal; first_day, last_day: of the posting dates asked for.

    entries, lines, cents: how many it holds and the sum of their debits. is_again: entries that were exported before
    were wanted too. sha256: over the bytes of the file, also in the event log.
    """

    __tablename__ = "billing_export"
    __table_args__ = (
        CheckConstraint("kind IN ('datev', 'journal')", name="kind"),
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("id >= 1 AND entries >= 1", name="id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    entries: Mapped[int]
    lines: Mapped[int]
    cents: Mapped[int] = mapped_column(BigInteger)
    is_again: Mapped[bool]
    file_name: Mapped[str]
    sha256: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None]  # user id


class ExportedEntry(Base):
    """An entry in an export. turn: 1 the first time it is in a file of this kind; more only if asked."""

    __tablename__ = "billing_export_entry"
    __table_args__ = (
        CheckConstraint("turn >= 1 AND number >= 1", name="turn"),
        Index("ix_billing_export_entry_once", "export_id", "entry_id", unique=True),
        Index(None, "entry_id", "kind", "turn", unique=True),
    )

    export_id: Mapped[int] = mapped_column(
        ForeignKey("billing_export.id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, 3 ... within the export
    entry_id: Mapped[int] = mapped_column(ForeignKey("billing_entry.id"))
    kind: Mapped[str]
    turn: Mapped[int]


class PostingExportFile(Base):
    """The bytes of an export, compressed by zlib: the same file can be fetched again."""

    __tablename__ = "billing_export_file"

    export_id: Mapped[int] = mapped_column(ForeignKey("billing_export.id"), primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
