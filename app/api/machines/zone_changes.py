"""Endpoints of changed clocks: workshops whose clock shows other times than when reservations were made."""

from __future__ import annotations

from typing import Any, Literal

from flask_login import current_user

from app.api.endpoints import Endpoint, reply
from app.api.fields import Instant, ResponseModel
from app.api.problems import Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.zone_settling import settle_change
from booking import models
from booking.rule_changes import zone_changes

MANAGER = Access(manager=WORKSHOP, admin=ALL)
LISTED_MAX = 500


class ZoneChange(ResponseModel):
    """The clock of a workshop shows other times: its zone has new rules (version), or is another than before.

    settled_at: when its series were moved; moved, stayed: how many dates could be, and could not.
    """

    id: int
    workshop_id: int
    zone: str
    version: str
    former_zone: str
    former_version: str
    found_at: Instant
    settled_at: Instant | None
    moved: int
    stayed: int


class ZoneChangeList(ResponseModel):
    """Changed clocks, the newest first."""

    items: list[ZoneChange]


class AffectedReservation(ResponseModel):
    """A reservation for which the clock shows another time.

    keeps: `clock` for a date of a series that is moved, or could not be, `instant` for what stays where it is.
    """

    reservation_id: int
    series_id: int | None
    starts_at: Instant
    ends_at: Instant
    keeps: Literal["clock", "instant"]


class ZoneChangeDetail(ZoneChange):
    """A changed clock. reservations: the first 500 of those to come; count: how many there are."""

    count: int
    reservations: list[AffectedReservation]


@Endpoint("GET", "/zone-changes", access=MANAGER, response=ZoneChangeList)
def list_zone_changes() -> ZoneChangeList:
    """List the changed clocks of one's workshops."""
    workshop_ids = None if current_user.is_admin else current_user.managed_workshop_ids
    found = zone_changes.changes(db.session(), workshop_ids, only_open=False)
    return ZoneChangeList(items=[ZoneChange(**_facts(one)) for one in found])


@Endpoint("GET", "/zone-changes/<id:change_id>", access=MANAGER, response=ZoneChangeDetail, errors=(404,))
def get_zone_change(change_id: int) -> ZoneChangeDetail:
    """Get a changed clock with the reservations that it concerns."""
    return _detail(change_id)


@Endpoint("POST", "/zone-changes/<id:change_id>/keep-clock", access=MANAGER, response=ZoneChangeDetail, errors=(404,))
def keep_clock(change_id: int) -> Reply:
    """Move the dates of series so that they keep their times of the clock; what cannot be moved stays and is listed.

    Sent twice, nothing more is moved.
    """
    settle_change(lookups.zone_change(change_id), by=current_actor(), now=now())
    return reply(_detail(change_id))


def _detail(change_id: int) -> ZoneChangeDetail:
    change = lookups.zone_change(change_id)
    found = zone_changes.affected(db.session(), change, now=now())
    listed = [
        AffectedReservation(
            reservation_id=one.reservation_id,
            series_id=one.series_id,
            starts_at=one.span.start,
            ends_at=one.span.end,
            keeps=one.keeps.value,
        )
        for one in found[:LISTED_MAX]
    ]
    return ZoneChangeDetail(**_facts(change), count=len(found), reservations=listed)


def _facts(change: models.ZoneChange) -> dict[str, Any]:
    return {name: getattr(change, name) for name in ZoneChange.model_fields}
