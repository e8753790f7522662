"""What imports keep: the columns of files as somebody has assigned them, and what the last import of a kind did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class RememberedColumns(Base):
    """The choice for the files with the same headers, whatever their order.

    shape: a hash of the headers. choice: mapping.Choice as JSON, by the headers as they were.
    """

    __tablename__ = "import_remembered_columns"

    kind: Mapped[str] = mapped_column(primary_key=True)
    shape: Mapped[str] = mapped_column(primary_key=True)
    choice: Mapped[dict[str, Any]] = mapped_column(JSON)
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LastImport(Base):
    """The last import of a kind that stored something, as long as it was not taken back. user_id: who stored it."""

    __tablename__ = "import_last"

    kind: Mapped[str] = mapped_column(primary_key=True)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None]


class ImportedRecord(Base):
    """A record that the last import of a kind entered (before: null) or changed, with its values before and after."""

    __tablename__ = "import_last_record"

    kind: Mapped[str] = mapped_column(ForeignKey("import_last.kind", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
