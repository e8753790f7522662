"""Endpoints of materials: what workshops sell, its stock, goods that came in, sales."""

from __future__ import annotations

from decimal import Decimal

from app.api import revisions
from app.api.books.fees import Fee, fee_reply
from app.api.endpoints import Endpoint, reply
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.tariffs.material_models import (
    Material,
    MaterialFacts,
    MaterialList,
    MaterialQuery,
    Move,
    MoveList,
    MovesQuery,
    NewMaterial,
    NewMove,
    NewSale,
    NewTaken,
    TakenItem,
    TakenList,
)
from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.errors.fee_errors import MaterialNotFound
from billing.fees import materials
from billing.fees.materials import Sale
from billing.fees.stock import units
from billing.queries import materials as views
from billing.queries.materials import MaterialView
from booking.errors.schedule_errors import NotFound

KEEPERS = Access(manager=WORKSHOP, treasurer=ALL)
TAKERS = Access(member=OWN, manager=WORKSHOP, treasurer=ALL)


@Endpoint("GET", "/materials", access=LOGGED_IN, query=MaterialQuery, response=MaterialList)
def list_materials(query: MaterialQuery) -> MaterialList:
    """List what the workshops sell."""
    within = None if query.workshop_id is None else [query.workshop_id]
    rows, has_more = views.materials(db.session(), workshop_ids=within, limit=query.limit, offset=query.cursor)
    return MaterialList(items=[_material(row) for row in rows], next=_next(query, len(rows), has_more=has_more))


@Endpoint("GET", "/materials/<id:material_id>", access=LOGGED_IN, response=Material, errors=(404,), conditional=True)
def get_material(material_id: int) -> Reply:
    """Get a material with its stock."""
    return _reply(material_id, 200)


@Endpoint(
    "POST",
    "/materials",
    access=KEEPERS,
    body=NewMaterial,
    response=Material,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_material(body: NewMaterial) -> Reply:
    """Enter a material of a workshop."""
    by, instant = current_actor(), now()
    permissions.require(workshop_id=body.workshop_id, missing=NotFound(id=body.workshop_id))

    def enter() -> Reply:
        made = materials.enter_material(db.session(), body.workshop_id, body.entry(), by=by, now=instant)
        return _reply(made.id, 201)

    return run_idempotent(body, enter)


@Endpoint(
    "PUT",
    "/materials/<id:material_id>",
    access=KEEPERS,
    body=MaterialFacts,
    response=Material,
    errors=(404, 409, 412),
    conditional=True,
)
def put_material(material_id: int, body: MaterialFacts) -> Reply:
    """Change a material. What was sold keeps its price."""
    revision = revisions.expected(_kept(material_id).revision)
    by, instant = current_actor(), now()

    def put() -> Reply:
        materials.change_material(db.session(), material_id, body.entry(), by=by, now=instant, revision=revision)
        return _reply(material_id, 200)

    return run_idempotent(body, put)


@Endpoint(
    "GET", "/materials/<id:material_id>/moves", access=KEEPERS, query=MovesQuery, response=MoveList, errors=(404,)
)
def list_stock_moves(material_id: int, query: MovesQuery) -> MoveList:
    """List what came into and left the stock."""
    _kept(material_id)
    rows, has_more = views.stock_moves(db.session(), material_id, limit=query.limit, offset=query.cursor)
    items = [
        Move(
            quantity=f"{units(row.quantity):f}",
            stock=f"{units(row.stock):f}",
            **{name: getattr(row, name) for name in ("id", "kind", "fee_id", "usage_id", "note", "made_at")},
        )
        for row in rows
    ]
    return MoveList(items=items, next=_next(query, len(rows), has_more=has_more))


@Endpoint(
    "POST",
    "/materials/<id:material_id>/moves",
    access=KEEPERS,
    body=NewMove,
    response=Material,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_stock_move(material_id: int, body: NewMove) -> Reply:
    """Enter goods that came in, or what was counted."""
    by, instant, quantity = current_actor(), now(), Decimal(body.quantity)
    _kept(material_id)

    def enter() -> Reply:
        verb = materials.receive if body.kind == "receipt" else materials.count_stock
        verb(db.session(), material_id, quantity, body.note, by=by, now=instant)
        return _reply(material_id, 201)

    return run_idempotent(body, enter)


@Endpoint(
    "POST",
    "/materials/<id:material_id>/sell",
    access=KEEPERS,
    body=NewSale,
    response=Fee,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def sell_material(material_id: int, body: NewSale) -> Reply:
    """Sell material to a member: a fee, owed at once; the stock counts down. 409 `stock_too_low` moves nothing."""
    by, instant = current_actor(), now()
    _kept(material_id)
    price = None if body.unit_price is None else Decimal(body.unit_price)
    sale = Sale(body.member_id, Decimal(body.quantity), body.service_date, unit_price=price)

    def sell() -> Reply:
        return fee_reply(materials.sell(db.session(), material_id, sale, by=by, now=instant).id)

    return run_idempotent(body, sell)


@Endpoint("GET", "/usage/<id:usage_id>/materials", access=TAKERS, response=TakenList, errors=(404,))
def list_taken_materials(usage_id: int) -> TakenList:
    """List what was taken for the use of a slip."""
    rows = views.taken_for(db.session(), lookups.slip(usage_id).id)
    items = [
        TakenItem(fee_id=row.fee_id, name=row.name, unit=row.unit, quantity=f"{row.quantity:f}", cents=row.cents)
        for row in rows
    ]
    return TakenList(items=items)


@Endpoint(
    "POST",
    "/usage/<id:usage_id>/materials",
    access=TAKERS,
    body=NewTaken,
    response=Fee,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def take_material(usage_id: int, body: NewTaken) -> Reply:
    """Enter material that was taken for the use of a slip. Its fee is taken back as any other."""
    by, instant, quantity = current_actor(), now(), Decimal(body.quantity)
    price = None if body.unit_price is None else Decimal(body.unit_price)
    lookups.slip(usage_id)

    def take() -> Reply:
        made = materials.sell_for_slip(
            db.session(), body.material_id, usage_id, quantity, by=by, now=instant, unit_price=price
        )
        return fee_reply(made.id)

    return run_idempotent(body, take)


def _kept(material_id: int) -> MaterialView:
    """Return a material whose stock the present login keeps."""
    stored = views.material(db.session(), material_id)
    permissions.require(workshop_id=stored.workshop_id, missing=MaterialNotFound(id=material_id))
    return stored


def _reply(material_id: int, status: int) -> Reply:
    row = views.material(db.session(), material_id)
    return reply(_material(row), status, headers=revisions.etag(row.revision))


def _material(row: MaterialView) -> Material:
    same = ("id", "workshop_id", "name", "unit", "may_go_below", "is_sold", "revision")
    return Material(
        unit_price=f"{row.unit_price:f}",
        vat_code=row.tax_code,
        stock=f"{row.in_stock:f}",
        **{name: getattr(row, name) for name in same},
    )


def _next(query: MaterialQuery | MovesQuery, shown: int, *, has_more: bool) -> str | None:
    return str(query.cursor + shown) if has_more else None
