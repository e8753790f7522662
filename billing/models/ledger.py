"""Tables of the ledger: accounts, and balanced entries with their lines (postings). Append-only.

The lines of an entry are inserted before the entry itself, in one transaction: the entry closes them. The database
refuses an entry whose lines do not sum to zero, a line that is added to an entry later, and a line without an entry.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

SOURCES = ("charge_id", "allocation_id", "advance_id", "fee_id", "equity_id")
ONE_SOURCE = " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in SOURCES) + " = 1"


class Ledger(Base):
    """The state of the ledger; one row.

    state: "closed" (nothing is posted yet), "opening" (what exists is being posted), "open". opened_on: the posting
    date of what existed before; None where nothing did. chart: the chart whose account numbers the ring uses.
    posted_*: how far the opening has come. period_length: year or month, how long an accounting period is.
    """

    __tablename__ = "billing_ledger"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("state IN ('closed', 'opening', 'open')", name="state"),
        CheckConstraint("chart IN ('skr03', 'skr04')", name="chart"),
        CheckConstraint("period_length IN ('year', 'month')", name="period_length"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    chart: Mapped[str]
    opened_on: Mapped[date | None]
    posted_charge_id: Mapped[int] = mapped_column(default=0)
    posted_allocation_id: Mapped[int] = mapped_column(default=0)
    period_length: Mapped[str] = mapped_column(default="year", server_default="year")
    revision: Mapped[int] = mapped_column(default=0)


class LedgerAccount(Base):
    """An account. code: what the program posts to it; kind: asset, liability, equity, income or expense.

    skr03, skr04: its number in each chart. Numbers are data: a tax adviser may want others.
    """

    __tablename__ = "billing_account"
    __table_args__ = (
        CheckConstraint("kind IN ('asset', 'liability', 'equity', 'income', 'expense')", name="kind"),
        CheckConstraint("length(skr03) BETWEEN 4 AND 8 AND length(skr04) BETWEEN 4 AND 8", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    skr03: Mapped[str] = mapped_column(unique=True)
    skr04: Mapped[str] = mapped_column(unique=True)
    revision: Mapped[int] = mapped_column(default=0)


class Entry(Base):
    """A balanced entry of the ledger. It has exactly one source; a correction is an entry that reverses it.

    lines: the number of its postings. sha256: over its content, also in the event log (EntryPosted).
    """

    __tablename__ = "billing_entry"
    __table_args__ = (
        CheckConstraint(ONE_SOURCE, name="one_source"),
        CheckConstraint("lines >= 2", name="lines"),
        CheckConstraint("id >= 1", name="id"),
        CheckConstraint("service_from <= service_until", name="service"),
        Index("ix_billing_entry_posted", "posting_date", "id"),
        Index("ix_billing_entry_fee_id", "fee_id", unique=True),
        Index("ix_billing_entry_equity_id", "equity_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    posting_date: Mapped[date]
    service_from: Mapped[date]
    service_until: Mapped[date]
    lines: Mapped[int]
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("billing_charge.id"), unique=True)
    allocation_id: Mapped[int | None] = mapped_column(ForeignKey("billing_allocation.id"), unique=True)
    advance_id: Mapped[int | None] = mapped_column(ForeignKey("billing_advance.id"), unique=True)
    fee_id: Mapped[int | None] = mapped_column(ForeignKey("billing_fee.id"))
    equity_id: Mapped[int | None] = mapped_column(ForeignKey("billing_equity_move.id"))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("billing_entry.id"), unique=True)
    sha256: Mapped[str]
    posted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    posted_by: Mapped[int | None]  # user id


class Posting(Base):
    """One line of an entry: signed cents on an account, debits above zero.

    member_id: only on the receivables: a member's balance is the sum of these lines, above zero where the member owes.
    topic: what the line is for; see billing/ledger/posting.py.
    """

    __tablename__ = "billing_posting"
    __table_args__ = (
        CheckConstraint("cents <> 0", name="not_zero"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_billing_posting_member", "member_id", "entry_id", "number", "cents"),
        Index("ix_billing_posting_account", "account_id", "entry_id", "cents"),
        Index(
            "ix_billing_posting_topic",  # what a balance is made of
            "member_id",
            "topic",
            "cents",
            sqlite_where=text("member_id IS NOT NULL"),
            postgresql_where=text("member_id IS NOT NULL"),
        ),
    )

    # Deferred: the entry is inserted after its lines.
    entry_id: Mapped[int] = mapped_column(
        ForeignKey("billing_entry.id", deferrable=True, initially="DEFERRED"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 1, 2, 3 ... within the entry
    account_id: Mapped[int] = mapped_column(ForeignKey("billing_account.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("booking_member.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("booking_machine.id"))
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("billing_pool.id"))
    topic: Mapped[str]
    cents: Mapped[int] = mapped_column(BigInteger)


class Balance(Base):
    """What a member owes: the sum of the member's lines. The database adds each line when it is inserted.

    invoiced_cents: what of it stands in invoices, less what cancellations took back; it adds each document, and what is
    set off against equity, which no invoice will ever hold. Summed for each list, the lines of a large ring would all
    be read for one page; `ring check` compares them.
    """

    __tablename__ = "billing_balance"
    __table_args__ = (Index("ix_billing_balance_cents", "cents", "member_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"), primary_key=True, autoincrement=False)
    cents: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]
    invoiced_cents: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class AccountDay(Base):
    """The sums of an account on a posting date, both above zero. The database adds each entry when it is inserted.

    Summed for each page, the lines of a large ledger would all be read for a trial balance; `ring check` compares them.
    """

    __tablename__ = "billing_account_day"

    account_id: Mapped[int] = mapped_column(ForeignKey("billing_account.id"), primary_key=True, autoincrement=False)
    posting_date: Mapped[date] = mapped_column(primary_key=True)
    debit_cents: Mapped[int] = mapped_column(BigInteger)
    credit_cents: Mapped[int] = mapped_column(BigInteger)


class AccountMonth(Base):
    """The sums of an account over the posting dates of a month (its first day), and its lines. As AccountDay."""

    __tablename__ = "billing_account_month"

    account_id: Mapped[int] = mapped_column(ForeignKey("billing_account.id"), primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(primary_key=True)
    debit_cents: Mapped[int] = mapped_column(BigInteger)
    credit_cents: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]


class MemberMonth(Base):
    """The sum of a member's lines of one topic over the posting dates of a month (its first day). As AccountDay.

    Statements read it: for what a member owed before their first day all lines before it would be read. The lines
    refer to the member, so that these rows need not.
    """

    __tablename__ = "billing_member_month"

    member_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    cents: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]
