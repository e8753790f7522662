"""Endpoints of the budgets of pools."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext as _
from pydantic import Field, model_validator

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import WHOLE, RequestModel, ResponseModel, ShortText
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from billing import queries
from billing.limits import CENTS_MAX, FIRST_DAY, LAST_DAY
from billing.pools.budgets import set_budget
from billing.pools.pools import KINDS_MAX
from billing.queries.budgets import budgets_of_year

READERS, TREASURER = Access(treasurer=ALL, admin=ALL), Access(treasurer=ALL)


class BudgetQuery(RequestModel):
    """The calendar year."""

    year: Annotated[int, Field(ge=FIRST_DAY.year, le=LAST_DAY.year), WHOLE]


class BudgetKind(RequestModel):
    """What a kind of cost is expected to be."""

    kind: ShortText = Field(min_length=1)
    net_cents: int = Field(strict=True, ge=0, le=CENTS_MAX)


class BudgetFacts(RequestModel):
    """The budget of a calendar year; kinds that are left out have none."""

    year: Annotated[int, Field(strict=True, ge=FIRST_DAY.year, le=LAST_DAY.year), WHOLE]
    kinds: list[BudgetKind] = Field(max_length=KINDS_MAX)

    @model_validator(mode="after")
    def names_each_once(self) -> BudgetFacts:
        """Refuse a kind that is there twice: which amount counts would be a guess."""
        names = [one.kind for one in self.kinds]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(_("%(name)s is there twice", name=name))
        return self


class BudgetLine(ResponseModel):
    """A kind of cost. left_cents: budget less actual, negative where it is exceeded; null without a budget."""

    kind: str
    budget_cents: int | None
    actual_cents: int
    left_cents: int | None


class PoolBudget(ResponseModel):
    """The budget of a pool beside the bills entered, by day of service; total: all kinds."""

    pool_id: int
    year: int
    kinds: list[BudgetLine] = Field(validation_alias="lines")
    total: BudgetLine


@Endpoint(
    "GET",
    "/pools/<id:pool_id>/budget",
    access=READERS,
    query=BudgetQuery,
    response=PoolBudget,
    errors=(404,),
    conditional=True,
)
def get_budget(pool_id: int, query: BudgetQuery) -> Reply:
    """Get the budget of a pool for a year beside the bills entered."""
    return _budget(pool_id, query.year)


@Endpoint(
    "PUT",
    "/pools/<id:pool_id>/budget",
    access=TREASURER,
    body=BudgetFacts,
    response=PoolBudget,
    errors=(404, 412),
    conditional=True,
)
def put_budget(pool_id: int, body: BudgetFacts) -> Reply:
    """Replace the budget of a pool for a year."""
    revision = revisions.expected(queries.pool(db.session(), pool_id).revision)
    by, instant, kinds = current_actor(), now(), {one.kind: one.net_cents for one in body.kinds}

    def put() -> Reply:
        set_budget(db.session(), pool_id, body.year, kinds, by=by, now=instant, revision=revision)
        return _budget(pool_id, body.year)

    return run_idempotent(body, put)


def _budget(pool_id: int, year: int) -> Reply:
    session = db.session()
    view = queries.pool(session, pool_id)
    (found,) = budgets_of_year(session, year, pool_id=pool_id)
    return reply(PoolBudget.model_validate(found), headers=revisions.etag(view.revision))
