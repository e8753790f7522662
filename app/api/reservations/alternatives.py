"""The next times that would be accepted in place of a refused reservation, and what they lack of what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.api.fields import format_instant
from app.clock import now
from app.extensions import db
from billing.tariffs.asked_amounts import LackingVariants
from booking import availability
from booking.errors.schedule_errors import RequestRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.reservations.group_choice import GroupWish
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import Lacking
from booking.timespan import TimeSpan


def suggest_alternatives(
    wish: Wish | GroupWish, *, excluding: int | None = None
) -> Callable[[DomainError], list[dict[str, Any]]]:
    """Return a function that finds alternatives after a refusal. excluding: the reservation that is moved."""

    def find(refusal: DomainError) -> list[dict[str, Any]]:
        if not isinstance(refusal, SlotTaken | RequestRefused):
            return []
        session = db.session()
        if isinstance(wish, GroupWish):
            found = availability.group_alternatives(session, wish, now=now())
        else:
            found = availability.alternatives(session, wish, now=now(), excluding=excluding)
        lacking = LackingVariants(session)
        ordered = availability.fewest_lacking_first(found, wish.choices, lacking)
        shown = [alternative(one.machine_id, one.span, wish.choices, lacking) for one in ordered]
        session.rollback()  # end the read transaction at once
        return shown

    return find


def alternative(machine_id: int, span: TimeSpan, choices: Sequence[str], lacking: Lacking) -> dict[str, Any]:
    """Return a time that can be had, which a program may send as it is.

    lacks: the chosen variants that the tariff of its machine does not have then; left out where it has all.
    """
    found: dict[str, Any] = {
        "machine_id": machine_id,
        "starts_at": format_instant(span.start),
        "ends_at": format_instant(span.end),
    }
    lacks = list(lacking(machine_id, span.start, choices))
    return found | {"lacks": lacks} if lacks else found
