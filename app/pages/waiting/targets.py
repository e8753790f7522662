"""What one can wait for: a machine, or a group of machines, as the form of a reservation names them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.pages.reservations.options import GROUP_PREFIX
from booking import queries
from booking.errors.schedule_errors import GroupNotFound, MachineNotFound
from booking.queries import MachineCard

ID_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True)
class Target:
    """A machine or group that is lent. card: the machine, or the first one of the group.

    needs_second_person: the machine, or one of the group. machine_ids: of it, or of the group.
    """

    name: str
    value: str
    machine_id: int | None
    group_id: int | None
    card: MachineCard
    places: int
    needs_second_person: bool
    machine_ids: tuple[int, ...]


def read_target(session: Session, value: str) -> Target:
    """Return what a value of the form names. Raises MachineNotFound, GroupNotFound, also for what is not lent."""
    if value.startswith(GROUP_PREFIX):
        return _group(session, value)
    card = queries.machine_card(session, value)
    if card.is_retired:
        raise MachineNotFound(id=value)
    return Target(card.name, value, card.id, None, card, card.places, card.rules.needs_second_person, (card.id,))


def _group(session: Session, value: str) -> Target:
    number = value.removeprefix(GROUP_PREFIX)
    if not (number.isdecimal() and number.isascii() and len(number) <= ID_DIGITS_MAX):
        raise GroupNotFound(id=number)
    view = queries.group(session, int(number))
    if view.retired_at is not None or not view.lent:
        raise GroupNotFound(id=view.id)
    cards = [queries.machine_card(session, one.id) for one in view.lent]
    needs_second = any(card.rules.needs_second_person for card in cards)
    places, ids = max(card.places for card in cards), tuple(card.id for card in cards)
    return Target(view.name, value, None, view.id, cards[0], places, needs_second, ids)
