"""Step 4: the demo ring's members, machines and season as something to look at."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module, util

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.auth.models import User

DEMO_ADDRESSES = "%@demo.example"


def is_there() -> bool:
    """Whether this program carries the demo ring."""
    return util.find_spec("app.demo") is not None


def load(session: Session, *, now: datetime) -> None:
    """Put the demo ring beside what the set-up entered. Call inside write_transaction().

    Its logins lose their well-known passwords: this ring may be reached by strangers.
    """
    import_module("app.demo").load_sample(session, now=now)
    session.execute(
        update(User)
        .where(User.email.like(DEMO_ADDRESSES))
        .values(password_hash=None)
        .execution_options(synchronize_session=False)
    )
