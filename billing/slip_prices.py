"""The charge that counts of usage slips, for the pages about use: the newest one unless it was reversed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from billing.models import Charge
from billing.tariffs import Working


@dataclass(frozen=True, slots=True)
class SlipCharge:
    """What a use costs, with every figure of the calculation. Amounts in small units."""

    usage_id: int
    charged_amount: int
    cents: int
    working: Working


@dataclass(frozen=True, slots=True)
class SlipPrice:
    """What a use costs, for lists and files. charged_amount in small units; unit_price in euro per charge unit."""

    charged_amount: int
    unit_price: Decimal
    cents: int


def charge_of_slip(session: Session, usage_id: int) -> SlipCharge | None:
    """The charge of one slip; None while it has no price."""
    charge = session.scalars(select(Charge).where(Charge.usage_id == usage_id, _counts())).one_or_none()
    if charge is None:
        return None
    return SlipCharge(charge.usage_id, charge.charged_amount, charge.cents, Working.of_facts(charge.working))


def prices_of_slips(session: Session, usage_ids: Collection[int]) -> dict[int, SlipPrice]:
    """Slip id -> price, of those slips that have one."""
    # The unit price alone, and no row of the ORM: files read a hundred thousand.
    unit_price = Charge.working["unit_price"].as_string()
    rows = session.execute(
        select(Charge.usage_id, Charge.charged_amount, unit_price, Charge.cents).where(
            Charge.usage_id.in_(usage_ids), _counts()
        )
    )
    return {usage_id: SlipPrice(charged, Decimal(price), cents) for usage_id, charged, price, cents in rows}


def cents_of_slips(session: Session, usage_ids: Collection[int]) -> dict[int, int]:
    """Slip id -> euro cents, of those slips that have a price."""
    rows = session.execute(select(Charge.usage_id, Charge.cents).where(Charge.usage_id.in_(usage_ids), _counts()))
    return {row.usage_id: row.cents for row in rows}


def _counts() -> ColumnElement[bool]:
    # The rows of a slip are numbered, odd ones charge and even ones reverse the one before. Asked by the number:
    # "reverses nothing" has an index, by which SQLite would walk through the charges of all slips.
    later = aliased(Charge)
    has_later = exists().where(later.usage_id == Charge.usage_id, later.number > Charge.number)
    return and_(Charge.number % 2 == 1, ~has_later)
