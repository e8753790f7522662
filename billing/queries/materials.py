"""Views of materials and their stock. Quantities in thousandths of the material's unit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.errors.fee_errors import MaterialNotFound
from billing.fees.stock import units
from billing.models import Fee, Material, StockMove
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class MaterialView:
    """A material with its stock. unit_price: euro for one, VAT included."""

    id: int
    workshop_id: int
    name: str
    unit: str
    unit_price: Decimal
    tax_code: str | None
    may_go_below: bool
    is_sold: bool
    revision: int
    stock: int

    @property
    def in_stock(self) -> Decimal:
        """The stock in units."""
        return units(self.stock)


@dataclass(frozen=True, slots=True)
class MoveView:
    """What came into or left the stock, and what was there afterwards. member_id: of the fee."""

    id: int
    kind: str
    quantity: int
    stock: int
    fee_id: int | None
    usage_id: int | None
    member_id: int | None
    note: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class TakenMaterial:
    """Material that was taken for a use, and is not taken back."""

    fee_id: int
    name: str
    unit: str
    quantity: Decimal
    cents: int


_LAST = (
    select(StockMove.stock)
    .where(StockMove.material_id == Material.id)
    .order_by(StockMove.number.desc())
    .limit(1)
    .scalar_subquery()
)
_MATERIALS = select(*columns_of(MaterialView, Material, stock=func.coalesce(_LAST, 0)))


def material(session: Session, material_id: int) -> MaterialView:
    """Return a material. Raises MaterialNotFound."""
    row = session.execute(_MATERIALS.where(Material.id == material_id)).one_or_none()
    if row is None:
        raise MaterialNotFound(id=material_id)
    return MaterialView(*row)


def materials(
    session: Session,
    *,
    workshop_ids: Collection[int] | None = None,
    only_sold: bool = False,
    limit: int = 25,
    offset: int = 0,
) -> tuple[tuple[MaterialView, ...], bool]:
    """Return a page of materials by workshop and by name, and whether there are more. workshop_ids: None for all."""
    statement = _MATERIALS.order_by(Material.workshop_id, Material.name, Material.id)
    if workshop_ids is not None:
        statement = statement.where(Material.workshop_id.in_(workshop_ids))
    if only_sold:
        statement = statement.where(Material.is_sold)
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(MaterialView(*row) for row in rows[:limit]), len(rows) > limit


def stock_moves(
    session: Session, material_id: int, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[MoveView, ...], bool]:
    """Return a page of the moves of a material, the newest first, and whether there are more."""
    statement = (
        select(*columns_of(MoveView, StockMove, member_id=Fee.member_id))
        .outerjoin(Fee, Fee.id == StockMove.fee_id)
        .where(StockMove.material_id == material_id)
        .order_by(StockMove.number.desc())
    )
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(MoveView(*row) for row in rows[:limit]), len(rows) > limit


def taken_for(session: Session, usage_id: int) -> tuple[TakenMaterial, ...]:
    """Return what was taken for the use of a slip, without what was taken back."""
    back = select(StockMove.fee_id).where(StockMove.usage_id == usage_id, StockMove.kind == "return")
    statement = (
        select(Fee.id, Material.name, Material.unit, StockMove.quantity, Fee.cents)
        .join(StockMove, StockMove.fee_id == Fee.id)
        .join(Material, Material.id == StockMove.material_id)
        .where(StockMove.usage_id == usage_id, StockMove.kind == "sale")
        .where(Fee.id.not_in(select(Fee.reverses_id).where(Fee.id.in_(back))))
        .order_by(StockMove.id)
    )
    return tuple(
        TakenMaterial(fee_id, name, unit, units(-quantity), cents)
        for fee_id, name, unit, quantity, cents in session.execute(statement)
    )
