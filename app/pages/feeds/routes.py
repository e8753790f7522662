"""/feeds: make, renew and revoke calendar subscriptions. /feeds/<secret>.ics: what calendar programs fetch."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.extensions import limiter
from app.pages.feeds import answering, secrecy

bp = Blueprint("feeds", __name__)
bp.record_once(lambda state: secrecy.keep_secrets(state.app.logger))


@bp.get("/feeds/<secret>.ics")
@limiter.exempt
def subscription(secret: str) -> ResponseReturnValue:
    """The calendar file of a secret address; needs no log-in, changes nothing."""
    return answering.answer(secret)
