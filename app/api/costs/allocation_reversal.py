"""The endpoint that takes an allocation back."""

from __future__ import annotations

from pydantic import Field

from app.api.costs.allocations import Allocation, posted_reply
from app.api.endpoints import Endpoint
from app.api.fields import RequestModel, Text
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from billing.allocations import allocations


class AllocationReversal(RequestModel):
    """Why an allocation is taken back."""

    reason: Text = Field(min_length=1)


@Endpoint(
    "POST",
    "/allocations/<id:allocation_id>/reverse",
    access=Access(treasurer=ALL),
    body=AllocationReversal,
    response=Allocation,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def reverse_allocation(allocation_id: int, body: AllocationReversal) -> Reply:
    """Take an allocation back by its mirror. Its costs wait for an allocation again."""
    by, instant = current_actor(), now()

    def reverse() -> Reply:
        made = allocations.reverse_allocation(db.session(), allocation_id, body.reason, by=by, now=instant)
        return posted_reply(made.id)

    return run_idempotent(body, reverse)
