"""Cost pools as rows: the bills that wait, how much of a year is divided, and the costs of its months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.wording.bars import Bar, spark
from app.wording.billing import key_label
from billing.pools.pools import KEYS
from billing.queries import MonthCosts, PoolView
from billing.queries.pool_keys import pool_keys


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A cost pool: bills that wait, and of the year how much is divided, and the costs of its months."""

    pool: PoolView
    slug: str
    keys: str
    percent: int
    divided_cents: int
    months: tuple[Bar, ...]


def percent_of(part: int, whole: int) -> int:
    """Return a part in per cent, from 0 to 100, rounded down: only all of it is 100."""
    return min(max(100 * part // whole, 0), 100) if whole > 0 else 0


def pool_rows(
    pools: Sequence[PoolView],
    slugs: Mapping[int, str],
    months: Sequence[MonthCosts],
    last_month: int,
    labels: Mapping[str, str],
) -> tuple[PoolRow, ...]:
    """Return the pools with what of a year is divided.

    months: its costs; last_month: of the sparklines; labels: of the keys (key_labels()).
    """
    return tuple(
        _row(pool, slugs[pool.machine_id], [one for one in months if one.pool_id == pool.id], last_month, labels)
        for pool in pools
    )


def key_labels(session: Session) -> dict[str, str]:
    """Return key -> text, of those of all pools and those that pools composed themselves."""
    return {key: key_label(key) for key in KEYS} | {one.code: one.name for one in pool_keys(session)}


def _row(
    pool: PoolView, slug: str, months: Sequence[MonthCosts], last_month: int, labels: Mapping[str, str]
) -> PoolRow:
    whole, divided = sum(one.cents for one in months), sum(one.divided_cents for one in months)
    by_month = [sum(one.cents for one in months if one.month == month) for month in range(1, last_month + 1)]
    keys = ", ".join(dict.fromkeys(labels[key] for key in pool.rules.values()))
    bars = spark([max(cents, 0) for cents in by_month]) if any(by_month) else ()
    return PoolRow(pool, slug, keys, percent_of(divided, whole), divided, bars)
