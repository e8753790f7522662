"""Insert-if-absent: of several processes that insert a row of one key, exactly one succeeds."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from booking.kernel.orm import Base


def insert_if_absent(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless one with the same key exists; return whether it was inserted."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    key = list(model.__table__.primary_key)
    insertion = dialect.insert(model).values(**values).on_conflict_do_nothing().returning(*key)
    return session.execute(insertion).first() is not None
