"""What a use has beside its first amount: other amounts and choices, each by the name that its tariff gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from booking.errors import Violation
from booking.models import UsageAmount, UsageChoice
from booking.use_limits import check_amount


@dataclass(frozen=True, slots=True)
class OtherAmount:
    """An amount in small units of charge_unit. name: at most 60 characters."""

    name: str
    charge_unit: str
    amount: int


def check_other_amounts(amounts: Sequence[OtherAmount]) -> list[Violation]:
    """Return amount_negative and amount_too_large of each."""
    return [violation for one in amounts for violation in check_amount(one.amount)]


def store(session: Session, usage_id: int, amounts: Sequence[OtherAmount], choices: Sequence[str]) -> None:
    """Store what a slip has beside its first amount. The slip is there; it has none of it yet."""
    session.add_all(
        UsageAmount(usage_id=usage_id, name=one.name, charge_unit=one.charge_unit, amount=one.amount) for one in amounts
    )
    session.add_all(UsageChoice(usage_id=usage_id, name=name) for name in sorted(set(choices)))
    session.flush()
