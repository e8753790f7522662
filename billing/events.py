"""Events that billing records. Dates are ISO text, because the facts of an event are JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from billing.models import Advance, Allocation, Charge, EquityMove, Fee
from booking.kernel.events import Event


@dataclass(frozen=True, slots=True)
class UseCharged(Event):
    """A charge was posted for a usage slip; or, with reverses_id, the reversal of that charge."""

    charge_id: int
    usage_id: int
    member_id: int
    machine_id: int
    cents: int
    service_date: str
    reverses_id: int | None
    type: ClassVar[str] = "use_charged"

    @classmethod
    def of(cls, charge: Charge) -> Self:
        """Return the event of a charge or reversal that was just posted."""
        return cls(
            charge_id=charge.id,
            usage_id=charge.usage_id,
            member_id=charge.member_id,
            machine_id=charge.machine_id,
            cents=charge.cents,
            service_date=charge.service_date.isoformat(),
            reverses_id=charge.reverses_id,
        )


@dataclass(frozen=True, slots=True)
class AllocationPosted(Event):
    """The costs of a period were divided among members and posted."""

    allocation_id: int
    pool_id: int
    total_cents: int
    period_from: str
    period_until: str
    type: ClassVar[str] = "allocation_posted"

    @classmethod
    def of(cls, allocation: Allocation) -> Self:
        """Return the event of an allocation that was just posted."""
        return cls(
            allocation_id=allocation.id,
            pool_id=allocation.pool_id,
            total_cents=allocation.total_cents,
            period_from=allocation.period_from.isoformat(),
            period_until=allocation.period_until.isoformat(),
        )


@dataclass(frozen=True, slots=True)
class AllocationReversed(Event):
    """An allocation was reversed: allocation_id is the reversal, reverses_id the reversed allocation."""

    allocation_id: int
    reverses_id: int
    pool_id: int
    total_cents: int
    period_from: str
    period_until: str
    type: ClassVar[str] = "allocation_reversed"

    @classmethod
    def of(cls, reversal: Allocation) -> Self:
        """Return the event of a reversal that was just posted."""
        assert reversal.reverses_id is not None
        return cls(
            allocation_id=reversal.id,
            reverses_id=reversal.reverses_id,
            pool_id=reversal.pool_id,
            total_cents=reversal.total_cents,
            period_from=reversal.period_from.isoformat(),
            period_until=reversal.period_until.isoformat(),
        )


@dataclass(frozen=True, slots=True)
class EntryPosted(Event):
    """An entry was posted in the ledger. sha256: over its content; sealed with the log, it proves the entry."""

    entry_id: int
    sha256: str
    type: ClassVar[str] = "entry_posted"


@dataclass(frozen=True, slots=True)
class AdvancePosted(Event):
    """An advance per share was posted; or, with reverses_id, the reversal of one."""

    advance_id: int
    pool_id: int
    total_cents: int
    reverses_id: int | None
    type: ClassVar[str] = "advance_posted"

    @classmethod
    def of(cls, advance: Advance) -> Self:
        """Return the event of an advance or reversal that was just posted."""
        return cls(
            advance_id=advance.id,
            pool_id=advance.pool_id,
            total_cents=advance.total_cents,
            reverses_id=advance.reverses_id,
        )


@dataclass(frozen=True, slots=True)
class FeePosted(Event):
    """A fee was posted; or, with reverses_id, the reversal of one."""

    fee_id: int
    member_id: int
    cents: int
    service_date: str
    reverses_id: int | None
    type: ClassVar[str] = "fee_posted"

    @classmethod
    def of(cls, fee: Fee) -> Self:
        """Return the event of a fee or reversal that was just posted."""
        return cls(
            fee_id=fee.id,
            member_id=fee.member_id,
            cents=fee.cents,
            service_date=fee.service_from.isoformat(),
            reverses_id=fee.reverses_id,
        )


@dataclass(frozen=True, slots=True)
class EquityMoved(Event):
    """The equity of a member changed: see models/equity.py. With reverses_id, a change was taken back."""

    move_id: int
    member_id: int
    kind: str
    cents: int
    service_date: str
    reverses_id: int | None
    type: ClassVar[str] = "equity_moved"

    @classmethod
    def of(cls, move: EquityMove) -> Self:
        """Return the event of a move that was just posted."""
        return cls(
            move_id=move.id,
            member_id=move.member_id,
            kind=move.kind,
            cents=move.cents,
            service_date=move.day.isoformat(),
            reverses_id=move.reverses_id,
        )


@dataclass(frozen=True, slots=True)
class LedgerOpened(Event):
    """What existed was posted in the ledger: entries counts it."""

    opened_on: str
    entries: int
    type: ClassVar[str] = "ledger_opened"


@dataclass(frozen=True, slots=True)
class PeriodChanged(Event):
    """An accounting period was soft-closed, or opened again after that. state: soft_closed or open."""

    period: str
    state: str
    type: ClassVar[str] = "period_changed"


@dataclass(frozen=True, slots=True)
class PeriodClosed(Event):
    """An accounting period was closed for good. sha256: over all lines of its entries; sealed with the log."""

    period: str
    entries: int
    lines: int
    sha256: str
    type: ClassVar[str] = "period_closed"


@dataclass(frozen=True, slots=True)
class PeriodLengthChanged(Event):
    """The length of the accounting periods was changed. length: year or month."""

    length: str
    type: ClassVar[str] = "period_length_changed"


@dataclass(frozen=True, slots=True)
class DocumentIssued(Event):
    """A document was issued; with cancels_id, it takes that one back. sha256: over its content, as of an entry."""

    document_id: int
    member_id: int
    number: str
    gross_cents: int
    cancels_id: int | None
    sha256: str
    type: ClassVar[str] = "document_issued"


@dataclass(frozen=True, slots=True)
class DocumentSent(Event):
    """A document was sent to its member. way: mail or print. turn: above 1 where it was sent again."""

    document_id: int
    member_id: int
    number: str
    sending_id: int
    way: str
    turn: int
    type: ClassVar[str] = "document_sent"


@dataclass(frozen=True, slots=True)
class PostingsExported(Event):
    """A file of entries was made. kind: datev or journal. sha256: over its bytes, as of an entry."""

    export_id: int
    kind: str
    period: str
    entries: int
    total_cents: int
    is_again: bool
    sha256: str
    type: ClassVar[str] = "postings_exported"


@dataclass(frozen=True, slots=True)
class StatementSent(Event):
    """A member was sent the statement of a period."""

    member_id: int
    period_from: str
    period_until: str
    type: ClassVar[str] = "statement_sent"


@dataclass(frozen=True, slots=True)
class ChartChanged(Event):
    """The chart of accounts or the numbers of accounts were changed. numbers: "code old/old > new/new", by code."""

    chart: str
    numbers: str
    type: ClassVar[str] = "chart_changed"
