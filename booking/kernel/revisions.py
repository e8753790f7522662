"""Optimistic locking: a row is changed only if its revision is still the one that the caller read."""

from __future__ import annotations

from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from booking.kernel.errors import DomainError, StaleRevision


class Revised(Protocol):
    """A row with a revision that grows by one with every change."""

    @property
    def revision(self) -> int:
        """The number of changes so far."""


R = TypeVar("R", bound=Revised)


def locked(
    session: Session, model: type[R], record_id: int, *, missing: type[DomainError], revision: int | None = None
) -> R:
    """Read a row and lock it until the transaction ends.

    missing: the error for an id without a row. revision: the one that the caller read; None accepts any.

    Raises `missing` (facts: id), StaleRevision.
    """
    row = session.get(model, record_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise missing(id=record_id)
    require_revision(revision, row.revision)
    return row


def require_revision(expected: int | None, actual: int) -> None:
    """Raise StaleRevision unless the expected revision is the actual one; None accepts any."""
    if expected is not None and expected != actual:
        raise StaleRevision(expected=expected, actual=actual)
