"""What is held about a member as somebody who shares costs: charges, fees, shares, meters, allocations, invoices."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.pages.account.record_rows import Record, records_of, rows_of
from billing.models import (
    Allocation,
    AllocationAmount,
    AllocationLine,
    Charge,
    Document,
    DocumentLine,
    DocumentSending,
    Entry,
    EquityMove,
    Fee,
    IssuedStatement,
    Meter,
    MeterReadingEntry,
    Missed,
    Pool,
    PoolKey,
    PoolKeyPercent,
    PoolKeyTerms,
    Posting,
    Share,
    StatementSending,
)
from booking.models import Machine


def owed(session: Session, member_id: int) -> Iterator[tuple[str, list[Record]]]:
    """Yield title and records of the money of a member."""
    yield "usage_charges", rows_of(session, Charge, Charge.member_id == member_id, machine=Machine.name)
    yield "fees", rows_of(session, Fee, Fee.member_id == member_id, machine=Machine.name)
    yield "equity", rows_of(session, EquityMove, EquityMove.member_id == member_id)
    yield "missed_reservations", rows_of(session, Missed, Missed.member_id == member_id, machine=Machine.name)
    yield "shares", rows_of(session, Share, Share.member_id == member_id, pool=Pool.name)
    yield "percentages_in_keys", _percentages(session, member_id)
    yield "meters", rows_of(session, Meter, Meter.member_id == member_id, pool=Pool.name)
    of_meter = select(Meter.id).where(Meter.member_id == member_id)
    yield "meter_readings", rows_of(session, MeterReadingEntry, MeterReadingEntry.meter_id.in_(of_meter))
    yield "allocations", _allocations(session, member_id)
    yield "measured_by_keys", rows_of(session, AllocationAmount, AllocationAmount.member_id == member_id)
    yield "ledger_lines", _ledger_lines(session, member_id)
    of_document = select(Document.id).where(Document.member_id == member_id)
    yield "invoices", rows_of(session, Document, Document.member_id == member_id)
    yield "invoice_lines", rows_of(session, DocumentLine, DocumentLine.document_id.in_(of_document))
    yield "sent_invoices", rows_of(session, DocumentSending, DocumentSending.document_id.in_(of_document))
    yield "statements", rows_of(session, IssuedStatement, IssuedStatement.member_id == member_id)
    yield "sent_statements", rows_of(session, StatementSending, StatementSending.member_id == member_id)


def _percentages(session: Session, member_id: int) -> list[Record]:
    """Return the fixed percentages of keys, in ten-thousandths of a per cent, and from which day on they hold."""
    statement = (
        select(Pool.name.label("pool"), PoolKey.name.label("key"), PoolKeyTerms.valid_from, PoolKeyPercent.percent)
        .join(PoolKeyTerms, PoolKeyTerms.id == PoolKeyPercent.terms_id)
        .join(PoolKey, PoolKey.id == PoolKeyTerms.key_id)
        .join(Pool, Pool.id == PoolKey.pool_id)
        .where(PoolKeyPercent.member_id == member_id)
    )
    return records_of(session, statement.order_by(PoolKeyPercent.terms_id))


def _allocations(session: Session, member_id: int) -> list[Record]:
    statement = (
        select(
            Allocation.id,
            Pool.name.label("pool"),
            Allocation.period_from,
            Allocation.period_until,
            Allocation.posted_at,
            Allocation.reverses_id,
            AllocationLine.group_number,
            AllocationLine.weight,
            AllocationLine.cents,
            AllocationLine.got_rounding_cent,
        )
        .join(AllocationLine, AllocationLine.allocation_id == Allocation.id)
        .join(Pool, Pool.id == Allocation.pool_id)
        .where(AllocationLine.member_id == member_id)
    )
    return records_of(session, statement.order_by(Allocation.id, AllocationLine.group_number))


def _ledger_lines(session: Session, member_id: int) -> list[Record]:
    statement = (
        select(Entry.id.label("entry"), Entry.posting_date, Entry.service_from, Entry.service_until)
        .add_columns(Posting.topic, Posting.cents, Machine.name.label("machine"), Pool.name.label("pool"))
        .join(Posting, Posting.entry_id == Entry.id)
        .outerjoin(Machine, Machine.id == Posting.machine_id)
        .outerjoin(Pool, Pool.id == Posting.pool_id)
        .where(Posting.member_id == member_id)
    )
    return records_of(session, statement.order_by(Entry.id, Posting.number))
