"""Bodies and responses of recurring costs and of what is proposed of them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from app.api.costs.costs import BillCents, BillDay
from app.api.fields import PAGE_LENGTH, PageLength, QueryId, RequestModel, ResponseModel, ShortText, Text
from app.web.url_converters import ID_MAX
from billing.limits import CENTS_MAX
from billing.pools.costs import CostEntry
from billing.pools.recurring_costs import RecurringInput
from billing.queries.recurring import RecurringCostView


class RecurringFacts(RequestModel):
    """A recurring cost. net_cents: of one period, without VAT. kind: a key of the pool's `rules`.

    first_on: the first day of the first period, and the service date of its cost; last_on: no period begins after it.
    """

    name: ShortText = Field(min_length=1)
    supplier: ShortText = Field(min_length=1)
    kind: ShortText = Field(min_length=1)
    net_cents: int = Field(strict=True, ge=1, le=CENTS_MAX)
    every_months: Literal[1, 3, 12] = Field(json_schema_extra={"minimum": 1, "maximum": 12})
    first_on: BillDay
    last_on: BillDay | None = None

    def entry(self) -> RecurringInput:
        """Return what was sent."""
        return RecurringInput(
            self.name, self.supplier, self.kind, self.net_cents, self.every_months, self.first_on, self.last_on
        )


class RecurringCost(ResponseModel):
    """A recurring cost. is_used: a proposal of it was answered, so that its days stay."""

    id: int
    pool_id: int
    name: str
    supplier: str
    kind: str
    net_cents: int
    every_months: int
    first_on: date
    last_on: date | None
    is_used: bool
    revision: int


class RecurringCostList(ResponseModel):
    """A page of the recurring costs of a pool by name."""

    items: list[RecurringCost]
    next: str | None = None


class RecurringQuery(RequestModel):
    """A page of recurring costs. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class ProposedFilter(RequestModel):
    """What is proposed for a pool, or without pool_id for all. cursor: `next` of the previous page."""

    pool_id: QueryId | None = None
    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class ProposedCost(ResponseModel):
    """A period from begins_on to last_on that lacks the cost. revision: of the recurring cost, for If-Match."""

    recurring_id: int
    pool_id: int
    name: str
    supplier: str
    kind: str
    net_cents: int
    begins_on: date
    last_on: date
    revision: int


class ProposedCostList(ResponseModel):
    """What is proposed, the oldest period first. next: the cursor of the next page, null on the last one."""

    items: list[ProposedCost]
    next: str | None


class PeriodDay(RequestModel):
    """The period that begins on a day."""

    begins_on: BillDay


class Acceptance(PeriodDay):
    """Enters the cost of a period. What is left out is entered as proposed.

    confirmed_cents: net_cents once more, for an amount that was refused as unusual_cost and is right.
    """

    service_date: BillDay | None = None
    supplier: ShortText | None = Field(None, min_length=1)
    kind: ShortText | None = Field(None, min_length=1)
    net_cents: BillCents | None = None
    document_number: ShortText = ""
    note: Text | None = None
    confirmed_cents: BillCents | None = None

    def entry(self, stored: RecurringCostView) -> CostEntry:
        """Return what was sent, completed by what is proposed."""
        return CostEntry(
            self.service_date or self.begins_on,
            self.supplier or stored.supplier,
            self.kind or stored.kind,
            stored.net_cents if self.net_cents is None else self.net_cents,
            self.document_number,
            stored.name if self.note is None else self.note,
        )


class PeriodAnswer(ResponseModel):
    """Whether a period is proposed now."""

    begins_on: date
    is_proposed: bool
