"""Materials that a workshop sells: entering and changing them, receipt of goods, stocktaking, selling to a member.

A sale is a fee of the kind "material" and a move of the stock in one transaction; taking the fee back gives the
material back. The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors.fee_errors import MaterialNotSold, MaterialOfOtherWorkshop, MaterialPriceChanged
from billing.errors.money_errors import NameTaken, WrongAmount
from billing.fees.posting import (
    MATERIAL,
    QUANTITY_MAX,
    UNIT_LENGTH_MAX,
    FeeInput,
    check_decimals,
    check_vat_code,
    enter_fee,
    require_open,
)
from billing.fees.stock import COUNT, PER_UNIT, RECEIPT, SALE, MoveDraft, last_move, locked_material, move, moved_by
from billing.fees.working import QUANTITY_DECIMALS
from billing.limits import NAME_LENGTH_MAX, NOTE_LENGTH_MAX, PRICE_MAX, require_between, require_text
from billing.models import Fee, Material, StockMove
from booking import queries
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class MaterialInput:
    """A material. unit_price: euro for one, VAT included; tax_code: as of a fee; the rest: see the table."""

    name: str
    unit: str
    unit_price: Decimal
    tax_code: str | None = None
    may_go_below: bool = False
    is_sold: bool = True


@dataclass(frozen=True, slots=True)
class Sale:
    """So much for a member. usage_id: the slip of the use for which it is taken; machine_id: its machine.

    unit_price: what was shown to whoever buys; None where nothing was shown.
    """

    member_id: int
    quantity: Decimal
    service_date: date
    machine_id: int | None = None
    usage_id: int | None = None
    unit_price: Decimal | None = None


def enter_material(session: Session, workshop_id: int, entry: MaterialInput, *, by: Actor, now: datetime) -> Material:
    """Enter a material of a workshop. Raises WorkshopNotFound, NameTaken, WrongText, WrongAmount."""
    queries.workshop(session, workshop_id)
    material = Material(workshop_id=workshop_id)
    _assign(session, material, entry)
    session.add(material)
    _record(session, material, "changed", by, now)
    return material


def change_material(
    session: Session, material_id: int, entry: MaterialInput, *, by: Actor, now: datetime, revision: int | None = None
) -> Material:
    """Change a material: what was sold keeps its price. Raises MaterialNotFound, StaleRevision, as enter_material()."""
    material = locked_material(session, material_id)
    revisions.require_revision(revision, material.revision)
    _assign(session, material, entry)
    material.revision += 1
    _record(session, material, "changed", by, now)
    return material


def receive(
    session: Session,
    material_id: int,
    quantity: Decimal,
    note: str,
    *,
    by: Actor,
    now: datetime,
    form_key: str | None = None,
) -> StockMove:
    """Add goods that came in. form_key: idempotency key of the caller; a second call with the same key adds nothing.

    Raises MaterialNotFound, WrongAmount, WrongText.
    """
    check_decimals("quantity", quantity, QUANTITY_DECIMALS, QUANTITY_MAX)
    draft = MoveDraft(RECEIPT, int(quantity * PER_UNIT), note, form_key=form_key)
    return _move(session, material_id, draft, by, now)


def count_stock(
    session: Session,
    material_id: int,
    counted: Decimal,
    note: str,
    *,
    by: Actor,
    now: datetime,
    form_key: str | None = None,
) -> StockMove | None:
    """Note what was counted: the stock is that from now on; None where it was that. Keys and errors as receive()."""
    require_between("counted", counted, Decimal(0), QUANTITY_MAX)
    if round(counted, QUANTITY_DECIMALS) != counted:
        raise WrongAmount(field="counted", lowest=Decimal(0), highest=QUANTITY_MAX, actual=counted)
    locked_material(session, material_id)
    last = last_move(session, material_id)
    difference = int(counted * PER_UNIT) - (last.stock if last else 0)
    draft = MoveDraft(COUNT, difference, note, form_key=form_key)
    return _move(session, material_id, draft, by, now) if difference else None


def sell(
    session: Session, material_id: int, sale: Sale, *, by: Actor, now: datetime, form_key: str | None = None
) -> Fee:
    """Sell material to a member: the fee is owed at once, and the stock counts down.

    form_key: as of enter_fee(). Raises what enter_fee() raises, MaterialNotFound, MaterialNotSold,
    MaterialOfOtherWorkshop, MaterialPriceChanged, StockTooLow.
    """
    require_open(session)
    if form_key is not None and (posted := session.scalar(select(Fee).where(Fee.form_key == form_key))):
        return posted
    material = locked_material(session, material_id)
    if not material.is_sold:
        raise MaterialNotSold(material=material.name)
    if sale.unit_price not in (None, material.unit_price):
        raise MaterialPriceChanged(material=material.name, unit=material.unit, unit_price=material.unit_price)
    if sale.machine_id is not None:
        card = queries.machine_card(session, sale.machine_id)
        if sale.usage_id is not None and card.workshop_id != material.workshop_id:
            raise MaterialOfOtherWorkshop(material=material.name)
    wanted = FeeInput(
        MATERIAL,
        sale.member_id,
        sale.service_date,
        material.name,
        sale.quantity,
        material.unit_price,
        material.unit,
        sale.machine_id,
        material.tax_code,
    )
    fee = enter_fee(session, wanted, by=by, now=now, form_key=form_key)
    draft = MoveDraft(SALE, -int(sale.quantity * PER_UNIT), "", fee.id, sale.usage_id)
    move(session, material, draft, by=by, now=now)
    return fee


def sell_for_slip(
    session: Session,
    material_id: int,
    usage_id: int,
    quantity: Decimal,
    *,
    by: Actor,
    now: datetime,
    unit_price: Decimal | None = None,
    form_key: str | None = None,
) -> Fee:
    """Sell material that was taken for a use to its member, on the day of that use. Raises NotFound, as sell()."""
    slip = queries.slip(session, usage_id)
    sale = Sale(slip.member_id, quantity, slip.service_date, slip.machine_id, usage_id, unit_price)
    return sell(session, material_id, sale, by=by, now=now, form_key=form_key)


def _assign(session: Session, material: Material, entry: MaterialInput) -> None:
    require_text("name", entry.name, NAME_LENGTH_MAX, shortest=1)
    require_text("unit", entry.unit, UNIT_LENGTH_MAX, shortest=1)
    check_decimals("unit_price", entry.unit_price, 4, PRICE_MAX)
    check_vat_code(entry.tax_code)
    named = select(Material.id).where(Material.workshop_id == material.workshop_id, Material.name == entry.name.strip())
    if session.scalar(named.where(Material.id != (material.id or 0))) is not None:
        raise NameTaken(name=entry.name)
    material.name, material.unit, material.unit_price = entry.name.strip(), entry.unit.strip(), entry.unit_price
    material.tax_code, material.may_go_below, material.is_sold = entry.tax_code, entry.may_go_below, entry.is_sold


def _move(session: Session, material_id: int, draft: MoveDraft, by: Actor, now: datetime) -> StockMove:
    require_text("note", draft.note, NOTE_LENGTH_MAX)
    material = locked_material(session, material_id)
    if (entered := moved_by(session, draft.form_key)) is not None:
        return entered
    made = move(session, material, replace(draft, note=draft.note.strip()), by=by, now=now)
    _record(session, material, draft.kind, by, now)
    return made


def _record(session: Session, material: Material, what: str, by: Actor, now: datetime) -> None:
    session.flush()
    events.record(session, RecordChanged(table="material", record_id=material.id, what=what), by=by, at=now)
