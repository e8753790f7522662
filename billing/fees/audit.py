"""The audit of fees, run by `ring check`: each follows from its own working, and each reversal is a mirror.

Codes of the findings and their facts: fee_working (fee_id), fee_mirror (fee_id, reverses_id).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.fees.working import working_of
from billing.models import Fee
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
