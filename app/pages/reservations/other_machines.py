"""The machines to which a reservation can be moved, and what the present one costs."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.reservations import deciding
from app.wording import formats
from billing.tariffs.estimates import estimate_for
from booking import queries
from booking.errors.schedule_errors import MachineNotFound
from booking.models import Status
from booking.queries import MachineCard, MachineChoice, ReservationView
from booking.reservations.wishes import Wish


def possible(session: Session, view: ReservationView) -> list[MachineChoice]:
    """Return the machines to which the login may move a reservation, by workshop and name, without the present one.

    A member: the others of its group. Who decides about it: all of the workshops that the login decides about. None
    while it is out.
    """
    if view.status == Status.IN_USE:
        return []
    if deciding.may_decide(view.workshop_id):
        found = [one for one in queries.machine_choices(session) if deciding.may_decide(one.workshop_id)]
    else:
        group = queries.group_of_machine(session, view.machine_id)
        ids = [machine.id for machine in group.lent] if group else []
        found = list(queries.machine_choices(session, machine_ids=ids)) if ids else []
    return [one for one in found if one.id != view.machine_id]


def named(session: Session, view: ReservationView, slug: str) -> MachineCard | None:
    """Return a machine by its short name, if the login may move a reservation there; without reading the others."""
    try:
        card = queries.machine_card(session, slug)
    except MachineNotFound:
        return None
    if card.is_retired or card.id == view.machine_id or view.status == Status.IN_USE:
        return None
    if deciding.may_decide(view.workshop_id):
        return card if deciding.may_decide(card.workshop_id) else None
    group = queries.group_of_machine(session, view.machine_id)
    return card if group and any(one.id == card.id for one in group.lent) else None


def price_so_far(session: Session, view: ReservationView) -> str:
    """Return what a reservation costs on its present machine; "" without a price."""
    card = queries.machine_card(session, view.machine_id)
    wish = Wish(card.id, view.member_id, view.span, view.places, choices=view.choices)
    estimate = estimate_for(session, card, wish)
    if estimate is None:
        return ""
    if estimate.calculation is None:
        price = formats.format_unit_price(estimate.unit_price, estimate.charge_unit, adds_vat=estimate.terms.adds_vat)
        return _("So far %(price)s on %(machine)s.", price=price, machine=card.name)
    sum_text = formats.format_money(estimate.calculation.cents)
    return _("So far about %(price)s on %(machine)s.", price=sum_text, machine=card.name)
