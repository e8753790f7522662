"""What cost pools count, in words, and as choices of a form."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.forms.choices import select_choice
from app.pages.costs.desk import today
from app.wording.name_lists import first_names
from billing.pools.scopes import GROUP, MACHINES, RING, WORKSHOP, Scope
from billing.queries.pool_counts import pool_scopes
from booking.queries import group, groups, machine_choices, machine_names, workshops

SEVERAL = "several"  # chosen by ticking machines


class OfPool(Protocol):
    """A pool, or what is of one."""

    @property
    def machine_id(self) -> int:
        """The machine by which it is shown."""

    @property
    def counts_machine(self) -> bool:
        """Whether it counts this machine alone."""


def scope_words(session: Session, scope: Scope) -> str:
    """Return what a scope is: the machine, the first names of several, a group, a site, the whole ring."""
    if scope.what == RING:
        return _("all machines of the ring")
    if scope.what == GROUP:
        return _("group %(name)s", name=group(session, scope.group_id or 0).name)
    if scope.what == WORKSHOP:
        return _("site %(name)s", name={one.id: one.name for one in workshops(session)}[scope.workshop_id or 0])
    names = machine_names(session)
    return first_names(sorted(names[one] for one in scope.machine_ids))


def counted_name(session: Session, pool_id: int, of: OfPool, on: date | None = None) -> str:
    """Return what a pool counts on a day, in words. on: the last day of an allocation; None for today."""
    if of.counts_machine:
        return machine_names(session)[of.machine_id]
    begun = [one for one in pool_scopes(session, pool_id) if one.valid_from <= (on or today())]
    return scope_words(session, begun[-1].scope)


def scope_choices(session: Session) -> list[Any]:
    """Return what a pool can count, apart from several machines: the machines, groups, sites, the whole ring."""
    machines = [(str(one.id), one.name) for one in machine_choices(session, include_retired=True)]
    found = [(f"{GROUP}-{one.id}", _("Group %(name)s", name=one.name)) for one in groups(session)]
    found += [(f"{WORKSHOP}-{one.id}", _("Site %(name)s", name=one.name)) for one in workshops(session)]
    return [select_choice(*pair) for pair in (*machines, *found, (RING, _("The whole ring")))]


def scope_of_choice(value: str) -> Scope:
    """Return the scope of one of the choices. Raises ValueError for another text."""
    what, _dash, number = value.rpartition("-")
    if value == RING:
        return Scope(RING)
    if what == GROUP:
        return Scope(GROUP, group_id=int(number))
    if what == WORKSHOP:
        return Scope(WORKSHOP, workshop_id=int(number))
    return Scope.of_machine(int(value))


def choice_of_scope(scope: Scope) -> str:
    """Return the choice of a scope; SEVERAL for one of several machines."""
    if scope.what == MACHINES:
        return SEVERAL if len(scope.machine_ids) != 1 else str(scope.machine_ids[0])
    return scope.what if scope.what == RING else f"{scope.what}-{scope.group_id or scope.workshop_id}"
