"""Rows of the table that the guard protects: inserting many at once, deleting them and returning what they held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, update
from sqlalchemy.orm import Session

from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import Occupancy
from booking.timespan import TimeSpan

# A place that was released, from when, until when.
Freed = Row[int, datetime, datetime] | tuple[int, datetime, datetime]

_TAKE = insert(table_of(Occupancy))
_TAKE_ONE, _TAKE_MANY = PreparedStatement(_TAKE), PreparedStatement(_TAKE.inline())


def row_of(hold_id: int, place_id: int, occupied: TimeSpan) -> dict[str, Any]:
    """Return the values of a row."""
    return {
        "unit_id": place_id,
        "occupied_from": occupied.start,
        "occupied_until": occupied.end,
        "hold_id": hold_id,
    }


def insert_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert at least one row, in the order of place and time."""
    if len(rows) == 1:
        _TAKE_ONE.run(session.connection(), rows[0])
    else:
        _TAKE_MANY.run_many(session.connection(), sorted(rows, key=_place_and_time))


def delete_rows(session: Session, *conditions: ColumnElement[bool]) -> Sequence[Freed]:
    """Delete rows; return their place, start and end."""
    return session.execute(
        delete(Occupancy)
        .where(*conditions)
        .returning(Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until)
        .execution_options(synchronize_session=False)
    ).all()


def hand_over(session: Session, from_hold_id: int, to_hold_id: int) -> int:
    """Give the occupancies of a hold to another one, so that they are free at no moment; return how many."""
    held = update(table_of(Occupancy)).where(Occupancy.hold_id == from_hold_id)
    return len(session.execute(held.values(hold_id=to_hold_id).returning(Occupancy.id)).all())


def hull_of(freed: Sequence[Freed]) -> TimeSpan:
    """Return the span from the first start to the last end."""
    return TimeSpan(min(since for _, since, _ in freed), max(until for _, _, until in freed))


def _place_and_time(row: Mapping[str, Any]) -> tuple[int, datetime]:
    return row["unit_id"], row["occupied_from"]
