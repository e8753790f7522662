"""Kinds of inductions: what each requires, and which machines ask for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound
from booking.members import prerequisites
from booking.members.prerequisites import RequiredKind
from booking.models import InductionKind, Machine


@dataclass(frozen=True, slots=True)
class KindView:
    """A kind of induction.

    requires: what was entered for it, by name. all_required: with what these require, the nearest first. machines: the
    names of those that ask for it and are lent. workshop_ids: of all machines that ask for it or for a kind that
    requires it.
    """

    id: int
    name: str
    valid_months: int
    supervised_uses: int
    promotes: bool
    renews_by_use: bool
    revision: int
    requires: tuple[RequiredKind, ...]
    all_required: tuple[RequiredKind, ...]
    machines: tuple[str, ...]
    workshop_ids: frozenset[int]


_STORED = (
    InductionKind.id,
    InductionKind.name,
    InductionKind.valid_months,
    InductionKind.supervised_uses,
    InductionKind.promotes,
    InductionKind.renews_by_use,
    InductionKind.revision,
)


def kinds(session: Session) -> tuple[KindView, ...]:
    """Return all kinds of inductions, by name; in three statements."""
    direct = prerequisites.direct_requirements(session)
    all_required = prerequisites.closure(direct)
    rows = session.execute(select(*_STORED).order_by(InductionKind.name, InductionKind.id)).all()
    names, places = _machines(session)
    return tuple(
        KindView(
            *row,
            direct.get(row.id, ()),
            all_required.get(row.id, ()),
            tuple(names[row.id]),
            frozenset().union(*(places[one] for one in prerequisites.requiring(all_required, row.id))),
        )
        for row in rows
    )


def kind(session: Session, kind_id: int) -> KindView:
    """Return one kind of induction. Raises NotFound."""
    found = next((one for one in kinds(session) if one.id == kind_id), None)
    if found is None:
        raise NotFound(id=kind_id)
    return found


def required_names(session: Session, kind_id: int | None) -> tuple[str, ...]:
    """Return the names of all kinds that one requires, the nearest first; none without a kind."""
    if kind_id is None:
        return ()
    return tuple(one.name for one in prerequisites.requirements(session).get(kind_id, ()))


def _machines(session: Session) -> tuple[dict[int, list[str]], dict[int, set[int]]]:
    """Return by kind the names of the machines that are lent, and the workshops of all, retired ones included."""
    names: dict[int, list[str]] = defaultdict(list)
    places: dict[int, set[int]] = defaultdict(set)
    statement = select(InductionKind.id, Machine.name, Machine.workshop_id, Machine.retired_at).join(
        InductionKind, InductionKind.id == Machine.induction_kind_id
    )
    for kind_id, name, workshop_id, retired_at in session.execute(statement.order_by(Machine.name, Machine.id)):
        places[kind_id].add(workshop_id)
        if retired_at is None:
            names[kind_id].append(name)
    return names, places
