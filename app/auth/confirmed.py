"""When the owner of the present session entered a password or a code last: noted in its signed cookie.

So a copy of the cookie gains nothing when its owner confirms. Pages ask for it again (app/pages/confirmation.py), calls
that change the same are refused where a browser's session sends them.
"""

from __future__ import annotations

from datetime import timedelta

from flask import session as cookie

from app.clock import now

VALID_FOR = timedelta(minutes=10)
CONFIRMED_AT = "confirmed_at"


def note() -> None:
    """Note in the cookie that the owner entered a password or code just now."""
    cookie[CONFIRMED_AT] = int(now().timestamp())


def is_fresh() -> bool:
    """Return whether the present session was confirmed in the last ten minutes."""
    confirmed_at = cookie.get(CONFIRMED_AT)
    if not isinstance(confirmed_at, int):
        return False
    return 0 <= now().timestamp() - confirmed_at + 1 <= VALID_FOR.total_seconds()
