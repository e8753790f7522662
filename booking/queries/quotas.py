"""Quotas as they are listed, and what a member has used of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound
from booking.models import Machine, MachineGroup, Member, Ring, Workshop
from booking.models import PriceClass as StoredPriceClass
from booking.models import Quota as StoredQuota
from booking.queries.price_classes import PriceClassView
from booking.quotas import quota_use
from booking.quotas.quotas import quota_of
from booking.records import catalogue, price_classes
from booking.rules.quota_rules import Measure, Quota, applying
from booking.times.opening_hours import MOMENT
from booking.times.wall_clock import USUAL_ZONE, local_day
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class QuotaView:
    """A quota with the names of what it is about; None where it is about all or everybody."""

    id: int
    revision: int
    rule: Quota
    workshop_id: int | None
    workshop_name: str | None
    machine_name: str | None
    group_name: str | None
    member_name: str | None
    member_number: str | None
    price_class: PriceClassView | None


@dataclass(frozen=True, slots=True)
class OwnQuota:
    """A quota that holds for a member on a machine. used: minutes in the present period, or open reservations."""

    rule: Quota
    used: int


def quota(session: Session, quota_id: int) -> QuotaView:
    """Return one quota. Raises NotFound."""
    found = _views(session, _statement().where(StoredQuota.id == quota_id))
    if not found:
        raise NotFound(id=quota_id)
    return found[0]


def quotas(
    session: Session,
    workshop_ids: Collection[int] | None,
    *,
    with_ring: bool = True,
    member_id: int | None = None,
    managed_ids: Collection[int] | None = None,
    place: tuple[int, int | None] | None = None,
    after_id: int = 0,
    limit: int = 50,
    offset: int = 0,
) -> tuple[QuotaView, ...]:
    """Return the quotas of some workshops (None: all) and of the whole ring, in the order of ids.

    managed_ids: the workshops that the reader manages, None: all. A quota for one member other than member_id is
    nobody else's business; one of the whole ring is that of every manager. place: only what counts on a machine, which
    is named with its group.
    """
    statement = _statement().where(StoredQuota.id > after_id)
    if workshop_ids is not None:
        of_ring = [StoredQuota.workshop_id.is_(None)] if with_ring else []
        statement = statement.where(or_(StoredQuota.workshop_id.in_(workshop_ids), *of_ring))
    if managed_ids is not None:
        statement = statement.where(or_(*_is_open_to(member_id, managed_ids)))
    for column, own in zip((StoredQuota.machine_id, StoredQuota.group_id), place or (), strict=False):
        statement = statement.where(or_(column.is_(None), column == own))
    return _views(session, statement.order_by(StoredQuota.id).limit(limit).offset(offset))


def own_quotas(session: Session, member_id: int, machine_id: int, *, now: datetime) -> tuple[OwnQuota, ...]:
    """Return the quotas that hold for a member on a machine, with what is used of them now."""
    found = catalogue.lending_terms(session, machine_id).policy.quotas
    if not found:
        return ()
    today = local_day(now, found[0].zone)
    own = applying(found, member_id, price_classes.price_class_on(session, member_id, today))
    used = quota_use.used_seconds(session, member_id, own, TimeSpan(now, now + MOMENT))
    return tuple(
        OwnQuota(
            rule,
            quota_use.open_count(session, member_id, rule, now)
            if rule.measure is Measure.OPEN
            else used.get((rule.id, rule.first_day(today)), 0) // 60,
        )
        for rule in own
    )


def _is_open_to(member_id: int | None, managed_ids: Collection[int]) -> Iterator[ColumnElement[bool]]:
    yield StoredQuota.member_id.is_(None)
    if member_id is not None:
        yield StoredQuota.member_id == member_id
    if managed_ids:
        yield StoredQuota.workshop_id.in_(managed_ids)
        yield StoredQuota.workshop_id.is_(None)


def _statement() -> Select[*tuple[Any, ...]]:
    return (
        select(
            StoredQuota,
            Workshop.name,
            Workshop.timezone,
            Machine.name,
            MachineGroup.name,
            Member.name,
            Member.number,
            StoredPriceClass.code,
            StoredPriceClass.name_de,
            StoredPriceClass.name_en,
        )
        .outerjoin(Workshop, Workshop.id == StoredQuota.workshop_id)
        .outerjoin(Machine, Machine.id == StoredQuota.machine_id)
        .outerjoin(MachineGroup, MachineGroup.id == StoredQuota.group_id)
        .outerjoin(Member, Member.id == StoredQuota.member_id)
        .outerjoin(StoredPriceClass, StoredPriceClass.code == StoredQuota.price_class)
    )


def _views(session: Session, statement: Select[*tuple[Any, ...]]) -> tuple[QuotaView, ...]:
    ring_zone = session.scalar(select(Ring.timezone).where(Ring.id == 1)) or USUAL_ZONE
    return tuple(
        QuotaView(
            id=stored.id,
            revision=stored.revision,
            rule=quota_of(stored, ZoneInfo(ring_zone), ZoneInfo(zone or ring_zone)),
            workshop_id=stored.workshop_id,
            workshop_name=workshop,
            machine_name=machine,
            group_name=group,
            member_name=member,
            member_number=number,
            price_class=None if code is None else PriceClassView(code, name_de, name_en),
        )
        for stored, workshop, zone, machine, group, member, number, code, name_de, name_en in session.execute(statement)
    )
