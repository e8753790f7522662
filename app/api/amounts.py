"""Amounts of use between programs and the trade: the unit of the machine, or a refusal."""

from __future__ import annotations

from app.api import problems
from app.api.fields import Amount
from app.api.problems import Refusal


def in_small(amount: Amount | None, charge_unit: str, name: str) -> int | None:
    """An amount in small units of a machine's charge unit; `name` is the field that another unit is told for."""
    if amount is None:
        return None
    if amount.unit != charge_unit:
        message = f"the machine counts {charge_unit}, not {amount.unit}"
        raise Refusal(problems.invalid(problems.fault(f"{name}.unit", message)))
    return amount.small
