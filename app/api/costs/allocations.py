"""Endpoints of allocations: costs divided among members, as a preview or posted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from urllib.parse import urlencode

from pydantic import Field, StrictBool

from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, Instant, MembersQuery, RequestModel, ResponseModel, Text
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.tasks import Task, accepted
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.background.allocation_length import is_long_allocation
from app.background.deferral import is_carried_out
from app.clock import now
from app.extensions import db
from billing import queries
from billing.allocations.allocations import post_allocation
from billing.allocations.periods import Period as DaysOfPeriod
from billing.allocations.preview_models import CostGroup, Preview, PreviewWarning, bearer_ids
from billing.allocations.previews import preview_allocation
from billing.queries import AllocationView
from billing.queries.counted import counted_cents
from booking.charge_units import CHARGE_UNITS

DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class AllocationRequest(RequestModel):
    """Costs to divide among members. period: "2026", "2026-11" or "2026-11-01/2026-11-15".

    The use in the period decides who bears costs with the key "use"; `proposed_period` of the pool is the accounting
    year of its oldest unallocated cost.

    preview: true returns what would be posted, false posts it. digest: from a preview; with it, the allocation is
    posted only if it still equals that preview.
    """

    pool_id: Id
    period: Period
    preview: StrictBool = True
    digest: str | None = Field(None, pattern=DIGEST_PATTERN)
    note: Text = ""


class AllocationLine(ResponseModel):
    """A member's share of one cost group: cost_group_cents x weight / weight_sum, rounded to whole cents.

    weight_unit: the small unit of use ("ares"), "" for shares and heads. slips_url: the member's usage slips in the
    period, null where the key is not use.
    """

    member_id: int
    cost_group: int
    key: str
    weight: int
    weight_sum: int
    weight_unit: str
    cost_group_cents: int
    cents: int
    got_rounding_cent: bool
    slips_url: str | None


class AllocationWarning(ResponseModel):
    """Something to check before posting.

    Codes: still_out, disputed (count: usage slips), late_cost, unlike_last, advances_beyond (count: advances that are
    not counted, for a period that reaches beyond this one); with member_ids: leavers (they bear costs although their
    membership ended before the period or within it), guests (they bear costs), guests_left_out (the
    pool leaves them out), shares_ended (their shares ended with the membership), charges_not_counted (they have
    charges or advances but bear nothing).
    """

    code: str
    count: int
    member_ids: list[int]


class Due(ResponseModel):
    """What an allocation makes a member owe: due_cents = share_cents - counted_cents (charges and advances before)."""

    member_id: int
    share_cents: int
    counted_cents: int
    due_cents: int


class Allocation(ResponseModel):
    """Costs divided among members. id and posted_at: null in a preview. lines: members see only their own.

    member_count: how many members bear costs, null for members. use_member_count: how many of them because of their
    use in the period; null where no key depends on the period, and once posted. warnings: of a preview. next: the
    cursor of the next part, null on the last one and in what is previewed or was just posted, which is whole.
    """

    id: int | None
    pool_id: int
    machine_id: int
    period_from: date
    period_until: date
    total_cents: int
    posted_at: Instant | None
    digest: str | None
    note: str
    reverses_id: int | None
    reversed_by_id: int | None
    member_count: int | None
    use_member_count: int | None
    warnings: list[AllocationWarning]
    lines: list[AllocationLine]
    dues: list[Due]
    next: str | None = None


@Endpoint(
    "POST",
    "/allocations",
    access=Access(treasurer=ALL),
    body=AllocationRequest,
    response=Allocation,
    status=201,
    extra_statuses=(200,),
    errors=(404, 409),
    idempotent=True,
    is_expensive=True,
    accepted=Task,
)
def allocate_costs(body: AllocationRequest) -> Reply:
    """Allocate the unallocated costs of a period: preview the result (200), or post it (201).

    With the slips of a large ring both take longer than two seconds. Then the reply is 202 and a background task.
    """
    period_from, period_until = days_of(body.period)
    if _is_long(body.pool_id, (period_from, period_until)):
        return run_idempotent(body, lambda: accepted(body))
    if body.preview:
        return reply(_previewed(preview_allocation(db.session(), body.pool_id, period_from, period_until)))
    by, instant = current_actor(), now()

    def post() -> Reply:
        session = db.session()
        digest = body.digest or preview_allocation(session, body.pool_id, period_from, period_until).digest
        posted = post_allocation(
            session, body.pool_id, period_from, period_until, digest=digest, by=by, now=instant, note=body.note
        )
        return posted_reply(posted.id)

    return run_idempotent(body, post)


def posted_reply(allocation_id: int) -> Reply:
    """Return the reply to a request that posted an allocation."""
    return reply(_posted(*queries.allocation(db.session(), allocation_id)), 201)


@Endpoint(
    "GET",
    "/allocations/<id:allocation_id>",
    access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN),
    query=MembersQuery,
    response=Allocation,
    errors=(404,),
)
def get_allocation(allocation_id: int, query: MembersQuery) -> Allocation:
    """Get a posted allocation with the lines of some members. Members see only their own lines."""
    if lookups.bearing_member_id() is not None:
        return _posted(*lookups.allocation(allocation_id))
    session = db.session()
    member_ids, has_more = queries.bearers_of(session, allocation_id, limit=query.limit, offset=query.cursor)
    part = _posted(*queries.allocation_of_members(session, allocation_id, member_ids))
    following = str(query.cursor + len(member_ids)) if has_more else None
    return part.model_copy(update={"member_count": queries.bearer_count(session, allocation_id), "next": following})


def _is_long(pool_id: int, period: DaysOfPeriod) -> bool:
    """Return whether the worker shall carry the request out, which it does not do already. Raises PoolNotFound."""
    session = db.session()
    return not is_carried_out() and is_long_allocation(session, pool_id, period)


def _previewed(preview: Preview) -> Allocation:
    return Allocation(
        id=None,
        pool_id=preview.pool_id,
        machine_id=preview.machine_id,
        period_from=preview.period_from,
        period_until=preview.period_until,
        total_cents=preview.total_cents,
        posted_at=None,
        digest=preview.digest,
        note="",
        reverses_id=None,
        reversed_by_id=None,
        member_count=len(preview.bearer_ids),
        use_member_count=len(preview.bearer_ids_by_period) if preview.groups_by_use else None,
        warnings=[_warning(warning) for warning in preview.warnings],
        lines=_lines(preview, preview.groups),
        dues=_dues(preview.groups, preview.counted_cents),
    )


def _dues(groups: Iterable[CostGroup], counted: Mapping[int, int]) -> list[Due]:
    shares: dict[int, int] = {}
    for line in (line for group in groups for line in group.lines):
        shares[line.member_id] = shares.get(line.member_id, 0) + line.cents
    return [
        Due(
            member_id=one,
            share_cents=shares[one],
            counted_cents=counted.get(one, 0),
            due_cents=shares[one] - counted.get(one, 0),
        )
        for one in sorted(shares)
    ]


def _warning(warning: PreviewWarning) -> AllocationWarning:
    return AllocationWarning(code=warning.code, count=warning.count, member_ids=list(warning.member_ids))


def _posted(view: AllocationView, groups: Collection[CostGroup]) -> Allocation:
    return Allocation(
        id=view.id,
        pool_id=view.pool_id,
        machine_id=view.machine_id,
        period_from=view.period_from,
        period_until=view.period_until,
        total_cents=view.total_cents,
        posted_at=view.posted_at,
        digest=None,
        note=view.note,
        reverses_id=view.reverses_id,
        reversed_by_id=view.reversed_by_id,
        member_count=len(bearer_ids(groups)) if lookups.bearing_member_id() is None else None,
        use_member_count=None,
        warnings=[],
        lines=_lines(view, groups),
        dues=_dues(groups, counted_cents(db.session(), view.id, bearer_ids(groups))),
    )


def _lines(of: Preview | AllocationView, groups: Iterable[CostGroup]) -> list[AllocationLine]:
    return [
        AllocationLine(
            member_id=line.member_id,
            cost_group=group.number,
            key=group.key,
            weight=line.weight,
            weight_sum=group.weight_sum,
            weight_unit=CHARGE_UNITS[group.charge_unit].small_unit if group.charge_unit else "",
            cost_group_cents=group.cents,
            cents=line.cents,
            got_rounding_cent=line.got_rounding_cent,
            slips_url=_slips_url(of, line.member_id) if group.charge_unit else None,
        )
        for group in groups
        for line in group.lines
    ]


def _slips_url(of: Preview | AllocationView, member_id: int) -> str:
    wanted: dict[str, object] = {"machine_id": of.machine_id} if of.counts_machine else {}
    wanted |= {"member_id": member_id, "from": of.period_from, "until": of.period_until}
    return f"/api/v1/usage?{urlencode(wanted)}"
