"""The charge that counts of usage slips, for the pages about use: the newest one unless it was reversed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, exists, select
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


def charge_of_slip(session: Session, usage_id: int) -> SlipCharge | None:
    """The charge of one slip; None while it has no price."""
    charge = session.scalars(_counting().where(Charge.usage_id == usage_id)).one_or_none()
    if charge is None:
        return None
    return _view(charge)


def charges_of_slips(session: Session, usage_ids: Collection[int]) -> dict[int, SlipCharge]:
    """Slip id -> charge, of those slips that have a price."""
    charges = session.scalars(_counting().where(Charge.usage_id.in_(usage_ids)))
    return {charge.usage_id: _view(charge) for charge in charges}


def cents_of_slips(session: Session, usage_ids: Collection[int]) -> dict[int, int]:
    """Slip id -> euro cents, of those slips that have a price."""
    charges = session.scalars(_counting().where(Charge.usage_id.in_(usage_ids)))
    return {charge.usage_id: charge.cents for charge in charges}


def _view(charge: Charge) -> SlipCharge:
    return SlipCharge(charge.usage_id, charge.charged_amount, charge.cents, Working.of_facts(charge.working))


def _counting() -> Select[Charge]:
    # The rows of a slip are numbered, odd ones charge and even ones reverse the one before.
    later = aliased(Charge)
    has_later = exists().where(later.usage_id == Charge.usage_id, later.number > Charge.number)
    return select(Charge).where(Charge.reverses_id.is_(None), ~has_later)
