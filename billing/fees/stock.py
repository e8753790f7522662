"""The stock of materials: what comes in, what fees take, what a fee that is taken back gives back.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors.fee_errors import MaterialNotFound, StockTooLow
from billing.fees.working import QUANTITY_DECIMALS
from billing.models import Fee, Material, StockMove
from booking.kernel.events import Actor

PER_UNIT = 10**QUANTITY_DECIMALS  # stock is counted in thousandths of the unit
RECEIPT, SALE, RETURN, COUNT = "receipt", "sale", "return", "count"


@dataclass(frozen=True, slots=True)
class MoveDraft:
    """A move to be entered. quantity: in thousandths, below zero where something leaves the stock."""

    kind: str
    quantity: int
    note: str = ""
    fee_id: int | None = None
    usage_id: int | None = None
    form_key: str | None = None


def units(thousandths: int) -> Decimal:
    """Return a quantity in units, without zeros at its end."""
    exact: Decimal = Decimal(thousandths).scaleb(-QUANTITY_DECIMALS).normalize()
    return exact + 0


def locked_material(session: Session, material_id: int) -> Material:
    """Lock a material until the transaction ends: its moves are entered one after another. Raises MaterialNotFound."""
    found = session.get(Material, material_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise MaterialNotFound(id=material_id)
    return found


def last_move(session: Session, material_id: int) -> StockMove | None:
    """Return the last move of a material, whose stock is the present one; None: nothing ever came in."""
    moves = select(StockMove).where(StockMove.material_id == material_id).order_by(StockMove.number.desc())
    return session.scalars(moves.limit(1)).first()


def moved_by(session: Session, form_key: str | None) -> StockMove | None:
    """Return the move that was entered with an idempotency key. The caller has locked the material."""
    return session.scalar(select(StockMove).where(StockMove.form_key == form_key)) if form_key else None


def move(session: Session, material: Material, draft: MoveDraft, *, by: Actor, now: datetime) -> StockMove:
    """Enter a move of a material that the caller has locked. Raises StockTooLow (nothing was moved)."""
    last = last_move(session, material.id)
    stock = (last.stock if last else 0) + draft.quantity
    if stock < 0 and draft.quantity < 0 and not material.may_go_below:
        raise StockTooLow(stock=units(last.stock if last else 0), unit=material.unit)
    made = StockMove(
        material_id=material.id,
        number=(last.number if last else 0) + 1,
        stock=stock,
        made_at=now,
        made_by=by.user_id,
        **{name: getattr(draft, name) for name in MoveDraft.__dataclass_fields__},
    )
    session.add(made)
    session.flush()
    return made


def give_back(session: Session, reversal: Fee, *, by: Actor, now: datetime) -> None:
    """Give back what the fee took that a reversal takes back; nothing where it took nothing."""
    taken = session.scalars(select(StockMove).where(StockMove.fee_id == reversal.reverses_id)).one_or_none()
    if taken is not None:
        material = locked_material(session, taken.material_id)
        back = MoveDraft(RETURN, -taken.quantity, reversal.text, reversal.id, taken.usage_id)
        move(session, material, back, by=by, now=now)
