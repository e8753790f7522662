"""What can be chosen in the form of a reservation: a machine, or a group of which any machine will do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.forms.choices import select_choice
from app.pages.reservations.forms import ReservationForm
from booking import queries
from booking.errors.schedule_errors import MachineNotFound
from booking.kernel.read_cache import cached_read
from booking.queries import MachineCard
from booking.reservations.group_choice import GroupWish
from booking.reservations.wishes import Wish

GROUP_PREFIX = "group:"  # no short name of a machine has a colon


@dataclass(frozen=True, slots=True)
class ChosenGroup:
    """A group that can be reserved. cards: its machines that are lent, in the order of ranks; at least one."""

    id: int
    name: str
    workshop_id: int
    cards: Mapping[int, MachineCard]

    @property
    def first(self) -> MachineCard:
        """The machine by whose clock and rules the form reads times until one is chosen."""
        return next(iter(self.cards.values()))

    @property
    def places(self) -> int:
        """The places of the machine that has most."""
        return max(card.places for card in self.cards.values())

    @property
    def needs_second_person(self) -> bool:
        """Whether one of the machines needs two persons."""
        return any(card.rules.needs_second_person for card in self.cards.values())

    def wish(self, wish: Wish) -> GroupWish:
        """Return a wish for one of the machines as one for the group."""
        asked = wish.places, wish.purpose, wish.may_move_min, wish.second, wish.choices
        return GroupWish(self.id, wish.member_id, wish.span, *asked)


@dataclass(frozen=True, slots=True)
class FormOptions:
    """What this login can choose: machines by slug, groups by GROUP_PREFIX and id."""

    machines: Mapping[str, MachineCard]
    groups: Mapping[str, ChosenGroup]

    @classmethod
    def read(cls, session: Session) -> FormOptions:
        """Return the machines that are lent, and the groups of them, read once for a version of the database."""
        return cached_read(session, "form options", lambda: cls._read(session))

    @classmethod
    def _read(cls, session: Session) -> FormOptions:
        cards = {card.id: card for card in queries.machine_cards(session, limit=None).items}
        groups = {}
        for view in queries.groups(session):
            lent = {machine.id: cards[machine.id] for machine in view.lent if machine.id in cards}
            if lent:
                groups[f"{GROUP_PREFIX}{view.id}"] = ChosenGroup(view.id, view.name, view.workshop_id, lent)
        return cls({card.slug: card for card in cards.values()}, groups)

    @classmethod
    def of_machine(cls, session: Session, slug: str) -> FormOptions:
        """Return one machine alone, for a form that is not shown; nothing where it is not lent."""
        try:
            card = queries.machine_card(session, slug)
        except MachineNotFound:
            return cls({}, {})
        return cls({} if card.is_retired else {slug: card}, {})

    def choices(self) -> Iterator[Any]:
        """Yield the choices of the field: groups first, then machines by workshop."""
        yield select_choice("", _("Please choose"))
        for value, group in self.groups.items():
            label = _("%(group)s (one of %(count)s)", group=group.name, count=len(group.cards))
            yield select_choice(value, label, group=_("Whichever is free"))
        for card in self.machines.values():
            yield select_choice(card.slug, card.name, group=card.workshop_name)

    def by_id(self, machine_id: int) -> MachineCard | None:
        """Return a machine by its id."""
        return next((card for card in self.machines.values() if card.id == machine_id), None)

    def group(self, form: ReservationForm) -> ChosenGroup | None:
        """Return the group that the form names."""
        return self.groups.get(form.machine.data or "")

    def chosen(self, form: ReservationForm) -> MachineCard | None:
        """Return the machine that the form names; of a group the first one."""
        group = self.group(form)
        return group.first if group else self.machines.get(form.machine.data or "")

    @staticmethod
    def is_group(value: str | None) -> bool:
        """Return whether a value of the field names a group, be it there or not."""
        return (value or "").startswith(GROUP_PREFIX)
