"""What members still hold and owe: shares, their parts of costs that are not allocated yet, uses without a price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from billing.allocations.periods import accounting_year
from billing.allocations.preview_models import Preview
from billing.allocations.previews import preview_allocation
from billing.errors.money_errors import MixedUnits, NothingToAllocate, NothingUsed, UnknownKind
from billing.models import Balance, Charge, Share, Unpriced
from billing.queries.equity import equity_by_member
from billing.queries.pools import PoolView, pools
from billing.queries.year import waiting_by_year
from booking import queries


@dataclass(frozen=True, slots=True)
class HeldShares:
    """The shares of a pool that a member holds, as entered last. outlasts_membership: they do not end with it."""

    pool_id: int
    pool_name: str
    shares: int
    outlasts_membership: bool


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A member's part of the unallocated costs of a pool and a year, if they were allocated now."""

    pool_id: int
    pool_name: str
    year: int
    cents: int


@dataclass(frozen=True, slots=True)
class MemberSums:
    """What a member holds and owes. charged: (year, cents) of the usage charges since last year; unpriced: slips.

    balance_cents: what is posted and owed today, below zero a credit. equity_cents: paid in, and still owed to them;
    left_cents: of that, moved to what is owed to who left.
    """

    shares: tuple[HeldShares, ...]
    parts: tuple[OpenPart, ...]
    unpriced: int
    charged: tuple[tuple[int, int], ...]
    balance_cents: int = 0
    equity_cents: int = 0
    left_cents: int = 0

    @property
    def is_open(self) -> bool:
        """Return whether there is anything."""
        has_charges = any(cents for _year, cents in self.charged)
        return bool(
            self.shares or self.parts or self.unpriced or has_charges or self.balance_cents or self.equity_cents
        )


def member_sums(session: Session, member_ids: Collection[int], today: date) -> dict[int, MemberSums]:
    """Return member id -> shares and open sums, for all of the ids."""
    wanted = frozenset(member_ids)
    every_pool = pools(session)
    shares, parts = _shares(session, wanted, every_pool), _parts(session, wanted, every_pool)
    unpriced = queries.slip_counts(session, wanted, select(Unpriced.usage_id))
    charged = _charged(session, wanted, date(today.year - 1, 1, 1))
    of_members = select(Balance.member_id, Balance.cents).where(Balance.member_id.in_(wanted))
    equity = {one: (held + left, left) for one, (held, left) in equity_by_member(session, wanted).items()}
    balances = {row.member_id: row.cents for row in session.execute(of_members)}
    return {
        member_id: MemberSums(
            tuple(shares.get(member_id, ())),
            tuple(parts.get(member_id, ())),
            unpriced.get(member_id, 0),
            tuple(sorted(charged.get(member_id, {}).items())),
            balances.get(member_id, 0),
            *equity.get(member_id, ()),
        )
        for member_id in member_ids
    }


def _shares(
    session: Session, member_ids: frozenset[int], every_pool: tuple[PoolView, ...]
) -> dict[int, list[HeldShares]]:
    names = {pool.id: pool.name for pool in every_pool}
    rows = session.execute(
        select(Share.member_id, Share.pool_id, Share.shares, Share.outlasts_membership)
        .where(Share.member_id.in_(member_ids))
        .order_by(Share.valid_from)
    )
    # Later rows of a member and pool overwrite earlier ones.
    last = {(member_id, pool_id): (shares, outlasts) for member_id, pool_id, shares, outlasts in rows}
    held: dict[int, list[HeldShares]] = {}
    for (member_id, pool_id), (shares, outlasts) in last.items():
        if shares > 0:
            held.setdefault(member_id, []).append(HeldShares(pool_id, names[pool_id], shares, outlasts))
    return held


def _parts(session: Session, member_ids: frozenset[int], every_pool: tuple[PoolView, ...]) -> dict[int, list[OpenPart]]:
    parts: dict[int, list[OpenPart]] = {}
    for pool in every_pool:
        for year, preview in _previews(session, pool) if pool.waiting_count and member_ids else ():
            cents: Counter[int] = Counter()
            for line in (line for group in preview.groups for line in group.lines):
                cents[line.member_id] += line.cents
            for member_id in member_ids & cents.keys():
                part = OpenPart(pool.id, pool.name, year, cents[member_id])
                parts.setdefault(member_id, []).append(part)
    return parts


def _previews(session: Session, pool: PoolView) -> Iterator[tuple[int, Preview]]:
    """Yield the years with unallocated costs of a pool and what an allocation would post, where one is possible."""
    for waiting in waiting_by_year(session, pool_id=pool.id):
        try:
            yield waiting.year, preview_allocation(session, pool.id, *accounting_year(date(waiting.year, 1, 1)))
        except (MixedUnits, NothingToAllocate, NothingUsed, UnknownKind):
            continue  # the page of the pool says what is to be done; until then nobody has a part


def _charged(session: Session, member_ids: frozenset[int], since: date) -> dict[int, dict[int, int]]:
    year = extract("year", Charge.service_date)
    rows = session.execute(
        select(Charge.member_id, year, func.sum(Charge.cents))
        .where(Charge.member_id.in_(member_ids), Charge.service_date >= since)
        .group_by(Charge.member_id, year)
    )
    charged: dict[int, dict[int, int]] = {}
    for member_id, of, cents in rows:
        charged.setdefault(member_id, {})[int(of)] = int(cents)
    return charged
