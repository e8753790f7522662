"""Endpoints of announcements: notes on Today, for the whole ring or about a workshop."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from flask_babel import gettext as _
from flask_login import current_user
from pydantic import StringConstraints

from app.api import problems
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, TEXT_PATTERN, Day, Id, Instant, PageLength, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.wording.formats import as_zone
from booking import announcements, queries
from booking.announcements import AnnouncementInput
from booking.kernel.transaction import in_write_transaction
from booking.models.announcement import TEXT_LENGTH_MAX
from booking.times.wall_clock import local_day

AnnouncementText = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=TEXT_LENGTH_MAX, pattern=TEXT_PATTERN)
]


class NewAnnouncement(RequestModel):
    """A note on Today until its last day. workshop_id: null for the whole ring, which only administrators write."""

    text: AnnouncementText
    last_day: Day
    workshop_id: Id | None = None


class AnnouncementFilter(RequestModel):
    """A page of announcements. cursor: `next` of the previous page."""

    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class Announcement(ResponseModel):
    """A note on Today. workshop_id: null for the whole ring. withdrawn_at: when it was ended before its last day."""

    id: int
    workshop_id: int | None
    text: str
    last_day: date
    announced_at: Instant
    withdrawn_at: Instant | None


class AnnouncementList(ResponseModel):
    """One page of announcements, the newest first. next: cursor of the next page, null on the last."""

    items: list[Announcement]
    next: str | None


@Endpoint("GET", "/announcements", access=LOGGED_IN, query=AnnouncementFilter, response=AnnouncementList)
def list_announcements(query: AnnouncementFilter) -> AnnouncementList:
    """List the announcements that are shown on Today, the newest first."""
    found = queries.announcements(db.session(), _day_of(now()), before_id=query.cursor, limit=query.limit + 1)
    page = found[: query.limit]
    items = [Announcement.model_validate(view) for view in page]
    return AnnouncementList(items=items, next=str(page[-1].id) if len(found) > len(page) else None)


@Endpoint(
    "POST",
    "/announcements",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=NewAnnouncement,
    response=Announcement,
    status=201,
    errors=(404,),
    idempotent=True,
)
def announce(body: NewAnnouncement) -> Reply:
    """Announce something on Today of everybody. A manager names one of the workshops that the login manages."""
    if body.workshop_id is not None:
        lookups.workshop(body.workshop_id)
    elif not current_user.is_admin:
        message = _("name one of your workshops; only administrators write for the whole ring")
        raise Refusal(problems.invalid(problems.field_error("workshop_id", message)))
    by, instant = current_actor(), now()
    entered = AnnouncementInput(body.workshop_id, body.text, body.last_day)

    def enter() -> Reply:
        session = db.session()
        announcement_id = announcements.announce(session, entered, by=by, today=_day_of(instant), now=instant)
        return reply(Announcement.model_validate(queries.announcement(session, announcement_id)), 201)

    return run_idempotent(body, enter)


@Endpoint(
    "POST",
    "/announcements/<id:announcement_id>/withdraw",
    access=Access(manager=WORKSHOP, admin=ALL),
    response=Announcement,
    errors=(404, 409),
)
def withdraw_announcement(announcement_id: int) -> Reply:
    """End an announcement before its last day."""
    lookups.announcement(announcement_id)
    session, by, instant = db.session(), current_actor(), now()

    def withdraw() -> Reply:
        announcements.withdraw(session, announcement_id, by=by, now=instant)
        return reply(Announcement.model_validate(queries.announcement(session, announcement_id)))

    return in_write_transaction(session, withdraw)


def _day_of(instant: datetime) -> date:
    return local_day(instant, as_zone(None))
