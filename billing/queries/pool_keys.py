"""Views of the keys that pools composed themselves, and of the meters of members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from billing.errors.cost_errors import KeyNotFound, MeterNotFound
from billing.models import Meter, MeterReading, PoolKey
from billing.pools.pool_keys import DatedTerms, terms_of
from billing.pools.pools import OWN_PREFIX


@dataclass(frozen=True, slots=True)
class PoolKeyView:
    """A key of a pool. code: how the rules of the pool name it."""

    id: int
    pool_id: int
    name: str
    revision: int

    @property
    def code(self) -> str:
        """Return how the rules of the pool name it."""
        return f"{OWN_PREFIX}{self.id}"


@dataclass(frozen=True, slots=True)
class ReadingView:
    """What a meter showed on a day, in thousandths; restart: of the new one, where it was changed."""

    read_on: date
    reading: int
    restart: int | None


@dataclass(frozen=True, slots=True)
class MeterView:
    """A member's meter with its readings, the newest first."""

    id: int
    pool_id: int
    member_id: int
    name: str
    readings: tuple[ReadingView, ...]


_KEYS = select(PoolKey.id, PoolKey.pool_id, PoolKey.name, PoolKey.revision).order_by(PoolKey.name, PoolKey.id)


def pool_keys(session: Session, pool_id: int | None = None) -> tuple[PoolKeyView, ...]:
    """Return the keys of a pool, or of all pools, by name."""
    statement = _KEYS if pool_id is None else _KEYS.where(PoolKey.pool_id == pool_id)
    return tuple(PoolKeyView(*row) for row in session.execute(statement))


def pool_key(session: Session, key_id: int) -> tuple[PoolKeyView, tuple[DatedTerms, ...]]:
    """Return a key with its terms, the oldest first. Raises KeyNotFound."""
    row = session.execute(_KEYS.where(PoolKey.id == key_id)).one_or_none()
    if row is None:
        raise KeyNotFound(id=key_id)
    return PoolKeyView(*row), terms_of(session, key_id)


def meters(session: Session, pool_id: int, *, readings: int | None = None) -> tuple[MeterView, ...]:
    """Return the meters of a pool by name. readings: of each at most so many, the newest; None for all."""
    return _views(session, list(session.scalars(_of_pool(pool_id))), readings)


def page_of_meters(
    session: Session, pool_id: int, *, readings: int, limit: int, offset: int = 0
) -> tuple[tuple[MeterView, ...], bool]:
    """Return a page of the meters of a pool, and whether there are more. readings: of each at most so many."""
    found = list(session.scalars(_of_pool(pool_id).limit(limit + 1).offset(offset)))
    return _views(session, found[:limit], readings), len(found) > limit


def meter(session: Session, meter_id: int, *, readings: int | None = None) -> MeterView:
    """Return a meter. readings: at most so many, the newest; None for all. Raises MeterNotFound."""
    found = session.get(Meter, meter_id)
    if found is None:
        raise MeterNotFound(id=meter_id)
    return _views(session, [found], readings)[0]


def _of_pool(pool_id: int) -> Select[Meter]:
    return select(Meter).where(Meter.pool_id == pool_id).order_by(Meter.name, Meter.id)


def _views(session: Session, found: list[Meter], most: int | None) -> tuple[MeterView, ...]:
    wanted = MeterReading.meter_id.in_([one.id for one in found])
    place = func.row_number().over(partition_by=MeterReading.meter_id, order_by=MeterReading.read_on.desc())
    columns = MeterReading.meter_id, MeterReading.read_on, MeterReading.reading, MeterReading.restart
    ranked = select(*columns, place.label("place")).where(wanted).subquery()
    statement = select(*(ranked.c[column.key] for column in columns)).order_by(ranked.c.meter_id, ranked.c.place)
    if most is not None:
        statement = statement.where(ranked.c.place <= most)
    readings: dict[int, list[ReadingView]] = {}
    for meter_id, *shown in session.execute(statement):
        readings.setdefault(meter_id, []).append(ReadingView(*shown))
    return tuple(
        MeterView(one.id, one.pool_id, one.member_id, one.name, tuple(readings.get(one.id, ()))) for one in found
    )
