"""The declarative base of all tables, and the column type for instants."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import DateTime, Dialect, MetaData, String, Table, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every model; plain SQLAlchemy, so that the domain packages need no web framework."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


_WITHOUT_OFFSET = len("2026-11-21 08:00:00.000000")


def table_of(model: type[Base]) -> Table:
    """Return the Core table of a model, for statements on hot paths where the ORM costs more than the fsync."""
    return cast(Table, model.__table__)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database. A naive value is refused.

    PostgreSQL stores timestamptz; SQLite stores text ("2026-11-21 08:00:00.000000"), which sorts in time order.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: an instant needs its offset")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        # A series of 52 dates binds 600 instants; the usual way formats each field of each in Python.
        return _text_of_instant if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        # A plan board reads thousands of instants; converting through a naive datetime costs five times as much.
        return _instant_of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_literal_param(self, value: datetime | None, dialect: Dialect) -> str:
        bound: Any = self.process_bind_param(value, dialect)
        return "NULL" if bound is None else f"'{bound.isoformat(sep=' ', timespec='microseconds')}'"


class NameList(TypeDecorator[tuple[str, ...]]):
    """Some names in their order: a tuple in Python, a JSON list as text in the database, "" for none."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        return json.dumps(list(value)) if value else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(json.loads(value)) if value else ()


def _text_of_instant(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"naive datetime {value!r}: an instant needs its offset")
    instant = value if value.tzinfo is UTC else value.astimezone(UTC)
    return instant.isoformat(" ", "microseconds")[:_WITHOUT_OFFSET]


def _instant_of_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")
