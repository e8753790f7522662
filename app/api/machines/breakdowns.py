"""Endpoints of breakdowns: a machine closed at once, a plan for its reservations, and what is confirmed of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.api import problems, revisions
from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import Id, Instant, RequestModel, ResponseModel, Text
from app.api.idempotency import run_idempotent
from app.api.machines.closure_decisions import DECISIONS_MAX, ClosureDecision, decision_of, require_each_once
from app.api.machines.closures import Closure
from app.api.problems import Refusal, Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.price_comparison import PriceComparison
from booking import queries, replan
from booking.closures import blockings
from booking.errors.schedule_errors import DecisionsRefused
from booking.kernel.transaction import in_write_transaction
from booking.queries import ClosureView
from booking.replan import DIGEST_LENGTH_MAX, Line, Outcome, Plan, Target

MANAGER = Access(manager=WORKSHOP, admin=ALL)

Digest = Annotated[str, StringConstraints(max_length=DIGEST_LENGTH_MAX, pattern=r"^[0-9a-f.,]*$")]


class NewBreakdown(RequestModel):
    """A machine that broke down. ends_at: until when it will probably be repaired; it is closed from now on."""

    machine_id: Id
    ends_at: Instant
    reason: Text = ""


class BreakdownChange(RequestModel):
    """Another repair date or reason; what is left out stays."""

    ends_at: Instant | None = None
    reason: Text | None = None


class PlannedTarget(ResponseModel):
    """A machine and time that would take a reservation. is_dearer: it costs the member more.

    loses: the chosen variants that its own machine has and this one lacks.
    """

    machine_id: int
    machine_name: str
    starts_at: Instant
    ends_at: Instant
    is_dearer: bool
    loses: list[str]


class PlannedLine(ResponseModel):
    """What would become of one reservation.

    `twin`: moved to a machine of the same rank at the same time. `shift`: moved within the member's tolerance. `offer`:
    `target` is proposed, and the reservation stays until its member takes it. `none`: nothing was found, `reasons` say
    why. `offered`: a proposal of an earlier plan waits. `waits`: another time waits for approval. `running`: it has
    begun. `at_risk`: it begins within 28 days after the repair. options: machines that take it at its time beside all
    that is planned.
    """

    reservation_id: int
    member_id: int
    revision: int
    starts_at: Instant
    ends_at: Instant
    outcome: Outcome
    target: PlannedTarget | None
    reasons: list[str]
    options: list[PlannedTarget]


class BreakdownPlan(ResponseModel):
    """What would become of the reservations of a broken machine, in the order of time; at most 400 are planned at once.

    digest: sent with the confirmation; another plan than this one is not carried out. left_out: how many more are
    planned after that.
    """

    digest: str
    counts: dict[str, int]
    lines: list[PlannedLine]
    left_out: int


class Breakdown(ResponseModel):
    """A machine that is out of service, as a closure around its reservations, and the plan for them.

    plan: null once it is over.
    """

    closure: Closure
    plan: BreakdownPlan | None


class PlanConfirmation(RequestModel):
    """The plan that was shown, and what the manager decides otherwise for single reservations.

    digest: of the plan; without it nothing is carried out.
    """

    digest: Digest = ""
    decisions: list[ClosureDecision] = Field(default_factory=list, max_length=DECISIONS_MAX)


@Endpoint(
    "POST",
    "/breakdowns",
    access=MANAGER,
    body=NewBreakdown,
    response=Breakdown,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def report_breakdown(body: NewBreakdown) -> Reply:
    """Close a broken machine at once, around its reservations, and return the plan for them.

    Nothing is done with the reservations yet: `POST /breakdowns/{id}/confirm` carries the plan out.
    """
    lookups.managed_machine(body.machine_id)
    by, instant = current_actor(), now()
    span = span_of(_Span(instant, body.ends_at))

    def close() -> Reply:
        session = db.session()
        closure_id = blockings.close(
            session, body.machine_id, span, body.reason, by=by, now=instant, around_reservations=True
        )
        return reply(_breakdown(queries.closure(session, closure_id), instant), 201)

    return run_idempotent(body, close)


@Endpoint("GET", "/breakdowns/<id:closure_id>", access=MANAGER, response=Breakdown, errors=(404,))
def read_breakdown(closure_id: int) -> Breakdown:
    """Return a breakdown and the plan for its reservations as of now. Reading changes nothing."""
    return _breakdown(lookups.closure(closure_id), now())


@Endpoint(
    "POST",
    "/breakdowns/<id:closure_id>/confirm",
    access=MANAGER,
    body=PlanConfirmation,
    response=Breakdown,
    errors=(404, 409),
)
def confirm_plan(closure_id: int, body: PlanConfirmation) -> Reply:
    """Carry a plan out: all of it in one transaction, with one e-mail for each member, or nothing.

    If anything changed since it was shown, the answer is 409 `plan_changed` with the reservations for which something
    else is planned now; read the new plan and confirm that. The reply has the plan for what is left.
    """
    lookups.closure(closure_id)
    require_each_once(body.decisions)
    decisions, by, instant = [decision_of(one) for one in body.decisions], current_actor(), now()

    def confirm() -> Reply:
        session = db.session()
        is_dearer, lacking = PriceComparison(session), LackingVariants(session)
        replan.confirm(
            session, closure_id, body.digest, decisions, by=by, now=instant, is_dearer=is_dearer, lacking=lacking
        )
        return reply(_breakdown(queries.closure(session, closure_id), instant))

    try:
        return in_write_transaction(db.session(), confirm)
    except DecisionsRefused as refusal:
        names = {one.reservation_id: f"decisions.{at}" for at, one in enumerate(body.decisions)}
        raise Refusal(problems.of_decisions(refusal, names)) from refusal


@Endpoint(
    "PATCH",
    "/breakdowns/<id:closure_id>",
    access=MANAGER,
    body=BreakdownChange,
    response=Breakdown,
    errors=(404, 409, 412),
    conditional=True,
)
def change_breakdown(closure_id: int, body: BreakdownChange) -> Reply:
    """Change when the machine will be repaired. The plan has what is newly hit; what was moved stays where it is.

    After an earlier date, members whose old time is free again get an e-mail and may go back to it.
    """
    view = lookups.closure(closure_id)
    span = span_of(_Span(view.starts_at, body.ends_at or view.ends_at))
    reason = view.reason if body.reason is None else body.reason
    by, instant, is_whole = current_actor(), now(), None not in (body.ends_at, body.reason)
    revision = revisions.expected_of_part(view.revision, is_whole=is_whole)

    def change() -> Reply:
        session = db.session()
        blockings.change(session, closure_id, span, reason, by=by, now=instant, revision=revision)
        changed = queries.closure(session, closure_id)
        return reply(_breakdown(changed, instant), headers=revisions.etag(changed.revision))

    return in_write_transaction(db.session(), change)


@Endpoint(
    "POST",
    "/breakdowns/<id:closure_id>/end",
    access=MANAGER,
    response=Breakdown,
    errors=(404, 409, 412),
    conditional=True,
)
def end_breakdown(closure_id: int) -> Reply:
    """End a breakdown: the machine works again and can be reserved at once."""
    view = lookups.closure(closure_id)
    by, instant, revision = current_actor(), now(), revisions.expected(view.revision)

    def lift() -> Reply:
        session = db.session()
        blockings.lift(session, closure_id, by=by, now=instant, revision=revision)
        ended = queries.closure(session, closure_id)
        return reply(_breakdown(ended, instant), headers=revisions.etag(ended.revision))

    return in_write_transaction(db.session(), lift)


class _Span:
    """A span for `span_of`, whose start is not sent."""

    def __init__(self, starts_at: datetime, ends_at: datetime) -> None:
        self.starts_at, self.ends_at = starts_at, ends_at


def _breakdown(view: ClosureView, instant: datetime) -> Breakdown:
    plan = None
    if view.lifted_at is None and view.ends_at > instant:
        session = db.session()
        is_dearer, lacking = PriceComparison(session), LackingVariants(session)
        plan = _plan_of(replan.make_plan(session, view.id, now=instant, is_dearer=is_dearer, lacking=lacking))
    return Breakdown(closure=Closure.model_validate(view), plan=plan)


def _plan_of(plan: Plan) -> BreakdownPlan:
    return BreakdownPlan(
        digest=plan.digest,
        counts={outcome.value: plan.counts.get(outcome, 0) for outcome in Outcome},
        lines=[_line_of(line) for line in plan.lines],
        left_out=plan.left_out,
    )


def _line_of(line: Line) -> PlannedLine:
    return PlannedLine(
        reservation_id=line.reservation_id,
        member_id=line.member_id,
        revision=line.revision,
        starts_at=line.span.start,
        ends_at=line.span.end,
        outcome=line.outcome,
        target=None if line.target is None else _target_of(line.target),
        reasons=list(line.reasons),
        options=[_target_of(one) for one in line.options],
    )


def _target_of(target: Target) -> PlannedTarget:
    return PlannedTarget(
        machine_id=target.machine_id,
        machine_name=target.machine_name,
        starts_at=target.span.start,
        ends_at=target.span.end,
        is_dearer=target.is_dearer,
        loses=list(target.loses),
    )
