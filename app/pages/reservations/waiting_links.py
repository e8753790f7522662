"""The link by which one joins the waiting list for a wish that is taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.wording.local_time import url_instant
from booking.availability import WishCheck
from booking.queries.offers import waiting_offers
from booking.reservations.wishes import Wish


def address(target: str, wish: Wish) -> str:
    """Return where one joins the waiting list for a wish. target: the machine or group, as the form names it."""
    start, end = url_instant(wish.span.start), url_instant(wish.span.end)
    asked: dict[str, Any] = {"places": wish.places, "member": wish.member_id, "variants": wish.choices}
    return url_for("waiting.join", machine=target, start=start, end=end, **asked)


def own_offer(session: Session, wish: Wish, now: datetime) -> str:
    """Return the page of an open offer of the member for a time that overlaps a wish; "" without one."""
    found = waiting_offers(session, wish.member_id, now=now, limit=20)
    own = (one for one in found if one.machine_id == wish.machine_id and one.span.overlaps(wish.span))
    one = next(own, None)
    return "" if one is None else url_for("waiting.offer", offer_id=one.id)


def address_after(check: WishCheck, target: str, wish: Wish, excluding: int | None) -> str:
    """Return it for a wish that is taken and breaks no rule, else "". excluding: it is to be moved."""
    may_wait = check.taken is not None and excluding is None and not check.violations
    return address(target, wish) if may_wait else ""
