"""What allocations count against shares, charges and advances, and where each is in the ledger. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session, aliased

from billing.ledger.posting import ADVANCES, COUNTER
from billing.models import AllocationAdvance, AllocationCharge, Charge, Entry, LedgerAccount, Posting

CountedKind = tuple[bool, str]  # whether it is an advance; the VAT code of charges, "" where their tariff has none


class CountedPart(NamedTuple):
    """What is counted against the share of a member, of one kind. account: where it was posted.

    All of a kind has a line in the entry of the allocation, unless it is zero.
    """

    allocation_id: int
    member_id: int
    account: str
    kind: CountedKind
    cents: int


class CountedSource(NamedTuple):
    """A charge that is counted, or what a member owed of an advance. entry_id, number: the line that it is owed on."""

    part: CountedPart
    entry_id: int
    number: int
    service_until: date


def counted_parts(
    session: Session, allocation_ids: Collection[int], member_ids: Collection[int] | None = None
) -> Iterator[CountedPart]:
    """Yield what allocations count against shares, by where it was posted and with which VAT it came.

    member_ids: None for all. In two statements.
    """
    for statement, cents, kind in _statements(allocation_ids, member_ids):
        summed = statement.add_columns(func.sum(cents)).group_by(*kind)
        for row in session.execute(summed):
            yield _part(row)


def counted_sources(
    session: Session, allocation_ids: Collection[int], member_ids: Collection[int] | None = None
) -> Iterator[CountedSource]:
    """Yield each charge and each part of an advance that allocations count. As counted_parts(), which sums them."""
    own = aliased(Posting)
    for statement, cents, _kind in _statements(allocation_ids, member_ids):
        is_own = (own.entry_id == Entry.id) & (own.member_id == statement.selected_columns.member_id)
        each = statement.join(own, is_own).add_columns(cents, own.entry_id, own.number, Entry.service_until)
        for row in session.execute(each):
            yield CountedSource(_part(row), *row[6:])


def _part(row: Any) -> CountedPart:
    allocation_id, member_id, account, is_advance, tax_code, cents, *_rest = row
    return CountedPart(allocation_id, member_id, account, (bool(is_advance), tax_code or ""), int(cents))


def _statements(
    allocation_ids: Collection[int], member_ids: Collection[int] | None
) -> Iterator[tuple[Select[Any], Any, tuple[Any, ...]]]:
    """Yield, for charges and for advances: what is counted, its cents, and the columns that tell kinds apart."""
    for model, statement, kind in (_charges(), _advances()):
        found = statement.where(model.allocation_id.in_(allocation_ids))
        if member_ids is not None:
            found = found.where(model.member_id.in_(member_ids))
        yield found, model.cents, kind


def _charges() -> tuple[type[Any], Select[Any], tuple[Any, ...]]:
    kind: tuple[Any, ...] = (
        AllocationCharge.allocation_id,
        AllocationCharge.member_id,
        LedgerAccount.code,
        Charge.tax_code,
    )
    statement: Select[Any] = (
        select(*kind[:3], literal(False), Charge.tax_code)
        .join(Charge, Charge.id == AllocationCharge.charge_id)
        .join(Entry, Entry.charge_id == AllocationCharge.charge_id)
        .join(Posting, (Posting.entry_id == Entry.id) & (Posting.topic == COUNTER))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
    )
    return AllocationCharge, statement, kind


def _advances() -> tuple[type[Any], Select[Any], tuple[Any, ...]]:
    kind: tuple[Any, ...] = (AllocationAdvance.allocation_id, AllocationAdvance.member_id)
    statement: Select[Any] = select(*kind, literal(ADVANCES), literal(True), literal("")).join(
        Entry, Entry.advance_id == AllocationAdvance.advance_id
    )
    return AllocationAdvance, statement, kind
