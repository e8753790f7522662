"""What usage slips have beside their first amount."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.models import UsageAmount, UsageChoice


@dataclass(frozen=True, slots=True)
class NamedAmount:
    """An amount beside the first one, in small units of charge_unit."""

    name: str
    charge_unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class BesideAmount:
    """What a slip has beside its first amount, in the order of the names."""

    amounts: tuple[NamedAmount, ...] = ()
    choices: tuple[str, ...] = ()


NOTHING_BESIDE = BesideAmount()


def beside_amounts(session: Session, usage_ids: Collection[int]) -> Mapping[int, BesideAmount]:
    """Return slip id -> what it has beside its first amount, of those that have any. In two statements."""
    amounts: defaultdict[int, list[NamedAmount]] = defaultdict(list)
    choices: defaultdict[int, list[str]] = defaultdict(list)
    columns = (UsageAmount.usage_id, UsageAmount.name, UsageAmount.charge_unit, UsageAmount.amount)
    found = select(*columns).where(UsageAmount.usage_id.in_(usage_ids)).order_by(UsageAmount.usage_id, UsageAmount.name)
    for usage_id, name, unit, amount in session.execute(found):
        amounts[usage_id].append(NamedAmount(name, unit, amount))
    chosen = select(UsageChoice.usage_id, UsageChoice.name).where(UsageChoice.usage_id.in_(usage_ids))
    for usage_id, name in session.execute(chosen.order_by(UsageChoice.usage_id, UsageChoice.name)):
        choices[usage_id].append(name)
    return {
        usage_id: BesideAmount(tuple(amounts.get(usage_id, ())), tuple(choices.get(usage_id, ())))
        for usage_id in amounts.keys() | choices.keys()
    }
