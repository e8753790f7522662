"""Endpoints of groups of machines: make, change and retire them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from flask_babel import gettext as _
from pydantic import Field, StringConstraints

from app.api import problems, revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import TEXT_PATTERN, WHOLE, Id, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.pools.group_counting import counting_once
from booking import queries
from booking.models.group import NAME_LENGTH_MAX, RANK_MAX
from booking.queries import GroupView
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine

MACHINES_MAX = 200

GroupName = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=NAME_LENGTH_MAX, pattern=TEXT_PATTERN)
]
Rank = Annotated[int, Field(strict=True, ge=1, le=RANK_MAX), WHOLE]


class MachineRank(RequestModel):
    """A machine of a group. rank: 1 is taken first; machines of equal rank are twins, larger ones have a higher one."""

    machine_id: Id
    rank: Rank = 1


class NewGroup(RequestModel):
    """A group of machines of one workshop that stand in for each other. A machine is in one group at most."""

    name: GroupName
    workshop_id: Id
    machines: Annotated[list[MachineRank], Field(max_length=MACHINES_MAX)] = Field(default_factory=list)


class GroupChange(RequestModel):
    """What becomes of a group; what is left out, or null, stays. machines: all that it has afterwards.

    retired: true retires it, and its machines are in no group any more.
    """

    name: GroupName | None = None
    machines: Annotated[list[MachineRank], Field(max_length=MACHINES_MAX)] | None = None
    retired: Literal[True] | None = None


class GroupFilter(RequestModel):
    """Filter of groups. workshop_id: of this workshop."""

    workshop_id: QueryId | None = None


class GroupMachine(ResponseModel):
    """A machine of a group. is_retired: it is not lent, so nobody gets it."""

    machine_id: int
    slug: str
    name: str
    rank: int
    is_retired: bool


class Group(ResponseModel):
    """A group of machines, in the order of their ranks. Who reserves the group gets one of them."""

    id: int
    name: str
    workshop_id: int
    revision: int
    is_retired: bool
    machines: list[GroupMachine]


class GroupList(ResponseModel):
    """The groups that are not retired, by workshop and name. next: always null, because the list is complete."""

    items: list[Group]
    next: str | None = None


@Endpoint("GET", "/groups", access=LOGGED_IN, query=GroupFilter, response=GroupList)
def list_groups(query: GroupFilter) -> GroupList:
    """List the groups of machines."""
    wanted = None if query.workshop_id is None else [query.workshop_id]
    return GroupList(items=[_group(view) for view in queries.groups(db.session(), workshop_ids=wanted)])


@Endpoint("GET", "/groups/<id:group_id>", access=LOGGED_IN, response=Group, errors=(404,), conditional=True)
def get_group(group_id: int) -> Reply:
    """Get a group, also a retired one."""
    return _reply(group_id)


@Endpoint(
    "POST",
    "/groups",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=NewGroup,
    response=Group,
    status=201,
    errors=(404, 409),
    idempotent=True,
    conditional=True,
)
def make_group(body: NewGroup) -> Reply:
    """Make a group of machines of a workshop."""
    lookups.workshop(body.workshop_id)
    by, instant = current_actor(), now()
    entered = GroupInput(body.name, _ranked(body.machines))

    def make() -> Reply:
        with counting_once(db.session()):
            group_id = groups.make(db.session(), body.workshop_id, entered, by=by, now=instant)
        return _reply(group_id, 201, {"Location": f"/api/v1/groups/{group_id}"})

    return run_idempotent(body, make)


@Endpoint(
    "PATCH",
    "/groups/<id:group_id>",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=GroupChange,
    response=Group,
    errors=(404, 409, 412),
    conditional=True,
)
def change_group(group_id: int, body: GroupChange) -> Reply:
    """Rename a group, replace its machines and their ranks, or retire it. What was reserved stays."""
    view, session, by, instant = lookups.group(group_id), db.session(), current_actor(), now()
    revision = revisions.expected(view.revision)
    machines = None if body.machines is None else _ranked(body.machines)
    if body.name is None and machines is None and body.retired is None:
        raise Refusal(
            problems.invalid(problems.field_error("name", _("required, unless machines or retired is given")))
        )

    def change() -> Reply:
        if body.name is not None or machines is not None:
            with counting_once(session):
                groups.change(
                    session, group_id, name=body.name, machines=machines, by=by, now=instant, revision=revision
                )
        if body.retired:
            kept = revision if body.name is None and machines is None else None
            groups.retire(session, group_id, by=by, now=instant, revision=kept)
        return _reply(group_id)

    return run_idempotent(body, change)


def _ranked(machines: list[MachineRank]) -> tuple[RankedMachine, ...]:
    return tuple(RankedMachine(one.machine_id, one.rank) for one in machines)


def _reply(group_id: int, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    view = queries.group(db.session(), group_id)
    return reply(_group(view), status, {**(headers or {}), **revisions.etag(view.revision)})


def _group(view: GroupView) -> Group:
    machines = [
        GroupMachine(machine_id=one.id, slug=one.slug, name=one.name, rank=one.rank, is_retired=one.is_retired)
        for one in view.machines
    ]
    return Group(
        id=view.id,
        name=view.name,
        workshop_id=view.workshop_id,
        revision=view.revision,
        is_retired=view.retired_at is not None,
        machines=machines,
    )
