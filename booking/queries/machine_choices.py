"""Machines as forms offer them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of, converted
from booking.models import Machine, Workshop
from booking.queries.machines import MachineFilter, conditions


@dataclass(frozen=True, slots=True)
class MachineChoice:
    """A machine as a form offers it: a fifth of the cost of a card, which counts where all machines are offered."""

    id: int
    slug: str
    name: str
    sort: str
    kind: str
    workshop_id: int
    workshop_slug: str
    workshop_name: str
    zone: ZoneInfo


_CHOICE = columns_of(
    MachineChoice,
    Machine,
    workshop_slug=Workshop.slug,
    workshop_name=Workshop.name,
    zone=converted(Workshop.timezone, ZoneInfo),
)


def machine_choices(
    session: Session,
    *,
    include_retired: bool = False,
    machine_ids: Collection[int] | None = None,
    **wanted_machines: Unpack[MachineFilter],
) -> tuple[MachineChoice, ...]:
    """Return all machines, or some, by workshop and name."""
    wanted = conditions(wanted_machines, include_retired=include_retired)
    if machine_ids is not None:
        wanted.append(Machine.id.in_(machine_ids))
    statement = select(*_CHOICE).join(Workshop, Workshop.id == Machine.workshop_id).where(*wanted)
    rows = session.execute(statement.order_by(Workshop.name, Workshop.id, Machine.name, Machine.id))
    return tuple(MachineChoice(*row) for row in rows)
