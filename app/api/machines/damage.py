"""Endpoints of damage reports: what was seen at a machine, for its managers."""

from __future__ import annotations

import binascii
from base64 import b64decode
from pathlib import Path
from typing import Annotated

from flask import Response, current_app
from flask_babel import gettext as _
from flask_login import current_user
from pydantic import Field, StringConstraints

from app.api import problems
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, TEXT_PATTERN, Instant, PageLength, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.images import MEDIA_TYPE, scaled_jpeg
from app.forms.picture_headers import NotAPicture, TooManyPixels
from app.web import rate_limits
from booking import queries
from booking.errors.schedule_errors import NotFound
from booking.machines import damage_reports
from booking.machines.damage_reports import TEXT_LENGTH_MAX, Damage
from booking.records import records

DamageText = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=TEXT_LENGTH_MAX, pattern=TEXT_PATTERN)
]


Base64 = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, pattern=r"^[A-Za-z0-9+/]+={0,2}$"),
    Field(json_schema_extra={"contentEncoding": "base64"}),
]


class NewDamageReport(RequestModel):
    """What is broken or missing. photo: a JPEG, PNG or WebP picture in base64, scaled down and without metadata."""

    text: DamageText
    photo: Base64 | None = None


class DamageFilter(RequestModel):
    """Filter of damage reports. cursor: `next` of the previous page."""

    machine_id: QueryId | None = None
    only_open: bool = False
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class DamageReport(ResponseModel):
    """A damage report. done_at: null until a manager marks it as done. has_photo: whether `/photo` returns one."""

    id: int
    machine_id: int
    member_id: int | None
    reported_at: Instant
    text: str
    has_photo: bool
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
    has_upload=True,
)
def report_damage(machine_id: int, body: NewDamageReport) -> Reply:
    """Report damage of a machine to its managers. A member has one open report for a machine."""
    by, instant, member_id = current_actor(), now(), current_user.member_id
    picture = None if body.photo is None else _scaled(body.photo)

    def report() -> Reply:
        session, photo_id = db.session(), None
        if picture is not None:
            photo_id = records.store_photo(session, picture, MEDIA_TYPE, now=instant)
        damage = Damage(machine_id, member_id, body.text, photo_id)
        damage_id = damage_reports.report(session, damage, by=by, now=instant)
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


@Endpoint(
    "GET",
    "/damage-reports/<id:damage_id>/photo",
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    files=(MEDIA_TYPE,),
    errors=(404,),
)
def damage_report_photo(damage_id: int) -> Response:
    """Return the photo of a damage report to its reporter and to the managers of the machine."""
    picture = queries.photo(db.session(), lookups.damage_report(damage_id).photo_id)
    if picture is None:
        raise NotFound(id=damage_id)
    return current_app.response_class(picture.content, mimetype=picture.media_type)


def _scaled(photo: str) -> bytes:
    """Return a picture as it is stored. Raises Refusal for what is none, TooManyRequests, Busy."""
    rate_limits.count(rate_limits.EXPORTS)
    try:
        return scaled_jpeg(b64decode(photo, validate=True), Path(current_app.instance_path))
    except TooManyPixels as error:
        message = _(
            "%(actual)s megapixels, at most %(limit)s are possible",
            actual=error.megapixels,
            limit=error.megapixels_max,
        )
    except (binascii.Error, NotAPicture):
        message = _("not a JPEG, PNG or WebP picture in base64")
    raise Refusal(problems.invalid(problems.field_error("photo", message)))
