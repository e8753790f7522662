"""The keys that a pool composes itself: fixed percentages, meters, several parts together, a minimum, a cap.

Terms are dated: a cost is divided by those of its own day of service. Posted allocations keep copies. The functions
that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from billing.errors.cost_errors import KeyNotFound, KeyRefused
from billing.errors.money_errors import NameTaken
from billing.limits import AMOUNT_MAX, FIRST_DAY, NAME_LENGTH_MAX, require_between, require_day, require_text
from billing.models import PoolKey, PoolKeyPercent, PoolKeyTerms
from billing.pools.keys import BASES, MEASURED, METER, PERCENT, WHOLE, KeyPart, KeyTerms
from billing.pools.pools import locked_pool
from booking import queries
from booking.errors.schedule_errors import Violation
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor

METER_UNIT_LENGTH_MAX = 12


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """What a key consists of from a day on."""

    valid_from: date
    terms: KeyTerms


def enter_key(session: Session, pool_id: int, name: str, terms: KeyTerms, *, by: Actor, now: datetime) -> PoolKey:
    """Give a pool a key. Its terms hold from the beginning, until others are entered from a day on.

    Raises PoolNotFound, NameTaken, WrongText, WrongAmount, KeyRefused.
    """
    locked_pool(session, pool_id)
    _check_name(session, pool_id, name, 0)
    _require_terms(session, terms)
    key = PoolKey(pool_id=pool_id, name=name.strip())
    session.add(key)
    session.flush()
    _store(session, key.id, DatedTerms(FIRST_DAY, terms))
    return _noted(session, key, by, now)


def change_key(
    session: Session,
    key_id: int,
    name: str,
    entry: DatedTerms,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> PoolKey:
    """Rename a key, and give it other terms from a day on; those entered for the same day are replaced.

    Raises KeyNotFound, StaleRevision, NameTaken, WrongText, WrongAmount, WrongPeriod, KeyRefused.
    """
    pool_id = session.scalar(select(PoolKey.pool_id).where(PoolKey.id == key_id))
    if pool_id is None:
        raise KeyNotFound(id=key_id)
    locked_pool(session, pool_id)
    key = revisions.locked(session, PoolKey, key_id, missing=KeyNotFound, revision=revision)
    require_day("valid_from", entry.valid_from)
    _check_name(session, pool_id, name, key_id)
    _require_terms(session, entry.terms)
    key.name = name.strip()
    key.revision += 1
    _store(session, key_id, entry)
    return _noted(session, key, by, now)


def terms_of(session: Session, key_id: int) -> tuple[DatedTerms, ...]:
    """Return the terms of a key, the oldest first."""
    return terms_of_keys(session, [key_id])[key_id]


def terms_of_keys(session: Session, key_ids: Collection[int]) -> dict[int, tuple[DatedTerms, ...]]:
    """Return key id -> its terms, the oldest first, in two statements however many keys there are."""
    statement = select(PoolKeyTerms).where(PoolKeyTerms.key_id.in_(key_ids)).order_by(PoolKeyTerms.valid_from)
    rows = session.scalars(statement).all()
    percents: dict[int, list[tuple[int, int]]] = {}
    chosen = select(PoolKeyPercent).where(PoolKeyPercent.terms_id.in_([row.id for row in rows]))
    for one in session.scalars(chosen.order_by(PoolKeyPercent.member_id)):
        percents.setdefault(one.terms_id, []).append((one.member_id, one.percent))
    found: dict[int, list[DatedTerms]] = {key_id: [] for key_id in key_ids}
    for row in rows:
        parts = tuple(KeyPart(str(base), int(percent)) for base, percent in row.parts)
        terms = KeyTerms(parts, row.minimum, row.cap, row.meter_unit, tuple(percents.get(row.id, ())))
        found[row.key_id].append(DatedTerms(row.valid_from, terms))
    return {key_id: tuple(dated) for key_id, dated in found.items()}


def _noted(session: Session, key: PoolKey, by: Actor, now: datetime) -> PoolKey:
    session.flush()
    events.record(session, RecordChanged(table="pool_key", record_id=key.id), by=by, at=now)
    return key


def _store(session: Session, key_id: int, entry: DatedTerms) -> None:
    terms = entry.terms
    wanted = PoolKeyTerms.key_id == key_id, PoolKeyTerms.valid_from == entry.valid_from
    row = session.scalars(select(PoolKeyTerms).where(*wanted)).one_or_none()
    if row is None:
        row = PoolKeyTerms(key_id=key_id, valid_from=entry.valid_from)
        session.add(row)
    row.parts = [[part.base, part.percent] for part in terms.parts]
    row.minimum, row.cap, row.meter_unit = terms.minimum, terms.cap, terms.meter_unit.strip()
    session.flush()
    session.execute(delete(PoolKeyPercent).where(PoolKeyPercent.terms_id == row.id))
    if terms.percents:
        rows = [{"terms_id": row.id, "member_id": one, "percent": percent} for one, percent in terms.percents]
        session.execute(insert(PoolKeyPercent), rows)


def _check_name(session: Session, pool_id: int, name: str, key_id: int) -> None:
    require_text("name", name, NAME_LENGTH_MAX, shortest=1)
    same = exists().where(PoolKey.pool_id == pool_id, PoolKey.name == name.strip(), PoolKey.id != key_id)
    if session.scalar(select(same)):
        raise NameTaken(name=name)


def _require_terms(session: Session, terms: KeyTerms) -> None:
    require_text("meter_unit", terms.meter_unit, METER_UNIT_LENGTH_MAX)
    require_between("minimum", terms.minimum, 0, AMOUNT_MAX)
    KeyRefused.raise_for([*_wrong_parts(terms), *_wrong_percents(session, terms)])


def _wrong_parts(terms: KeyTerms) -> Iterator[Violation]:
    bases = [part.base for part in terms.parts]
    if unknown := set(bases) - set(BASES):
        raise ValueError(f"no base {unknown}")
    if len(bases) != len(set(bases)):
        yield Violation("part_twice", "parts")
    percent = sum(part.percent for part in terms.parts)
    if percent != WHOLE or any(part.percent <= 0 for part in terms.parts):
        yield Violation("parts_percent_sum", "parts", limit=WHOLE, actual=percent)
    if terms.minimum and not set(bases) & set(MEASURED):
        yield Violation("minimum_without_use", "minimum")
    if METER in bases and not terms.meter_unit.strip():
        yield Violation("meter_unit_missing", "meter_unit")
    if terms.cap is not None and not 0 < terms.cap <= WHOLE:
        yield Violation("cap_out_of_range", "cap")


def _wrong_percents(session: Session, terms: KeyTerms) -> Iterator[Violation]:
    is_used = any(part.base == PERCENT for part in terms.parts)
    if not is_used and terms.percents:
        yield Violation("percents_unused", "percents")
    if not is_used:
        return
    percent = sum(one for _member_id, one in terms.percents)
    if percent != WHOLE or any(one <= 0 for _member_id, one in terms.percents):
        yield Violation("percents_sum", "percents", limit=WHOLE, actual=percent)
    member_ids = [member_id for member_id, _one in terms.percents]
    if len(set(member_ids)) != len(member_ids):
        yield Violation("member_twice", "percents")
    if len(queries.member_names(session, member_ids)) != len(set(member_ids)):
        yield Violation("member_unknown", "percents")
