"""The audit of fees, run by `ring check`: each follows from its own working, and each reversal is a mirror.

Codes of the findings and their facts: fee_working (fee_id), fee_mirror (fee_id, reverses_id), stock (move_id),
stock_fee (move_id), stock_return (fee_id).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.fees.stock import PER_UNIT, RETURN, SALE
from billing.fees.working import working_of
from billing.models import Fee, StockMove
from booking.kernel.audit import AuditFinding
from booking.kernel.orm import table_of

BATCH = 1_000


def broken_fees(session: Session) -> Iterator[AuditFinding]:
    """Yield fees that differ from their own working, and reversals that are no mirror of what they reverse."""
    fee = table_of(Fee)
    original = fee.alias("original")
    statement = (
        select(fee.c.id, fee.c.cents, fee.c.calculation, fee.c.reverses_id, original.c.cents, original.c.member_id)
        .add_columns(fee.c.member_id.label("owed_by"))
        .outerjoin(original, original.c.id == fee.c.reverses_id)
        .order_by(fee.c.id)
        .execution_options(yield_per=BATCH)
    )
    for fee_id, cents, calculation, reverses_id, reversed_cents, member_id, owed_by in session.connection().execute(
        statement
    ):
        if working_of(calculation).cents != abs(cents):
            yield AuditFinding("fee_working", {"fee_id": fee_id})
        if reverses_id is not None and (reversed_cents, member_id) != (-cents, owed_by):
            yield AuditFinding("fee_mirror", {"fee_id": fee_id, "reverses_id": reverses_id})
    yield from _broken_stock(session)
    yield from _wrong_sales(session)


def _broken_stock(session: Session) -> Iterator[AuditFinding]:
    """Yield moves whose stock is not the one before and what was moved, in the order of each material."""
    moved = table_of(StockMove)
    before = func.lag(moved.c.stock, 1, 0).over(partition_by=moved.c.material_id, order_by=moved.c.number)
    chained = select(moved.c.id, moved.c.stock, (before + moved.c.quantity).label("expected")).subquery()
    wrong = select(chained.c.id).where(chained.c.stock != chained.c.expected).order_by(chained.c.id)
    for (move_id,) in session.connection().execute(wrong):
        yield AuditFinding("stock", {"move_id": move_id})


def _wrong_sales(session: Session) -> Iterator[AuditFinding]:
    """Yield moves of another quantity than their fee says, and reversals of sales that gave nothing back."""
    fee, moved = table_of(Fee), table_of(StockMove)
    of_fees = select(moved.c.id, moved.c.kind, moved.c.quantity, fee.c.calculation).join(
        fee, fee.c.id == moved.c.fee_id
    )
    for move_id, kind, quantity, calculation in session.connection().execute(
        of_fees.order_by(moved.c.id).execution_options(yield_per=BATCH)
    ):
        stated = getattr(working_of(calculation), "quantity", None)
        if stated is None or stated * PER_UNIT != (-quantity if kind == SALE else quantity):
            yield AuditFinding("stock_fee", {"move_id": move_id})
    back = moved.alias("back")
    given = select(back.c.id).where(back.c.fee_id == fee.c.id, back.c.kind == RETURN)
    lost = (
        select(fee.c.id).join(moved, moved.c.fee_id == fee.c.reverses_id).where(moved.c.kind == SALE, ~given.exists())
    )
    for (fee_id,) in session.connection().execute(lost.order_by(fee.c.id)):
        yield AuditFinding("stock_return", {"fee_id": fee_id})
