"""The columns of a file as somebody has assigned them, remembered for the next file of the same shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
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
