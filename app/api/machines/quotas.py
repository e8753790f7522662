"""Endpoints of quotas: how much each member may have, of a machine, a workshop or the ring."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from flask_babel import gettext as _
from flask_login import current_user
from pydantic import Field

from app.api import problems
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, WHOLE, Id, PageLength, QueryId, RequestModel, ResponseModel, ShortText
from app.api.idempotency import run_idempotent
from app.api.machines.rule_previews import RuleChange, RulePreview, previewed
from app.api.problems import Refusal, Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking import queries
from booking.kernel.transaction import in_write_transaction
from booking.models.quota import MOST_MAX
from booking.queries import QuotaView
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.rule_changes import quota_preview
from booking.rules.quota_rules import bits_of, days_of

MeasureName = Literal["time", "prime_time", "open"]
PeriodName = Literal["week", "month"]
Most = Annotated[int, Field(strict=True, ge=0, le=MOST_MAX), WHOLE]
Weekday = Annotated[int, Field(strict=True, ge=0, le=6), WHOLE]
Minute = Annotated[int, Field(strict=True, ge=0, le=1440), WHOLE]


class PrimeTime(RequestModel):
    """The hours of prime time, by the clock of the workshop. weekdays: 0 is Monday; minutes of the day."""

    weekdays: list[Weekday] = Field(min_length=1, max_length=7)
    from_minute: Minute
    until_minute: Minute


class NewQuota(RuleChange):
    """The most that a member may have. preview, digest: see RuleChange.

    most: minutes, or a number of open reservations. period: needed but for open reservations. workshop_id,
    machine_id, group_id: null for all; only administrators enter quotas of the whole ring. member_id, price_class:
    whom it is for, at most one of them; null for each member.
    """

    measure: MeasureName
    most: Most
    period: PeriodName | None = None
    workshop_id: Id | None = None
    machine_id: Id | None = None
    group_id: Id | None = None
    member_id: Id | None = None
    price_class: ShortText | None = None
    prime_time: PrimeTime | None = None


class QuotaChange(RuleChange):
    """Another amount of a quota: minutes, or a number of open reservations. preview, digest: see RuleChange."""

    most: Most


class QuotaFilter(RequestModel):
    """A page of quotas. cursor: `next` of the previous page."""

    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class QuotaPrimeTime(ResponseModel):
    """The hours of prime time, by the clock of the workshop. weekdays: 0 is Monday; minutes of the day."""

    weekdays: list[int]
    from_minute: int
    until_minute: int


class Quota(ResponseModel):
    """The most that a member may have; see NewQuota."""

    id: int
    measure: MeasureName
    most: int
    period: PeriodName | None
    workshop_id: int | None
    machine_id: int | None
    group_id: int | None
    member_id: int | None
    price_class: str | None
    prime_time: QuotaPrimeTime | None


class QuotaList(ResponseModel):
    """One page of quotas, in the order of their ids. next: cursor of the next page, null on the last."""

    items: list[Quota]
    next: str | None


class DeletedQuota(ResponseModel):
    """The id of a quota that was deleted."""

    id: int


@Endpoint("GET", "/quotas", access=LOGGED_IN, query=QuotaFilter, response=QuotaList)
def list_quotas(query: QuotaFilter) -> QuotaList:
    """List the quotas of the ring. One for another member alone is listed for the managers of its workshop only."""
    found = queries.quotas(
        db.session(),
        None,
        member_id=current_user.member_id,
        managed_ids=None if current_user.is_admin else current_user.managed_workshop_ids,
        after_id=query.cursor or 0,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    more = str(page[-1].id) if len(found) > len(page) else None
    return QuotaList(items=[_quota(view) for view in page], next=more)


@Endpoint(
    "POST",
    "/quotas",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=NewQuota,
    response=Quota | RulePreview,
    status=201,
    extra_statuses=(200,),
    errors=(404, 409),
    idempotent=True,
)
def enter_quota(body: NewQuota) -> Reply:
    """Enter a quota. It counts from the present week or month on; reservations already made stay.

    `preview` says first what it would have refused in the last year, and which reservations to come would pass it.
    """
    _require_own(body.workshop_id)
    by, instant, entered = current_actor(), now(), _input(body)
    if body.preview:
        return reply(previewed(lambda: quota_preview.require_confirmed(db.session(), entered, "", now=instant)))

    def enter() -> Reply:
        session = db.session()
        if body.digest is not None:
            quota_preview.require_confirmed(session, entered, body.digest, now=instant)
        quota_id = quotas.enter_quota(session, entered, by=by, now=instant)
        return reply(_quota(queries.quota(session, quota_id)), 201)

    return run_idempotent(body, enter)


@Endpoint(
    "PATCH",
    "/quotas/<id:quota_id>",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=QuotaChange,
    response=Quota | RulePreview,
    errors=(404, 409),
)
def change_quota(quota_id: int, body: QuotaChange) -> Reply:
    """Change how much a quota allows. Reservations already made stay; `preview` says first what it would mean."""
    stored, by, instant = lookups.quota(quota_id), current_actor(), now()
    entered = replace(QuotaInput.of(stored.rule), most=body.most)
    seen = partial(quota_preview.require_confirmed, db.session(), entered, now=instant, quota_id=quota_id)
    if body.preview:
        return reply(previewed(lambda: seen("")))

    def change() -> Reply:
        session = db.session()
        if body.digest is not None:
            seen(body.digest)
        quotas.change_quota(session, quota_id, entered, by=by, now=instant)
        return reply(_quota(queries.quota(session, quota_id)))

    return in_write_transaction(db.session(), change)


@Endpoint(
    "POST",
    "/quotas/<id:quota_id>/delete",
    access=Access(manager=WORKSHOP, admin=ALL),
    response=DeletedQuota,
    errors=(404,),
)
def delete_quota(quota_id: int) -> Reply:
    """Delete a quota: from now on nothing is refused because of it."""
    lookups.quota(quota_id)
    session, by, instant = db.session(), current_actor(), now()

    def delete() -> Reply:
        quotas.delete_quota(session, quota_id, by=by, now=instant)
        return reply(DeletedQuota(id=quota_id))

    return in_write_transaction(session, delete)


def _require_own(workshop_id: int | None) -> None:
    if workshop_id is not None:
        lookups.workshop(workshop_id)
    elif not current_user.is_admin:
        message = _("name one of your workshops; only administrators enter quotas of the whole ring")
        raise Refusal(problems.invalid(problems.field_error("workshop_id", message)))


def _input(body: NewQuota) -> QuotaInput:
    prime = body.prime_time
    return QuotaInput(
        measure=body.measure,
        most=body.most,
        period=body.period,
        workshop_id=body.workshop_id,
        machine_id=body.machine_id,
        group_id=body.group_id,
        member_id=body.member_id,
        price_class=body.price_class,
        weekdays=None if prime is None else bits_of(prime.weekdays),
        from_minute=None if prime is None else prime.from_minute,
        until_minute=None if prime is None else prime.until_minute,
    )


def _quota(view: QuotaView) -> Quota:
    rule, prime = view.rule, view.rule.prime
    return Quota(
        id=view.id,
        measure=rule.measure.value,
        most=rule.most,
        period=None if rule.period is None else rule.period.value,
        workshop_id=rule.workshop_id,
        machine_id=rule.machine_id,
        group_id=rule.group_id,
        member_id=rule.member_id,
        price_class=rule.price_class,
        prime_time=None
        if prime is None
        else QuotaPrimeTime(
            weekdays=list(days_of(prime.weekdays)), from_minute=prime.from_minute, until_minute=prime.until_minute
        ),
    )
