"""Request and response models of exchanges."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.api.fields import PAGE_LENGTH, WHOLE, Id, Instant, PageLength, QueryId, RequestModel, ResponseModel, Text
from app.api.reservations.reservation_models import PersonName
from booking.models import ExchangeState
from booking.records.ring import EXCHANGE_HOURS_MAX

Hours = Annotated[int, Field(strict=True, ge=1, le=EXCHANGE_HOURS_MAX), WHOLE]


class NewExchange(RequestModel):
    """A reservation that is offered: to the member of a number, or for another reservation; exactly one of the two.

    hours: to answer, null for those of the ring; at the latest when the first of the reservations begins.
    note: what the other member reads. second_person: as in NewReservation, of a swap where what one gets needs two.
    """

    reservation_id: Id
    member_number: Text | None = None
    wanted_reservation_id: Id | None = None
    hours: Hours | None = None
    note: Text = ""
    second_person: PersonName = ""


class ExchangeAnswer(RequestModel):
    """The agreement to an exchange. second_person: as in NewReservation, where what one gets needs two persons."""

    second_person: PersonName = ""


class ExchangeFilter(RequestModel):
    """Filter of exchanges."""

    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class Exchange(ResponseModel):
    """A reservation that a member offers to another one, for nothing or for a wanted one, until lapses_at.

    agreed_at: when the receiver agreed to a swap about which the workshop decides now. Until then it is open; where the
    workshop declined it, it is declined. receiver_member_id: null while the proposer of a swap may not know it.
    choices and wanted_choices: the variants of the tariff that go along with each reservation, and their surcharges;
    null for that of the other member once it has ended.
    receivers_reservation_id and proposers_reservation_id: the new reservations that an accepted one made.
    """

    id: int
    revision: int
    status: ExchangeState
    reservation_id: int
    wanted_reservation_id: int | None
    choices: list[str] | None
    wanted_choices: list[str] | None
    proposer_member_id: int
    receiver_member_id: int | None
    note: str
    proposed_at: Instant
    lapses_at: Instant
    agreed_at: Instant | None
    closed_at: Instant | None
    receivers_reservation_id: int | None
    proposers_reservation_id: int | None


class ExchangePrice(ResponseModel):
    """What the caller would pay for the time that it gets, by the tariff of the first day. unit_price: euro per unit.

    minimum_cents: the least. cents: null where what a meter shows afterwards decides.
    """

    charge_unit: str
    unit_price: str
    minimum_cents: int
    cents: int | None


class ExchangeWithPrice(Exchange):
    """An exchange with the price of what the caller gets.

    price: null for who gets nothing, once it has ended, and where there is no price.
    """

    price: ExchangePrice | None


class ExchangeList(ResponseModel):
    """Exchanges, the newest first. next: the cursor of the next page, null on the last one."""

    items: list[Exchange]
    next: int | None
