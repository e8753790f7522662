"""Endpoints of objections to usage slips, and of their answers."""

from __future__ import annotations

from flask_babel import gettext as _
from pydantic import Field, model_validator

from app.api.conversions import to_small_units
from app.api.endpoints import Endpoint, reply
from app.api.fields import Amount, RequestModel, Text
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.use.asked_amounts import Choices, OtherAmounts, read_known
from app.api.use.usage import UsageSlip, usage_slip_answer
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.tariffs.asked_amounts import asked_on, asked_with
from booking.queries import SlipView
from booking.queries.other_amounts import NOTHING_BESIDE, beside_amounts
from booking.use import objections
from booking.use.other_amounts import Beside


class NewObjection(RequestModel):
    """What is wrong with a slip."""

    objection: Text = Field(min_length=1)


class SlipAnswer(RequestModel):
    """The answer to an objection, with what the slip is to say where it was wrong.

    amount: of the use; null: it was right. amounts, choices: all that the slip has beside it from now on; null: they
    stay as they are.
    """

    answer: Text = Field(min_length=1)
    amount: Amount | None = None
    amounts: OtherAmounts | None = None
    choices: Choices | None = None

    @model_validator(mode="after")
    def _has_both(self) -> SlipAnswer:
        if (self.amounts is None) != (self.choices is None):
            raise ValueError(_("send amounts and choices together: they replace what the slip has"))
        return self


@Endpoint(
    "POST",
    "/usage/<id:usage_id>/objection",
    access=Access(member=OWN),
    body=NewObjection,
    response=UsageSlip,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def object_to_slip(usage_id: int, body: NewObjection) -> Reply:
    """Object to a slip of one's own; a manager of the workshop answers."""
    lookups.slip(usage_id)
    by, instant = current_actor(), now()

    def write() -> Reply:
        objections.object_to(db.session(), usage_id, body.objection, by=by, now=instant)
        return reply(usage_slip_answer(usage_id), 201)

    return run_idempotent(body, write)


@Endpoint(
    "POST",
    "/usage/<id:usage_id>/answer",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=SlipAnswer,
    response=UsageSlip,
    errors=(404, 409),
    idempotent=True,
)
def answer_objection(usage_id: int, body: SlipAnswer) -> Reply:
    """Answer an objection, and correct the slip; the charge follows."""
    slip = lookups.slip(usage_id)
    amount, beside = to_small_units(body.amount, slip.charge_unit, "amount"), _beside(body, slip)
    by, instant = current_actor(), now()

    def write() -> Reply:
        session = db.session()
        objections.answer(session, usage_id, body.answer, by=by, now=instant, corrected_amount=amount, beside=beside)
        return reply(usage_slip_answer(usage_id))

    return run_idempotent(body, write)


def _beside(body: SlipAnswer, slip: SlipView) -> Beside | None:
    if body.amounts is None or body.choices is None:
        return None
    session = db.session()
    stored = beside_amounts(session, [slip.id]).get(slip.id, NOTHING_BESIDE)
    asked = asked_with(asked_on(session, slip.machine_id, slip.service_date), stored)
    return Beside(*read_known(body.amounts, body.choices, asked))
