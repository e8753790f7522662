"""The ids of deleted records."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base


class DeletedId(Base):
    """The highest id of a table that was deleted. Guards refuse a row with it or a lower one."""

    __tablename__ = "booking_deleted_id"

    table_name: Mapped[str] = mapped_column(primary_key=True)
    last_id: Mapped[int]
