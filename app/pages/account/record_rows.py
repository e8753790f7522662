"""Rows of tables as records for the people whom they are about: all columns but those about others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from booking.kernel.orm import Base

Record = dict[str, Any]

# What a table has about other people, or only for the program itself.
LEFT_OUT = frozenset(
    {
        "password_hash",
        "token_hash",
        "user_id",
        "member_id",
        "hold_kind",
        "created_by",
        "made_by",
        "entered_by",
        "form_key",
        "joined_by",
        "asked_by",
        "reminded_until",
        "decided_by",
        "handed_out_by",
        "handed_back_by",
        "answered_by",
        "reported_by",
        "done_by",
        "named_by",
        "given_by",
        "supervisor_name",
        "person_user_id",
        "operator_user_id",
        "second_user_id",
        "schedule_version",
        "seller",  # names whoever answers for the ring
        "issued_by",
        "queued_by",
    }
)


def rows_of(
    session: Session, model: type[Base], mine: ColumnElement[bool], **names: InstrumentedAttribute[Any]
) -> list[Record]:
    """Return the rows of a table with all columns but those left out, and names of what they refer to."""
    columns = [column for column in model.__table__.columns if column.key not in LEFT_OUT]
    statement = select(*columns, *(name.label(label) for label, name in names.items())).select_from(model).where(mine)
    for joined in dict.fromkeys(name.class_ for name in names.values()):
        statement = statement.outerjoin(joined)
    return records_of(session, statement.order_by(*model.__table__.primary_key))


def records_of(session: Session, statement: Select[*tuple[Any, ...]]) -> list[Record]:
    """Return the rows of a statement."""
    return [{name: plain(value) for name, value in row._mapping.items()} for row in session.execute(statement)]


def plain(value: Any) -> Any:
    """Return a value as JSON has it; an instant in UTC, an exact number as text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
