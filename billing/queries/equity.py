"""Views of the equity of members: its changes, each with its entry and the statement that told it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.documents.sending import ADDRESS, is_stated_anew
from billing.errors.equity_errors import EquityMoveNotFound
from billing.ledger.equity_entries import LEAVING
from billing.models import Document, DocumentFile, DocumentSending, Entry, EquityMove, EquityStatement
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class EquityMoveView:
    """A change of equity or its reversal; see the model. entry_id: of the ledger; document_id, of its statement."""

    id: int
    member_id: int
    number: int
    kind: str
    day: date
    cents: int
    held_cents: int
    left_cents: int
    note: str
    reverses_id: int | None
    made_at: datetime
    reversed_by_id: int | None
    entry_id: int | None
    posting_date: date | None
    document_id: int | None
    document_number: str | None

    @property
    def before_cents(self) -> int:
        """Return what of its kind was there before: of what was set off, the equity that was owed to who left."""
        return self.left_cents + self.cents if self.kind != LEAVING else self.held_cents + self.cents


_reversal = aliased(EquityMove)
_own = EquityStatement.move_id == EquityMove.id
_entry = Entry.equity_id == EquityMove.id
_COLUMNS = columns_of(
    EquityMoveView,
    EquityMove,
    reversed_by_id=select(_reversal.id).where(_reversal.reverses_id == EquityMove.id).scalar_subquery(),
    entry_id=select(Entry.id).where(_entry).scalar_subquery(),
    posting_date=select(Entry.posting_date).where(_entry).scalar_subquery(),
    document_id=select(EquityStatement.document_id).where(_own).scalar_subquery(),
    document_number=select(Document.number)
    .join(EquityStatement, EquityStatement.document_id == Document.id)
    .where(_own)
    .scalar_subquery(),
)


def equity_move(session: Session, move_id: int) -> EquityMoveView:
    """Return a change of equity. Raises EquityMoveNotFound."""
    row = session.execute(select(*_COLUMNS).where(EquityMove.id == move_id)).one_or_none()
    if row is None:
        raise EquityMoveNotFound(id=move_id)
    return EquityMoveView(*row)


def equity_moves(
    session: Session, member_id: int | None = None, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[EquityMoveView, ...], bool]:
    """Return a page of changes of equity, of one member or of all, the newest first, and whether there are more."""
    statement = select(*_COLUMNS).order_by(EquityMove.id.desc())
    if member_id is not None:
        statement = statement.where(EquityMove.member_id == member_id)
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(EquityMoveView(*row) for row in rows[:limit]), len(rows) > limit


def equity_moves_by_ids(session: Session, move_ids: Collection[int]) -> dict[int, EquityMoveView]:
    """Return id -> change of equity of some ids, in one statement or none."""
    if not move_ids:
        return {}
    rows = session.execute(select(*_COLUMNS).where(EquityMove.id.in_(move_ids)))
    return {row.id: EquityMoveView(*row) for row in rows}


def unsent_statements(session: Session) -> list[int]:
    """Return the ids of the statements that tell a change of equity, have a file and an address, and were not sent.

    Left out: whose days are stated anew.
    """
    was_sent = exists().where(DocumentSending.document_id == Document.id)
    statement = (
        select(Document.id)
        .join(EquityStatement, EquityStatement.document_id == Document.id)
        .join(DocumentFile, DocumentFile.document_id == Document.id)
        .where(~was_sent, ~is_stated_anew(), ADDRESS != "")
    )
    return list(session.scalars(statement.order_by(Document.id)))


def owners_of_equity(session: Session) -> dict[int, int]:
    """Return id -> member id of all changes of equity."""
    return {row.id: row.member_id for row in session.execute(select(EquityMove.id, EquityMove.member_id))}


def who_has_equity() -> Select[int]:
    """Return the statement of the ids of the members with equity, moved to those who left or not."""
    later = aliased(EquityMove)
    is_last = ~exists().where(later.member_id == EquityMove.member_id, later.number > EquityMove.number)
    return select(EquityMove.member_id).where(EquityMove.held_cents + EquityMove.left_cents > 0, is_last)


def equity_by_member(session: Session, member_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return member id -> cents paid in, and owed to who left; of those among some members that ever had any."""
    last = (
        select(EquityMove.member_id, func.max(EquityMove.number).label("number"))
        .where(EquityMove.member_id.in_(member_ids))
        .group_by(EquityMove.member_id)
        .subquery()
    )
    same = (EquityMove.member_id == last.c.member_id) & (EquityMove.number == last.c.number)
    rows = session.execute(select(EquityMove.member_id, EquityMove.held_cents, EquityMove.left_cents).join(last, same))
    return {member_id: (held, left) for member_id, held, left in rows}
