"""The endpoint that changes the rules of a machine and its own opening hours."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from flask_babel import gettext as _
from pydantic import Field, StrictBool, create_model

from app.api import problems, revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import WHOLE, RequestModel
from app.api.idempotency import run_idempotent
from app.api.machines.machines import Machine, machine_model
from app.api.machines.rule_previews import RuleChange, RulePreview, previewed, tried
from app.api.problems import Refusal, Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.imports.machines import stored_input
from booking import queries
from booking.rule_changes import rule_changes
from booking.rules.lending_rules import RULE_FIELDS, RuleField
from booking.times.opening_hours import MINUTES_OF_A_DAY

Weekday = Annotated[int, Field(strict=True, ge=0, le=6), WHOLE]
Minute = Annotated[int, Field(strict=True, ge=0, le=MINUTES_OF_A_DAY), WHOLE]


def _type_of(rule: RuleField) -> Any:
    if rule.range is None:
        return StrictBool
    return Annotated[int, Field(strict=True, ge=rule.range.least, le=rule.range.highest), WHOLE]


RulesChange = create_model(
    "RulesChange",
    __base__=RequestModel,
    __doc__="Rules of reserving a machine to change; those left out, or null, stay. The end of each name is its unit.",
    **{rule.name: (_type_of(rule) | None, None) for rule in RULE_FIELDS},
)  # type: ignore[call-overload]


class Opening(RequestModel):
    """Opening hours of a machine on one day of the week. weekday: 0 is Monday; minutes of the day."""

    weekday: Weekday
    opens_minute: Minute
    closes_minute: Minute


class MachineChange(RuleChange):
    """What changes of a machine; see RuleChange.

    own_hours: in place of those of the workshop, empty where these hold; null keeps them.
    """

    rules: RulesChange | None = None  # type: ignore[valid-type]
    own_hours: list[Opening] | None = Field(None, max_length=100)


@Endpoint(
    "PATCH",
    "/machines/<id:machine_id>",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=MachineChange,
    response=Machine | RulePreview,
    errors=(404, 409, 412),
    idempotent=True,
    conditional=True,
)
def change_machine_rules(machine_id: int, body: MachineChange) -> Reply:
    """Change the rules of a machine, or its own opening hours; `preview` says first what that would mean.

    Reservations already made stay; those outside the new rules are listed on the desk of the workshop.
    """
    card, by, instant = lookups.managed_machine(machine_id), current_actor(), now()
    revision = revisions.expected_of_part(card.revision, is_whole=False)
    if body.rules is None and body.own_hours is None:
        raise Refusal(problems.invalid(problems.field_error("rules", _("required, unless own_hours is given"))))
    hours = body.own_hours
    openings = None if hours is None else [(one.weekday, one.opens_minute, one.closes_minute) for one in hours]
    sent: dict[str, Any] = {} if body.rules is None else body.rules.model_dump(exclude_none=True)
    changed = replace(stored_input(card), **sent)

    def change(confirmed: str) -> None:
        rule_changes.change_machine(
            db.session(),
            card.id,
            changed,
            places=card.places,
            by=by,
            now=instant,
            revision=revision,
            confirmed=confirmed,
            openings=openings,
        )

    def store() -> Reply:
        change(body.confirmed)
        stored = queries.machine_card(db.session(), card.id)
        return reply(machine_model(stored), headers=revisions.etag(stored.revision))

    return reply(previewed(lambda: tried(lambda: change("")))) if body.preview else run_idempotent(body, store)
