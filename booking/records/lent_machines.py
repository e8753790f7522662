"""The machines that are lent with all that the board or a search needs, read whole only when one of them has changed.

A row has some fifty columns, and the plan shows all machines to everybody. Each change of a machine or a workshop
raises its revision: a look at the plan reads four numbers of each machine, the rest once for a process and a change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Engine, cast, func, select
from sqlalchemy.orm import Session

from booking.events.reservation_events import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.read_cache import cached_read
from booking.kernel.transaction import is_writing
from booking.models import Machine, Workshop

_machine, _workshop = table_of(Machine), table_of(Workshop)
# PostgreSQL commits events in another order than that of their numbers. So the last number alone would hide a change
# that is committed after a later one: how many there are among the newest events counts, too.
NEWEST = 1_000
_is_change = RecordedEvent.type == RecordChanged.type
_newest = select(func.max(RecordedEvent.id)).where(_is_change).scalar_subquery()
LAST_RECORD_CHANGE = (
    select(cast(func.max(RecordedEvent.id), BigInteger) * NEWEST + func.count())
    .where(_is_change, RecordedEvent.id > _newest - NEWEST)
    .scalar_subquery()
)
_STATE = PreparedStatement(
    select(
        _machine.c.id,
        _machine.c.revision,
        _machine.c.schedule_version,
        _workshop.c.revision.label("of_workshop"),
        LAST_RECORD_CHANGE.label("last_record_change"),
    )
    .join(_workshop, _workshop.c.id == _machine.c.workshop_id)
    .where(_machine.c.retired_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class LentMachines:
    """Rows of the machines; versions: of the schedule of each, by id.

    last_record_change: a number that grows with every event about a master record; 0 without machines.
    """

    rows: Sequence[Any]
    versions: dict[int, int]
    last_record_change: int


class LentMachinesReader:
    """Reads rows by a statement, and keeps those of each database until a revision in it is another."""

    def __init__(self, read: Callable[[Session], Sequence[Any]]) -> None:
        self._read = read
        self._kept: WeakKeyDictionary[Engine, tuple[object, Sequence[Any]]] = WeakKeyDictionary()

    def of(self, session: Session) -> LentMachines:
        """Return the machines as the transaction of a session sees them."""
        # A page asks for several of their lists.
        state = cached_read(session, "lent machines", lambda: _STATE.of(session))
        versions = {row.id: row.schedule_version for row in state}
        last_change = (state[0].last_record_change or 0) if state else 0
        return LentMachines(self._rows(session, state, last_change), versions, last_change)

    def _rows(self, session: Session, state: Sequence[Any], last_change: int) -> Sequence[Any]:
        if is_writing(session):  # what is written here may be rolled back
            return self._read(session)
        engine, seen = (
            session.get_bind().engine,
            (last_change, {(row.id, row.revision, row.of_workshop) for row in state}),
        )
        kept = self._kept.get(engine)
        if kept is not None and kept[0] == seen:
            return kept[1]
        # Another transaction may have changed them since the state was read: then the next state is another one too.
        rows = self._read(session)
        self._kept[engine] = seen, rows
        return rows
