"""The machines to which a reservation can be moved, and what the present one costs."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.reservations import deciding
from app.pages.reservations.estimates import estimate_for
from app.wording import formats
from booking import queries
from booking.models import Status
from booking.queries import MachineCard, ReservationView
from booking.wishes import Wish


def possible(session: Session, view: ReservationView) -> list[MachineCard]:
    """Return the machine of a reservation, then those to which the login may move it, by workshop and name.

    A member: the others of its group. Who decides about it: all of the workshops that the login decides about. None
    while it is out.
    """
    present = queries.machine_card(session, view.machine_id)
    if view.status == Status.IN_USE:
        return [present]
    cards = queries.machine_cards(session, limit=None).items
    if deciding.may_decide(view.workshop_id):
        others = [card for card in cards if deciding.may_decide(card.workshop_id)]
    else:
        group = queries.group_of_machine(session, view.machine_id)
        in_group = {machine.id for machine in group.lent} if group else set()
        others = [card for card in cards if card.id in in_group]
    return [present, *(card for card in others if card.id != present.id)]


def price_so_far(session: Session, view: ReservationView) -> str:
    """Return what a reservation costs on its present machine; "" without a price."""
    card = queries.machine_card(session, view.machine_id)
    estimate = estimate_for(session, card, Wish(card.id, view.member_id, view.span, view.places))
    if estimate is None:
        return ""
    if estimate.calculation is None:
        price = formats.format_unit_price(estimate.unit_price, estimate.charge_unit)
        return _("So far %(price)s on %(machine)s.", price=price, machine=card.name)
    sum_text = formats.format_money(estimate.calculation.cents)
    return _("So far about %(price)s on %(machine)s.", price=sum_text, machine=card.name)
