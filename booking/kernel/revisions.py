"""Changing a row that somebody looked at before: locked first, and only while it is still what was looked at."""

from __future__ import annotations

from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from booking.kernel.errors import DomainError, StaleRevision


class Revised(Protocol):
    """A row whose revision grows by one with every change."""

    @property
    def revision(self) -> int:
        """How often it was changed."""


R = TypeVar("R", bound=Revised)


def locked(
    session: Session, model: type[R], record_id: int, *, missing: type[DomainError], revision: int | None = None
) -> R:
    """A row as it is now, which nobody else changes before the transaction ends.

    missing: the error for an id without a row. revision: what the caller looked at; None takes whatever is there.

    Raises `missing` (facts: id), StaleRevision.
    """
    row = session.get(model, record_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise missing(id=record_id)
    require_seen(revision, row.revision)
    return row


def require_seen(seen: int | None, actual: int) -> None:
    """Raises StaleRevision unless the caller has seen the actual revision. seen: None where it does not care."""
    if seen is not None and seen != actual:
        raise StaleRevision(expected=seen, actual=actual)
