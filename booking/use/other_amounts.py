"""What a use has beside its first amount: other amounts and choices, each by the name that its tariff gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.models import UsageAmount, UsageChoice, UsageRecord
from booking.use.use_limits import check_amount


@dataclass(frozen=True, slots=True)
class OtherAmount:
    """An amount in small units of charge_unit. name: at most 60 characters."""

    name: str
    charge_unit: str
    amount: int


def check_other_amounts(amounts: Sequence[OtherAmount]) -> list[Violation]:
    """Return amount_negative and amount_too_large of each, in the field "amounts"."""
    found = (violation for one in amounts for violation in check_amount(one.amount))
    return [replace(violation, field="amounts") for violation in found]


def first_with(
    session: Session, slips: Sequence[UsageRecord], amounts: Sequence[OtherAmount], choices: Sequence[str]
) -> UsageRecord | None:
    """Return the first of some slips that has just these other amounts and choices, or None."""
    wanted = {_key(one) for one in amounts}, set(choices)
    return next((slip for slip in slips if _beside(session, slip.id) == wanted), None)


def _beside(session: Session, usage_id: int) -> tuple[set[tuple[str, str, int]], set[str]]:
    amounts = session.scalars(select(UsageAmount).where(UsageAmount.usage_id == usage_id))
    choices = session.scalars(select(UsageChoice.name).where(UsageChoice.usage_id == usage_id))
    return {_key(one) for one in amounts}, set(choices)


def _key(one: OtherAmount | UsageAmount) -> tuple[str, str, int]:
    return one.name, one.charge_unit, one.amount


@dataclass(frozen=True, slots=True)
class Beside:
    """All that a use is to have beside its first amount."""

    amounts: tuple[OtherAmount, ...] = ()
    choices: tuple[str, ...] = ()


def replace_all(session: Session, usage_id: int, wanted: Beside) -> bool:
    """Store what a slip has beside its first amount in place of what it had. Return whether it had something else."""
    if _beside(session, usage_id) == ({_key(one) for one in wanted.amounts}, set(wanted.choices)):
        return False
    for table in (UsageAmount, UsageChoice):
        session.execute(delete(table).where(table.usage_id == usage_id))
    store(session, usage_id, wanted.amounts, wanted.choices)
    return True


def store(session: Session, usage_id: int, amounts: Sequence[OtherAmount], choices: Sequence[str]) -> None:
    """Store what a slip has beside its first amount. The slip is there; it has none of it yet."""
    session.add_all(
        UsageAmount(usage_id=usage_id, name=one.name, charge_unit=one.charge_unit, amount=one.amount) for one in amounts
    )
    session.add_all(UsageChoice(usage_id=usage_id, name=name) for name in sorted(set(choices)))
    session.flush()
