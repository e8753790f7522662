"""What all processes of one installation share: the mark of its SECRET_KEY, and when a worker last ran.

Processes with different keys would log each other's members out and could not read each other's secrets, in turns and
without a word. So the first start stores a mark of the key, which does not give it away, and another key is refused.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime

from sqlalchemy import CheckConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.auth.errors import SecretKeyDiffers
from booking.kernel.claims import insert_if_absent
from booking.kernel.encryption import SecretBox
from booking.kernel.orm import Base, UtcDateTime

ID = 1
RETRY_AFTER_SECONDS = 60


class Installation(Base):
    """The one row. key_mark: names the SECRET_KEY in use; empty after a restore."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_mark: Mapped[str]
    worker_ran_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worker: Mapped[str] = mapped_column(default="", server_default="")


def has_own_key(session: Session, box: SecretBox) -> bool:
    """Return whether this process has the key of the others, as its present one or as one before it."""
    stored = session.scalar(select(Installation.key_mark))
    return not stored or stored in (box.current_mark, *box.earlier_marks)


def require_own_key(session: Session, box: SecretBox) -> None:
    """Raise SecretKeyDiffers where the other processes have another key. Only reads."""
    if not has_own_key(session, box):
        raise SecretKeyDiffers(retry_after_seconds=RETRY_AFTER_SECONDS)


def store_key(session: Session, box: SecretBox) -> None:
    """Make the present key the one of the installation. Call inside write_transaction()."""
    if not insert_if_absent(session, Installation, id=ID, key_mark=box.current_mark, worker=""):
        session.execute(update(Installation).values(key_mark=box.current_mark))


def is_stored(session: Session, box: SecretBox) -> bool:
    """Return whether the present key is the one of the installation."""
    return session.scalar(select(Installation.key_mark)) == box.current_mark


def note_worker(session: Session, *, now: datetime) -> None:
    """Record that a worker runs. Call inside write_transaction()."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    if not insert_if_absent(session, Installation, id=ID, key_mark="", worker_ran_at=now, worker=worker):
        session.execute(update(Installation).values(worker_ran_at=now, worker=worker))


def worker_ran_at(session: Session) -> datetime | None:
    """Return when a worker last reported; None: never."""
    return session.scalar(select(Installation.worker_ran_at))
