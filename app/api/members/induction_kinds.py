"""Endpoints of kinds of inductions: what each builds on, and changing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from flask_babel import gettext as _
from pydantic import Field, StrictBool, StringConstraints

from app.api import problems, revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import TEXT_PATTERN, WHOLE, Id, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.machines.rule_previews import RuleChange, RulePreview, previewed, tried
from app.api.problems import Refusal, Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking.members.inductions import NAME_LENGTH_MAX, VALID_MONTHS_MAX
from booking.members.prerequisites import REQUIRED_MAX
from booking.models.member import SUPERVISED_USES_MAX
from booking.queries import induction_kind_views as kind_queries
from booking.queries.induction_kind_views import KindView
from booking.rule_changes import induction_kinds
from booking.rule_changes.induction_kinds import KindInput

KindName = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=NAME_LENGTH_MAX, pattern=TEXT_PATTERN)
]
Months = Annotated[int, Field(strict=True, ge=1, le=VALID_MONTHS_MAX), WHOLE]
SupervisedUses = Annotated[int, Field(strict=True, ge=0, le=SUPERVISED_USES_MAX), WHOLE]
Required = Annotated[list[Id], Field(max_length=REQUIRED_MAX)]


class NewInductionKind(RequestModel):
    """A kind of induction. requires: ids of the kinds on which it builds; each has to be valid as well.

    supervised_uses: so many uses under supervision come first; promotes: then the level is `alone` by itself, else the
    manager is asked. renews_by_use: the valid months run from the last use.
    """

    name: KindName
    valid_months: Months = 12
    requires: Required = Field(default_factory=list)
    supervised_uses: SupervisedUses = 0
    promotes: StrictBool = False
    renews_by_use: StrictBool = False


class InductionKindChange(RuleChange):
    """What becomes of a kind of induction; what is left out, or null, stays. requires: all that it builds on then.

    preview, digest: see RuleChange.
    """

    name: KindName | None = None
    valid_months: Months | None = None
    requires: Required | None = None
    supervised_uses: SupervisedUses | None = None
    promotes: StrictBool | None = None
    renews_by_use: StrictBool | None = None


class InductionKind(ResponseModel):
    """A kind of induction. requires: ids of the kinds on which it builds; these may build on others."""

    id: int
    name: str
    valid_months: int
    revision: int
    requires: list[int]
    supervised_uses: int
    promotes: bool
    renews_by_use: bool


class InductionKindList(ResponseModel):
    """All kinds of inductions, by name. next: always null, because the list is complete."""

    items: list[InductionKind]
    next: str | None = None


@Endpoint("GET", "/induction-kinds", access=LOGGED_IN, response=InductionKindList)
def list_induction_kinds() -> InductionKindList:
    """List the kinds of inductions."""
    return InductionKindList(items=[_kind(view) for view in kind_queries.kinds(db.session())])


@Endpoint(
    "POST",
    "/induction-kinds",
    access=Access(manager=ALL, admin=ALL),
    body=NewInductionKind,
    response=InductionKind,
    status=201,
    errors=(409,),
    idempotent=True,
    conditional=True,
)
def enter_induction_kind(body: NewInductionKind) -> Reply:
    """Enter a kind of induction."""
    by, instant = current_actor(), now()

    def enter() -> Reply:
        data = KindInput(
            name=body.name,
            valid_months=body.valid_months,
            requires=frozenset(body.requires),
            supervised_uses=body.supervised_uses,
            promotes=body.promotes,
            renews_by_use=body.renews_by_use,
        )
        return _reply(induction_kinds.enter_kind(db.session(), data, by=by, now=instant), 201)

    return run_idempotent(body, enter)


@Endpoint(
    "PATCH",
    "/induction-kinds/<id:kind_id>",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=InductionKindChange,
    response=InductionKind | RulePreview,
    errors=(404, 409, 412),
    conditional=True,
)
def change_induction_kind(kind_id: int, body: InductionKindChange) -> Reply:
    """Change a kind of induction. Only who manages all workshops whose machines need it.

    Reservations already made stay; those that a new requirement makes wrong are listed on the desk of their workshop.
    `preview` says first which these are, and what the requirement would have refused in the last year.
    """
    view, by, instant = lookups.induction_kind(kind_id), current_actor(), now()
    revision = revisions.expected(view.revision)
    sent = body.model_dump(exclude_none=True, exclude=set(RuleChange.model_fields))
    if not sent:
        raise Refusal(problems.invalid(problems.field_error("name", _("required, unless another field is given"))))
    if "requires" in sent:
        sent["requires"] = frozenset(sent["requires"])

    def change(confirmed: str) -> Reply:
        data = replace(_stored(lookups.induction_kind(kind_id)), **sent)
        induction_kinds.change_kind(
            db.session(), kind_id, data, by=by, now=instant, revision=revision, confirmed=confirmed
        )
        return _reply(kind_id)

    if body.preview:
        return reply(previewed(lambda: tried(lambda: change(""))))
    return run_idempotent(body, lambda: change(body.confirmed))


def _stored(view: KindView) -> KindInput:
    return KindInput(
        name=view.name,
        valid_months=view.valid_months,
        requires=frozenset(one.id for one in view.requires),
        supervised_uses=view.supervised_uses,
        promotes=view.promotes,
        renews_by_use=view.renews_by_use,
    )


def _reply(kind_id: int, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    view = kind_queries.kind(db.session(), kind_id)
    return reply(_kind(view), status, {**(headers or {}), **revisions.etag(view.revision)})


def _kind(view: KindView) -> InductionKind:
    return InductionKind(
        id=view.id,
        name=view.name,
        valid_months=view.valid_months,
        revision=view.revision,
        requires=[one.id for one in view.requires],
        supervised_uses=view.supervised_uses,
        promotes=view.promotes,
        renews_by_use=view.renews_by_use,
    )
