"""What the pages of an offer show: its time, until when it is held, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.estimates import Estimate, estimate_for
from booking import queries
from booking.queries.offers import OfferView
from booking.reservations.wishes import Wish


@dataclass(frozen=True, slots=True)
class OfferPage:
    """An offer as it is answered. needs_approval: accepted, it waits for the workshop's decision.

    asks_second: whoever accepts names who is there as well. lacks: of the wished variants.
    """

    view: OfferView
    is_open: bool
    needs_approval: bool
    location: str
    estimate: Estimate | None
    asks_second: bool
    lacks: Sequence[str]


def offer_page(session: Session, view: OfferView, *, now: datetime) -> OfferPage:
    """Return the page of an offer."""
    card = queries.machine_card(session, view.machine_id)
    wish = Wish(view.machine_id, view.member_id, view.span, view.places, choices=view.choices)
    lacks = LackingVariants(session)(view.machine_id, view.span.start, view.choices)
    estimate = estimate_for(session, card, wish)
    is_open, rules = view.is_open(now), card.rules
    return OfferPage(
        view, is_open, rules.needs_approval, card.location, estimate, is_open and rules.needs_second_person, lacks
    )
