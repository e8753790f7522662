"""Views of what cost pools count."""

from __future__ import annotations

from sqlalchemy.orm import Session

from billing.allocations.periods import Period
from billing.errors.money_errors import PoolNotFound
from billing.models import Pool
from billing.pools import scopes
from billing.pools.scopes import DatedScope, Piece


def pool_scopes(session: Session, pool_id: int) -> tuple[DatedScope, ...]:
    """Return what a pool counts, the oldest choice first. Raises PoolNotFound."""
    return scopes.scopes_of(session, _pool(session, pool_id))


def counted_pieces(session: Session, pool_id: int, period: Period) -> tuple[Piece, ...]:
    """Return the machines that a pool counts in a period, a piece for each choice. Raises PoolNotFound."""
    return scopes.pieces_of(session, _pool(session, pool_id), *period)


def _pool(session: Session, pool_id: int) -> Pool:
    pool = session.get(Pool, pool_id)
    if pool is None:
        raise PoolNotFound(id=pool_id)
    return pool
