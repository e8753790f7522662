"""Table of the accounting periods that are not open any more, or were reopened. A period without a row is open.

The database refuses an entry whose posting date is not after the last closed period, one of somebody who is no
treasurer in a soft-closed period, every change of a closed period, and periods that overlap.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

CLOSED_IS_SEALED = "(state = 'closed') = (sha256 IS NOT NULL AND entries IS NOT NULL AND closed_at IS NOT NULL)"


class AccountingPeriod(Base):
    """A period of the ledger. name: "2026" or "2026-03"; state: open, soft_closed or closed.

    Of a closed one: sha256 over all lines of its entries, also in the event log (PeriodClosed); how many entries and
    lines there are, and the sum of their debits.
    """

    __tablename__ = "billing_period"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("state IN ('open', 'soft_closed', 'closed')", name="state"),
        CheckConstraint(CLOSED_IS_SEALED, name="sealed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    state: Mapped[str]
    entries: Mapped[int | None]
    lines: Mapped[int | None]
    debit_cents: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None]  # user id
    revision: Mapped[int] = mapped_column(default=0)
