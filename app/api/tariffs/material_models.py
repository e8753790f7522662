"""Bodies and responses of materials and their stock."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, StrictBool

from app.api.books.fees import Quantity, UnitPrice, UnitText, VatCode
from app.api.fields import (
    PAGE_LENGTH,
    Day,
    Id,
    Instant,
    PageLength,
    QueryId,
    RequestModel,
    ResponseModel,
    ShortText,
    Text,
)
from app.web.url_converters import ID_MAX
from billing.fees.materials import MaterialInput


class MaterialQuery(RequestModel):
    """Which materials. cursor: `next` of the previous page."""

    workshop_id: QueryId | None = None
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class MovesQuery(RequestModel):
    """A page of the moves of a stock. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class MaterialFacts(RequestModel):
    """A material. unit_price: euro for one, VAT included, as text. may_go_below: sold beyond the stock, too."""

    name: ShortText = Field(min_length=1)
    unit: UnitText = Field(min_length=1)
    unit_price: UnitPrice
    vat_code: VatCode | None = None
    may_go_below: StrictBool = False
    is_sold: StrictBool = True

    def entry(self) -> MaterialInput:
        """Return what was sent."""
        price = Decimal(self.unit_price)
        return MaterialInput(self.name, self.unit, price, self.vat_code, self.may_go_below, self.is_sold)


class NewMaterial(MaterialFacts):
    """A material of a workshop."""

    workshop_id: Id


class NewMove(RequestModel):
    """Goods received are added; what was counted is the stock from now on. quantity: in units, as text."""

    kind: Literal["receipt", "count"]
    quantity: Quantity
    note: Text = ""


class NewSale(RequestModel):
    """A sale to a member, on a day that is not in the future. unit_price: what was shown; another one is refused."""

    member_id: Id
    quantity: Quantity
    service_date: Day
    unit_price: UnitPrice | None = None


class NewTaken(RequestModel):
    """Material taken for the use of a slip: its member owes it. unit_price: what was shown; another one is refused."""

    material_id: Id
    quantity: Quantity
    unit_price: UnitPrice | None = None


class Material(ResponseModel):
    """A material. stock: in units, as text."""

    id: int
    workshop_id: int
    name: str
    unit: str
    unit_price: str
    vat_code: str | None
    may_go_below: bool
    is_sold: bool
    stock: str
    revision: int


class MaterialList(ResponseModel):
    """Materials by workshop and name."""

    items: list[Material]
    next: str | None


class Move(ResponseModel):
    """What came into or left the stock, and what was there afterwards. fee_id: of a sale, or of its reversal."""

    id: int
    kind: str
    quantity: str
    stock: str
    fee_id: int | None
    usage_id: int | None
    note: str
    made_at: Instant


class MoveList(ResponseModel):
    """The moves of a stock, the newest first."""

    items: list[Move]
    next: str | None


class TakenItem(ResponseModel):
    """Material that was taken for a use. quantity: in units, as text."""

    fee_id: int
    name: str
    unit: str
    quantity: str
    cents: int


class TakenList(ResponseModel):
    """What was taken for a use, without what was taken back. next: always null."""

    items: list[TakenItem]
    next: str | None = None
