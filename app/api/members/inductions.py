"""Endpoints of single inductions: list, get, give, extend, change the level, end, take back the end."""

from __future__ import annotations

from datetime import date
from functools import partial

from flask_login import current_user
from pydantic import StrictBool

from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    PAGE_LENGTH,
    Day,
    Id,
    Instant,
    PageLength,
    QueryId,
    RequestModel,
    ResponseModel,
    ShortText,
)
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import lookups, member_logins
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.extensions import db
from app.ring_card import ring_zone
from booking import queries
from booking.members import induction_levels
from booking.queries import InductionView, induction_lists
from booking.rule_changes import condition_changes
from booking.rules.persons import Level, Person
from booking.times.wall_clock import local_day

READ = Access(member=OWN, manager=ALL, admin=ALL)
WRITE = Access(manager=ALL, admin=ALL)


class NewInduction(RequestModel):
    """An induction of a member. given_on: by default today; valid_until: by default for the months of its kind.

    person: who of the member was inducted, by the name of a login or typed; "" for the member itself. level: by default
    the one with which the kind begins.
    """

    member_id: Id
    kind_id: Id
    given_on: Day | None = None
    valid_until: Day | None = None
    given_by: ShortText = ""
    person: ShortText = ""
    level: Level | None = None


class InductionExtension(RequestModel):
    """How an induction goes on: from which day, by default today, and until when, by default for its kind's months."""

    given_on: Day | None = None
    valid_until: Day | None = None
    given_by: ShortText = ""


class InductionEnd(RequestModel):
    """How an induction ends. last_day: null ends it at once. tells_member: by mail, with what hangs on it."""

    last_day: Day | None = None
    tells_member: StrictBool = False


class InductionLevel(RequestModel):
    """The level that an induction gets."""

    level: Level


class InductionFilter(RequestModel):
    """Filter of inductions. valid_on: those that are valid on a day."""

    member_id: QueryId | None = None
    kind_id: QueryId | None = None
    valid_on: Day | None = None
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class InductionItem(ResponseModel):
    """An induction: valid from given_on to valid_until, both included, unless it was ended at once (ended_at).

    given_until: the last day for which it was given, if it was shortened since.
    """

    id: int
    member_id: int
    person: str
    kind_id: int
    level: Level
    given_on: date
    valid_until: date
    given_by: str
    ended_at: Instant | None
    given_until: date | None


class InductionList(ResponseModel):
    """Inductions in the order in which they were entered. next: the cursor of the next page, null on the last one."""

    items: list[InductionItem]
    next: int | None


write = partial(Endpoint, "POST", access=WRITE, response=InductionItem, errors=(404, 409), idempotent=True)


@Endpoint("GET", "/inductions", access=READ, query=InductionFilter, response=InductionList)
def list_inductions(query: InductionFilter) -> InductionList:
    """List inductions: one's own, those of members who reserve in one's workshops, or all for administrators.

    Managers get those of any other member by its `member_id`.
    """
    is_all = bool(current_user.is_admin or (current_user.managed_workshop_ids and query.member_id))
    found = induction_lists.inductions_by_id(
        db.session(),
        member_id=query.member_id,
        kind_id=query.kind_id,
        valid_on=query.valid_on,
        workshop_ids=None if is_all else current_user.managed_workshop_ids,
        or_member_id=current_user.member_id,
        after=query.cursor,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    return InductionList(items=[_item(view) for view in shown], next=shown[-1].id if len(found) > query.limit else None)


@Endpoint("GET", "/inductions/<id:induction_id>", access=READ, response=InductionItem, errors=(404,))
def get_induction(induction_id: int) -> InductionItem:
    """Get an induction, also one that was ended."""
    return _item(lookups.induction(induction_id))


@write("/inductions", body=NewInduction, status=201)
def give_induction(body: NewInduction) -> Reply:
    """Give an induction. Sent twice it is one, also without an Idempotency-Key."""

    def give() -> Reply:
        person = member_logins.person_named(db.session(), body.member_id, body.person)
        return _give(body, body.member_id, body.kind_id, person, body.level)

    return run_idempotent(body, give)


@write("/inductions/<id:induction_id>/extend", body=InductionExtension, status=201)
def extend_induction(induction_id: int, body: InductionExtension) -> Reply:
    """Give the same induction again, of the same person and level, from a day on. The one before stays as it is."""
    view = lookups.induction(induction_id)
    person = Person(view.person_name, view.person_user_id)

    def extend() -> Reply:
        return _give(body, view.member_id, view.kind_id, person, Level(view.level))

    return run_idempotent(body, extend)


@write("/inductions/<id:induction_id>/end", body=InductionEnd)
def end_induction(induction_id: int, body: InductionEnd) -> Reply:
    """End an induction on a day, or at once. Reservations that hang on it are listed on the desk of their workshop."""
    lookups.induction(induction_id)
    by, instant = current_actor(), now()

    def end() -> Reply:
        condition_changes.end_induction(
            db.session(), induction_id, last_day=body.last_day, tells_member=body.tells_member, by=by, now=instant
        )
        return _reply(induction_id)

    return run_idempotent(body, end)


@write("/inductions/<id:induction_id>/resume")
def resume_induction(induction_id: int) -> Reply:
    """Take back that an induction was ended: it is valid again as long as it was given for."""
    lookups.induction(induction_id)
    by, instant = current_actor(), now()

    def resume() -> Reply:
        condition_changes.resume_induction(db.session(), induction_id, by=by, now=instant)
        return _reply(induction_id)

    return run_idempotent(None, resume)


@write("/inductions/<id:induction_id>/level", body=InductionLevel)
def set_induction_level(induction_id: int, body: InductionLevel) -> Reply:
    """Change the level of an induction: `supervised`, `alone` or `trainer`."""
    lookups.induction(induction_id)
    by, instant = current_actor(), now()

    def change() -> Reply:
        induction_levels.set_level(db.session(), induction_id, body.level, by=by, now=instant)
        return _reply(induction_id)

    return run_idempotent(body, change)


def _give(
    body: NewInduction | InductionExtension, member_id: int, kind_id: int, person: Person, level: Level | None
) -> Reply:
    instant = now()
    induction_id = condition_changes.give_induction(
        db.session(),
        member_id,
        kind_id,
        given_on=body.given_on or local_day(instant, ring_zone()),
        valid_until=body.valid_until,
        given_by=body.given_by.strip(),
        person=person,
        level=level,
        by=current_actor(),
        now=instant,
    )
    return _reply(induction_id, 201, {"Location": f"/api/v1/inductions/{induction_id}"})


def _reply(induction_id: int, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return reply(_item(queries.induction(db.session(), induction_id)), status, headers)


def _item(view: InductionView) -> InductionItem:
    return InductionItem(
        id=view.id,
        member_id=view.member_id,
        person=view.person_name,
        kind_id=view.kind_id,
        level=Level(view.level),
        given_on=view.given_on,
        valid_until=view.valid_until,
        given_by=view.given_by,
        ended_at=view.ended_at,
        given_until=view.given_until,
    )
