"""Cost pools as rows: the bills that wait, how much of a year is divided, and the costs of its months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.wording.bars import Bar, spark
from app.wording.billing import key_label
from billing.queries import MonthCosts, PoolView


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
    pools: Sequence[PoolView], slugs: Mapping[int, str], months: Sequence[MonthCosts], last_month: int
) -> tuple[PoolRow, ...]:
    """Return the pools with what of a year is divided. months: its costs; last_month: of the sparklines."""
    return tuple(
        _row(pool, slugs[pool.machine_id], [one for one in months if one.pool_id == pool.id], last_month)
        for pool in pools
    )


def _row(pool: PoolView, slug: str, months: Sequence[MonthCosts], last_month: int) -> PoolRow:
    whole, divided = sum(one.cents for one in months), sum(one.divided_cents for one in months)
    by_month = [sum(one.cents for one in months if one.month == month) for month in range(1, last_month + 1)]
    keys = ", ".join(dict.fromkeys(key_label(key) for key in pool.rules.values()))
    bars = spark([max(cents, 0) for cents in by_month]) if any(by_month) else ()
    return PoolRow(pool, slug, keys, percent_of(divided, whole), divided, bars)
