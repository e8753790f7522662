"""Endpoints of series: enter, list, get, change, put back a date, cancel the rest, decide about all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from functools import partial
from typing import Any

from flask_login import current_user
from pydantic import BaseModel

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.reservations.overrulings import read_overruling
from app.api.reservations.reservation_models import Reason
from app.api.reservations.reservations import decisions_of, member_of, require_one_target
from app.api.series.entered_series import entered_series
from app.api.series.series_change_models import SeriesChangePreview, SeriesPatch, change_preview_of
from app.api.series.series_models import (
    CancelledSeriesDate,
    NewSeries,
    PutBack,
    Series,
    SeriesCancellation,
    SeriesCancellationPreview,
    SeriesFilter,
    SeriesList,
    SeriesPreview,
    preview_of,
    series_of,
    summary_of,
)
from app.api.series.series_wish import wish_of
from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.fees.missed import fees_if_cancelled
from billing.tariffs.asked_amounts import LackingVariants
from booking.models import Status
from booking.queries import series as series_queries
from booking.queries.series import SeriesView
from booking.series import series, series_decisions, series_plan
from booking.series_change import carry_out

MEMBER_OR_MANAGER = Access(member=OWN, manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL)
MANAGER = Access(manager=WORKSHOP, admin=ALL)

action = partial(Endpoint, "POST", response=Series, errors=(404, 409, 412), idempotent=True, conditional=True)


@Endpoint(
    "POST",
    "/series",
    access=MEMBER_OR_MANAGER,
    body=NewSeries,
    response=Series | SeriesPreview,
    status=201,
    extra_statuses=(200,),
    errors=(404, 409),
    idempotent=True,
    conditional=True,
)
def create_series(body: NewSeries) -> Reply:
    """Reserve a machine for all dates of a rule (201), or preview what would become of each (200).

    With `group_id` in place of `machine_id` each date gets the best machine of the group that is free then.
    Dates that are taken or against the rules give 409 `series_conflicts`, as `on_conflict` says; a rule that is not
    possible gives 422 `series_refused`.
    """
    require_one_target(body.first)
    by, instant, member_id = current_actor(), now(), member_of(body.first)
    approve, overruling = decisions_of(body.first)
    wish = wish_of(body, member_id)
    if body.preview:
        planned = series_plan.plan(db.session(), wish, now=instant, overruling=overruling)
        return reply(preview_of(planned, wish.rule))

    def enter() -> Reply:
        made = series.create(
            db.session(),
            wish,
            on_conflict=body.on_conflict,
            by=by,
            now=instant,
            approve=approve,
            overruling=overruling,
        )
        found = entered_series(made, wish, instant)
        headers = {"Location": f"/api/v1/series/{made.id}", **revisions.etag(found.revision)}
        return reply(found, 201, headers)

    return run_idempotent(body, enter)


@Endpoint("GET", "/series", access=READ, query=SeriesFilter, response=SeriesList)
def list_series(query: SeriesFilter) -> SeriesList:
    """List series, the newest first: one's own, those of one's workshops, or all.

    `member_id` finds only those that the login may see.
    """
    own, workshop_ids = _scope()
    found = series_queries.series_list(
        db.session(),
        member_id=query.member_id,
        workshop_ids=workshop_ids,
        or_member_id=own,
        before=query.cursor,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    return SeriesList(
        items=[summary_of(view) for view in shown], next=shown[-1].id if len(found) > query.limit else None
    )


@Endpoint("GET", "/series/<id:series_id>", access=READ, response=Series, errors=(404,), conditional=True)
def get_series(series_id: int) -> Reply:
    """Get a series with all its dates."""
    lookups.series(series_id)
    return _reply(series_id)


@Endpoint(
    "PATCH",
    "/series/<id:series_id>",
    access=MEMBER_OR_MANAGER,
    body=SeriesPatch,
    response=Series | SeriesChangePreview,
    errors=(404, 409, 412),
    idempotent=True,
    conditional=True,
)
def change_series(series_id: int, body: SeriesPatch) -> Reply:
    """Change one date, it and those after it, or all that have not begun; or preview what would become of each.

    "This and following" ends the rule and begins another series (`follows_id`), which is returned. A change that needs
    approval asks again. Dates that cannot be changed give 409 `series_conflicts`, as `on_conflict` says.
    """
    view, session, instant = lookups.series(series_id), db.session(), now()
    change, within = body.change, permissions.workshops_within(view.member_id)
    decides_in = permissions.workshops_within(endpoint="api.approve_series")
    may_decide = permissions.may_touch("api.approve_series", "POST", workshop_id=view.workshop_id)
    overruling = read_overruling(body.overrule_reason, may_decide=may_decide)
    asked: dict[str, Any] = {"now": instant, "decides_in": decides_in, "workshop_ids": within, "overruling": overruling}
    asked["lacking"] = LackingVariants(session)
    if body.preview:
        return reply(change_preview_of(carry_out.preview(session, series_id, change, **asked)))
    by, revision = current_actor(), revisions.expected(view.revision)

    def act() -> Reply:
        done = carry_out.change_series(
            session,
            series_id,
            change,
            on_conflict=body.on_conflict,
            by=by,
            revision=revision,
            shown=body.digest,
            **asked,
        )
        return _reply(done.id)

    return run_idempotent(body, act)


@action(
    "/series/<id:series_id>/cancel",
    access=MEMBER_OR_MANAGER,
    body=SeriesCancellation,
    response=Series | SeriesCancellationPreview,
)
def cancel_series(series_id: int, body: SeriesCancellation) -> Reply:
    """Cancel the dates to come, each late or in time by itself; or preview which would be. What has begun stays."""
    view = lookups.series(series_id)
    within = permissions.workshops_within(view.member_id)
    if body.preview:
        return reply(_cancellation(view, body, within))
    cancel = partial(series.cancel_rest, reason=body.reason, since=body.since, workshop_ids=within)
    return _act(series_id, body, cancel)


@action("/series/<id:series_id>/put-back", access=MEMBER_OR_MANAGER, body=PutBack)
def put_back_date(series_id: int, body: PutBack) -> Reply:
    """Reserve a date that was skipped, or that has ended without use, under the rules of today."""
    view = lookups.series(series_id)
    approve = permissions.may_touch("api.approve_series", "POST", workshop_id=view.workshop_id)

    def put_back(session: Any, series_id: int, **options: Any) -> object:
        lacking = LackingVariants(session)
        return series.put_back(session, series_id, body.day, approve=approve, lacking=lacking, **options)

    return _act(series_id, body, put_back)


@action("/series/<id:series_id>/approve", access=MANAGER)
def approve_series(series_id: int) -> Reply:
    """Approve all dates that wait for a decision: all of them or none."""
    return _decide(series_id, None, is_approved=True)


@action("/series/<id:series_id>/reject", access=MANAGER, body=Reason)
def reject_series(series_id: int, body: Reason) -> Reply:
    """Reject all dates that wait for a decision. Their time is free at once."""
    return _decide(series_id, body, is_approved=False, reason=body.reason)


def _cancellation(
    view: SeriesView, body: SeriesCancellation, within: Collection[int] | None
) -> SeriesCancellationPreview:
    instant, held = now(), {}
    for one in series_queries.series_dates(db.session(), view):
        kept = one.reservation
        if kept is None or kept.status not in (Status.REQUESTED, Status.CONFIRMED) or kept.starts_at <= instant:
            continue
        if (body.since or date.min) <= one.occurrence.day and (within is None or kept.workshop_id in within):
            held[one.occurrence.day] = kept
    fees = {one: fee.cents for one, fee in fees_if_cancelled(db.session(), [*held.values()], now=instant).items()}
    found = [
        CancelledSeriesDate(
            day=day,
            reservation_id=one.id,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            is_late=one.is_promised and instant > one.cancel_until,
            cents=fees.get(one.id, 0),
        )
        for day, one in held.items()
    ]
    return SeriesCancellationPreview(late=sum(one.is_late for one in found), cents=sum(fees.values()), dates=found)


def _decide(series_id: int, body: BaseModel | None, **decision: Any) -> Reply:
    decide = partial(series_decisions.decide, workshop_ids=permissions.workshops_within(), **decision)
    return _act(series_id, body, decide)


def _act(series_id: int, body: BaseModel | None, verb: Callable[..., object]) -> Reply:
    view, by, instant = lookups.series(series_id), current_actor(), now()
    revision = revisions.expected(view.revision)

    def act() -> Reply:
        verb(db.session(), series_id, by=by, now=instant, revision=revision)
        return _reply(series_id)

    return run_idempotent(body, act)


def _reply(series_id: int) -> Reply:
    session = db.session()
    view = series_queries.series(session, series_id)
    found = series_of(view, series_queries.series_dates(session, view))
    return reply(found, headers=revisions.etag(view.revision))


def _scope() -> tuple[int | None, frozenset[int] | None]:
    """Return the member and the workshops whose series the login may see; no workshops: all."""
    if current_user.is_admin or current_user.is_treasurer:
        return None, None
    return current_user.member_id, current_user.managed_workshop_ids
