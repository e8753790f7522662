"""Insert-if-absent: of several processes that insert a row of one key, exactly one succeeds."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from booking.kernel.orm import Base, table_of
from booking.kernel.prepared import PreparedStatement


def insert_if_absent(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless one with the same key exists; return whether it was inserted."""
    return bool(_insertion(model, session.get_bind().dialect.name).of(session, values))


@cache
def _insertion(model: type[Base], dialect_name: str) -> PreparedStatement:
    dialect, table = sqlite if dialect_name == "sqlite" else postgresql, table_of(model)
    return PreparedStatement(dialect.insert(table).on_conflict_do_nothing().returning(*table.primary_key))
