"""Endpoints of deposits: what a machine asks when it is handed out."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StrictBool

from app.api.endpoints import Endpoint, reply
from app.api.fields import WHOLE, Day, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, Access
from app.clock import now
from app.extensions import db
from billing.fees import deposits
from billing.fees.deposits import DepositEntry
from billing.limits import CENTS_MAX
from booking.queries import machine_card


class NewDeposit(RequestModel):
    """What is asked from valid_from (today or later) on; 0 cents: nothing. is_set_off: against the charge."""

    valid_from: Day
    cents: Annotated[int, Field(strict=True, ge=0, le=CENTS_MAX), WHOLE]
    is_set_off: StrictBool = False


class Deposit(ResponseModel):
    """What is asked from a day on, until the next begins."""

    valid_from: date
    cents: int
    is_set_off: bool


class DepositList(ResponseModel):
    """All that a machine asked, the newest first."""

    items: list[Deposit]


@Endpoint("GET", "/machines/<id:machine_id>/deposits", access=LOGGED_IN, response=DepositList, errors=(404,))
def list_deposits(machine_id: int) -> DepositList:
    """List what a machine asks when it is handed out."""
    return _deposits(machine_card(db.session(), machine_id).id)


@Endpoint(
    "POST",
    "/machines/<id:machine_id>/deposits",
    access=Access(treasurer=ALL),
    body=NewDeposit,
    response=DepositList,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_deposit(machine_id: int, body: NewDeposit) -> Reply:
    """Enter what a machine asks from a day on; what begins on the same day is replaced."""
    by, instant = current_actor(), now()
    entry = DepositEntry(body.valid_from, body.cents, body.is_set_off)

    def enter() -> Reply:
        deposits.set_deposit(db.session(), machine_id, entry, by=by, now=instant)
        return reply(_deposits(machine_id), 201)

    return run_idempotent(body, enter)


def _deposits(machine_id: int) -> DepositList:
    items = [
        Deposit(valid_from=one.valid_from, cents=one.cents, is_set_off=one.is_set_off)
        for one in deposits.deposit_history(db.session(), machine_id)
    ]
    return DepositList(items=items)
