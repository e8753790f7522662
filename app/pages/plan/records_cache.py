"""What the plan shows of master records: opening hours, the window of hours, prices, what the viewer may run.

It changes only with a master record, and each change of one is an event, so it is cached by the number of the last of
these events: a look at the plan reads it once and then no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import current_app
from flask_babel import get_locale
from sqlalchemy.orm import Session

from app.pages.plan.window import Window, window_of
from app.wording import formats
from billing import queries as billing_queries
from booking import availability, queries
from booking.availability import EligibilityByKind
from booking.kernel.lru_byte_cache import LruByteCache
from booking.members.members import STANDARD_PRICE_CLASS
from booking.places import held_spans
from booking.queries import Board, BoardRow
from booking.records.price_classes import price_class_on
from booking.times.opening_hours import ALWAYS, Opening
from booking.times.wall_clock import local_day, to_wall
from booking.timespan import TimeSpan

BYTES_MAX = 1024 * 1024
ENTRY_BYTES = 8_000  # roughly, of a ring with some dozens of machines
USE_DAYS, USED_ON_DAYS = 28, 14  # an hour counts as used if machines were used in it on so many of the last days


@dataclass(frozen=True, slots=True)
class RingRecords:
    """openings: by workshop id, minutes of the local day. window: the hours that the board draws wide.

    groups: machine id -> id and name of its group.
    """

    openings: Mapping[int, Sequence[Opening]]
    window: Window
    groups: Mapping[int, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class MemberRecords:
    """prices: today's price by machine id, as text. eligibility: None without a member."""

    prices: Mapping[int, str]
    eligibility: EligibilityByKind | None


@dataclass(frozen=True, slots=True)
class ClassPrices:
    """Today's prices of a price class by machine id, as texts."""

    prices: Mapping[int, str]


def ring_records(session: Session, everything: Board, last_change: int, now: datetime) -> RingRecords:
    """Return the opening hours of the ring and the window of its board."""
    zone = formats.as_zone(None)
    key = ("ring", last_change, local_day(now, zone))
    found = _cache().get(key)
    if not isinstance(found, RingRecords):
        openings = queries.openings_of(session)
        always_open = [row.machine.id for row in everything.rows if _is_always_open(row, openings)]
        own = [row.hours.openings for row in everything.rows if row.machine.id not in always_open]
        spans = [(opens, closes) for week in (*openings.values(), *own) for _day, opens, closes in week]
        used = _used_hours(session, always_open, now) if always_open else ()
        groups = {one.id: (group.id, group.name) for group in queries.groups(session) for one in group.machines}
        found = RingRecords(openings, window_of(spans, has_always_open=bool(always_open), used=used), groups)
        _cache().put(key, found)
    return found


def member_records(session: Session, member_id: int | None, last_change: int, now: datetime) -> MemberRecords:
    """Return today's prices for a member, or the standard ones, and what the member may run."""
    day = local_day(now, formats.as_zone(None))
    key = ("member", member_id, last_change, day, str(get_locale()))
    found = _cache().get(key)
    if not isinstance(found, MemberRecords):
        eligibility = None if member_id is None else availability.eligibility_by_kind(session, member_id)
        found = MemberRecords(machine_prices(session, member_id, last_change, now), eligibility)
        _cache().put(key, found)
    return found


def machine_prices(session: Session, member_id: int | None, last_change: int, now: datetime) -> Mapping[int, str]:
    """Return today's prices by machine id, as texts: of the member's price class; without a member of the standard."""
    day = local_day(now, formats.as_zone(None))
    price_class = STANDARD_PRICE_CLASS if member_id is None else price_class_on(session, member_id, day)
    key = ("prices", price_class, last_change, day, str(get_locale()))
    found = _cache().get(key)
    if not isinstance(found, ClassPrices):
        found = ClassPrices(_prices(session, price_class, day))
        _cache().put(key, found)
    return found.prices


def _prices(session: Session, price_class: str, day: date) -> dict[int, str]:
    return {
        machine_id: formats.format_unit_price(tariff.prices[price_class], tariff.charge_unit, adds_vat=tariff.adds_vat)
        for machine_id, tariff in billing_queries.tariffs_on(session, day).items()
        if price_class in tariff.prices
    }


def _is_always_open(row: BoardRow, openings: Mapping[int, Sequence[Opening]]) -> bool:
    return set(row.hours.openings or openings.get(row.machine.workshop_id, ())) >= set(ALWAYS)


def _used_hours(session: Session, machine_ids: Sequence[int], now: datetime) -> list[int]:
    """Return the hours of the day, by the ring's clock, in which uses began or ended on several of the last days."""
    zone = formats.as_zone(None)
    span = TimeSpan(now - timedelta(days=USE_DAYS), now)
    days: Counter[int] = Counter()
    seen = set()
    held = held_spans.by_place(session, machine_ids, span)
    for start, end in (one for spans in held.values() for one in spans):
        for instant in (start, end - timedelta(seconds=1)):
            wall = to_wall(instant, zone)
            if (wall.date(), wall.hour) not in seen:
                seen.add((wall.date(), wall.hour))
                days[wall.hour] += 1
    return [hour for hour, count in days.items() if count >= USED_ON_DAYS and 3 <= hour < 24]


def _cache() -> LruByteCache[RingRecords | MemberRecords | ClassPrices]:
    cache: LruByteCache[RingRecords | MemberRecords | ClassPrices] = current_app.extensions.setdefault(
        "plan_records_cache", LruByteCache(BYTES_MAX, lambda _records: ENTRY_BYTES)
    )
    return cache
