"""The login of the current request as an actor for use cases."""

from __future__ import annotations

from app.present import present_login
from booking.kernel.events import Actor


def current_actor() -> Actor:
    """Return the actor of the current request. Only for requests of a login."""
    return Actor(user_id=present_login().id)
