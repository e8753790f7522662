"""Step 4: the demo ring's members, machines and season as sample data."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module, util

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.auth.models import User

DEMO_ADDRESSES = "%@demo.example"


def is_there() -> bool:
    """Return whether this installation contains the demo ring."""
    return util.find_spec("app.demo") is not None


def load(session: Session, *, now: datetime) -> None:
    """Add the demo ring to what the set-up entered. Call inside write_transaction().

    The published passwords of its logins are removed: strangers may reach this ring.
    """
    import_module("app.demo").load_sample(session, now=now)
    session.execute(
        update(User)
        .where(User.email.like(DEMO_ADDRESSES))
        .values(password_hash=None)
        .execution_options(synchronize_session=False)
    )
