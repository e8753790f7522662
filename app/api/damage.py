"""Endpoints of damage reports: what was seen at a machine, for its managers."""

from __future__ import annotations

from typing import Annotated

from flask_login import current_user
from pydantic import StringConstraints

from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, TEXT_PATTERN, Instant, PageLength, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking import damage_reports, queries
from booking.damage_reports import TEXT_LENGTH_MAX, Damage

DamageText = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=TEXT_LENGTH_MAX, pattern=TEXT_PATTERN)
]


class NewDamageReport(RequestModel):
    """What is broken or missing."""

    text: DamageText


class DamageFilter(RequestModel):
    """Filter of damage reports. cursor: `next` of the previous page."""

    machine_id: QueryId | None = None
    only_open: bool = False
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class DamageReport(ResponseModel):
    """A damage report. done_at: null until a manager marks it as done."""

    id: int
    machine_id: int
    member_id: int | None
    reported_at: Instant
    text: str
    done_at: Instant | None


class DamageReportList(ResponseModel):
    """One page of damage reports, the newest first. next: cursor of the next page, null on the last."""

    items: list[DamageReport]
    next: str | None


@Endpoint(
    "POST",
    "/machines/<id:machine_id>/damage-reports",
    access=Access(member=ALL, manager=ALL, admin=ALL),
    body=NewDamageReport,
    response=DamageReport,
    status=201,
    errors=(404,),
    idempotent=True,
)
def report_damage(machine_id: int, body: NewDamageReport) -> Reply:
    """Report damage of a machine to its managers. A member has one open report for a machine."""
    by, instant, member_id = current_actor(), now(), current_user.member_id

    def report() -> Reply:
        session = db.session()
        damage_id = damage_reports.report(session, Damage(machine_id, member_id, body.text), by=by, now=instant)
        return reply(DamageReport.model_validate(queries.damage_report(session, damage_id)), 201)

    return run_idempotent(body, report)


@Endpoint(
    "GET",
    "/damage-reports",
    access=Access(manager=WORKSHOP, admin=ALL),
    query=DamageFilter,
    response=DamageReportList,
)
def list_damage_reports(query: DamageFilter) -> DamageReportList:
    """Return the damage reports of the workshops that the login manages, the newest first."""
    found = queries.damage_reports(
        db.session(),
        workshop_ids=None if permissions.reaches_all() else current_user.managed_workshop_ids,
        machine_id=query.machine_id,
        only_open=query.only_open,
        before_id=query.cursor,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    items = [DamageReport.model_validate(view) for view in page]
    return DamageReportList(items=items, next=str(page[-1].id) if len(found) > len(page) else None)
