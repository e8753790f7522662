"""Endpoints of recurring costs and of what is proposed of them."""

from __future__ import annotations

from app.api import revisions
from app.api.costs.costs import Cost
from app.api.costs.recurring_models import (
    Acceptance,
    PeriodAnswer,
    PeriodDay,
    ProposedCost,
    ProposedCostList,
    ProposedFilter,
    RecurringCost,
    RecurringCostList,
    RecurringFacts,
    RecurringQuery,
)
from app.api.endpoints import Endpoint, reply
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.wording.formats import as_zone
from billing import queries
from billing.pools import recurring_costs
from billing.queries import recurring as views
from booking.times.wall_clock import local_day

READERS, TREASURER = Access(treasurer=ALL, admin=ALL), Access(treasurer=ALL)
SHOWN = ("pool_id", "name", "supplier", "kind", "net_cents", "revision")


@Endpoint(
    "GET",
    "/pools/<id:pool_id>/recurring-costs",
    access=READERS,
    query=RecurringQuery,
    response=RecurringCostList,
    errors=(404,),
)
def list_recurring_costs(pool_id: int, query: RecurringQuery) -> RecurringCostList:
    """List what a pool pays each month, quarter or year."""
    queries.pool(db.session(), pool_id)
    return _of_pool(pool_id, query)


@Endpoint(
    "POST",
    "/pools/<id:pool_id>/recurring-costs",
    access=TREASURER,
    body=RecurringFacts,
    response=RecurringCost,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def enter_recurring_cost(pool_id: int, body: RecurringFacts) -> Reply:
    """Enter a recurring cost. Nothing is entered for its periods by itself: they are proposed."""
    by, instant = current_actor(), now()

    def enter() -> Reply:
        made = recurring_costs.enter_recurring_cost(db.session(), pool_id, body.entry(), by=by, now=instant)
        return _reply(made.id, 201)

    return run_idempotent(body, enter)


@Endpoint(
    "PUT",
    "/recurring-costs/<id:recurring_id>",
    access=TREASURER,
    body=RecurringFacts,
    response=RecurringCost,
    errors=(404, 409, 412),
    conditional=True,
)
def put_recurring_cost(recurring_id: int, body: RecurringFacts) -> Reply:
    """Change what is proposed from now on. Costs that were entered stay."""
    revision = revisions.expected(views.recurring_cost(db.session(), recurring_id).revision)
    by, instant = current_actor(), now()

    def put() -> Reply:
        recurring_costs.change_recurring_cost(
            db.session(), recurring_id, body.entry(), by=by, now=instant, revision=revision
        )
        return _reply(recurring_id, 200)

    return run_idempotent(body, put)


@Endpoint(
    "POST",
    "/recurring-costs/<id:recurring_id>/delete",
    access=TREASURER,
    response=RecurringCostList,
    errors=(404, 409, 412),
    conditional=True,
)
def delete_recurring_cost(recurring_id: int) -> Reply:
    """Delete a recurring cost of which no proposal was answered, and return the first ones left in its pool.

    The ETag is of the pool.
    """
    by, instant = current_actor(), now()

    def remove() -> Reply:  # looks up itself: sent again with its key, it finds the reply and no cost any more
        stored = views.recurring_cost(db.session(), recurring_id)
        revision = revisions.expected(stored.revision)
        recurring_costs.delete_recurring_cost(db.session(), recurring_id, by=by, now=instant, revision=revision)
        pool = queries.pool(db.session(), stored.pool_id)
        return reply(_of_pool(pool.id, RecurringQuery(cursor=0)), headers=revisions.etag(pool.revision))

    return run_idempotent(None, remove)


@Endpoint("GET", "/recurring-costs/proposed", access=READERS, query=ProposedFilter, response=ProposedCostList)
def list_proposed_costs(query: ProposedFilter) -> ProposedCostList:
    """List the periods that have begun and lack their recurring cost."""
    found = views.proposals(db.session(), local_day(now(), as_zone(None)), pool_id=query.pool_id)
    shown = found[query.cursor : query.cursor + query.limit]
    following = query.cursor + len(shown)
    items = [
        ProposedCost.model_validate(
            {name: getattr(one.recurring, name) for name in SHOWN}
            | {"recurring_id": one.recurring.id, "begins_on": one.begins_on, "last_on": one.last_on}
        )
        for one in shown
    ]
    return ProposedCostList(items=items, next=str(following) if following < len(found) else None)


@Endpoint(
    "POST",
    "/recurring-costs/<id:recurring_id>/accept",
    access=TREASURER,
    body=Acceptance,
    response=Cost,
    status=201,
    errors=(404, 409, 412),
    idempotent=True,
    conditional=True,
)
def accept_proposed_cost(recurring_id: int, body: Acceptance) -> Reply:
    """Enter the cost of a period, once: the same acceptance again returns the same cost.

    If-Match: the revision that was proposed; 412 where the recurring cost was changed since. The ETag is of the cost.
    """
    by, instant = current_actor(), now()

    def accept() -> Reply:
        session, today, confirmed = db.session(), local_day(instant, as_zone(None)), body.confirmed_cents
        stored = views.recurring_cost(session, recurring_id)
        cost_id = recurring_costs.accept_proposal(
            session,
            recurring_id,
            body.begins_on,
            body.entry(stored),
            today=today,
            by=by,
            now=instant,
            revision=revisions.expected_of_part(stored.revision, is_whole=False),
            confirmed_cents=confirmed,
        )
        entered = queries.cost(session, cost_id)
        return reply(Cost.model_validate(entered), 201, headers=revisions.etag(entered.revision))

    return run_idempotent(body, accept)


@Endpoint(
    "POST",
    "/recurring-costs/<id:recurring_id>/dismiss",
    access=TREASURER,
    body=PeriodDay,
    response=PeriodAnswer,
    errors=(404, 409),
)
def dismiss_proposed_cost(recurring_id: int, body: PeriodDay) -> Reply:
    """Note that a period has no such cost."""
    by, instant, day = current_actor(), now(), local_day(now(), as_zone(None))

    def dismiss() -> Reply:
        recurring_costs.dismiss_proposal(db.session(), recurring_id, body.begins_on, today=day, by=by, now=instant)
        return reply(PeriodAnswer(begins_on=body.begins_on, is_proposed=False))

    return run_idempotent(body, dismiss)


@Endpoint(
    "POST",
    "/recurring-costs/<id:recurring_id>/propose",
    access=TREASURER,
    body=PeriodDay,
    response=PeriodAnswer,
    errors=(404, 409),
)
def propose_cost_again(recurring_id: int, body: PeriodDay) -> Reply:
    """Take back that a period was dismissed."""
    by, instant, day = current_actor(), now(), local_day(now(), as_zone(None))

    def propose() -> Reply:
        recurring_costs.propose_again(db.session(), recurring_id, body.begins_on, today=day, by=by, now=instant)
        return reply(PeriodAnswer(begins_on=body.begins_on, is_proposed=True))

    return run_idempotent(body, propose)


def _of_pool(pool_id: int, query: RecurringQuery) -> RecurringCostList:
    found, has_more = views.recurring_costs(db.session(), pool_id, limit=query.limit, offset=query.cursor)
    following = str(query.cursor + len(found)) if has_more else None
    return RecurringCostList(items=[RecurringCost.model_validate(one) for one in found], next=following)


def _reply(recurring_id: int, status: int) -> Reply:
    view = views.recurring_cost(db.session(), recurring_id)
    return reply(RecurringCost.model_validate(view), status, headers=revisions.etag(view.revision))
