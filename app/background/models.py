"""The tables of tasks: the request, how far it is, and the response."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


class BackgroundTask(Base):
    """A request that the worker carries out. user_id: the login that sent it, and the only one that sees it.

    address: path and query. script_root: the path below which the program is served. body: the form that was sent
    (sent_form.py). done_steps, total_steps: progress; a total of 0 is not known. renewed_at: the worker that
    holds it was alive then. status, location, media_type, file_name, bytes, csrf_token: of the response. messages:
    what the next page would show, as pairs of category and text. rights: by which of its rights the login got the
    response; None of tasks before they were noted.
    """

    __tablename__ = "background_task"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name="ended"),
        Index(
            "ix_background_task_open",
            "id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str]
    method: Mapped[str]
    address: Mapped[str]
    script_root: Mapped[str] = mapped_column(default="")
    language: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, default=b"", deferred=True)
    state: Mapped[str] = mapped_column(default=WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str] = mapped_column(default="")
    done_steps: Mapped[int] = mapped_column(default=0)
    total_steps: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    renewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    location: Mapped[str] = mapped_column(default="")
    media_type: Mapped[str] = mapped_column(default="")
    file_name: Mapped[str] = mapped_column(default="")
    bytes: Mapped[int] = mapped_column(default=0)
    csrf_token: Mapped[str] = mapped_column(default="")
    messages: Mapped[list[Any]] = mapped_column(JSON, default=list)
    rights: Mapped[list[str] | None] = mapped_column(JSON)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be carried out."""
        return self.ended_at is None

    @property
    def is_file(self) -> bool:
        """Whether its result is a file."""
        return self.state == DONE and bool(self.file_name)

    @property
    def is_page(self) -> bool:
        """Whether its result is a page."""
        return self.state == DONE and not self.file_name and not self.location


class ResultChunk(Base):
    """A part of the response, numbered from 0: rows, so that any web process can send what any worker has made."""

    __tablename__ = "background_task_chunk"

    task_id: Mapped[int] = mapped_column(
        ForeignKey("background_task.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
