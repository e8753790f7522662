"""Offering what became free to who waits for it: in the transaction that released it, before its commit.

So nobody can reserve it in between. Wired in app/extensions.py; freed_time.py says what was released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from booking.models import GroupMachine, Unit, WaitingEntry
from booking.places import freed_time, occupancies
from booking.records import catalogue
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.timespan import TimeSpan
from booking.waiting import serving
from booking.waiting.serving import Serving

TOGETHER_MAX = 10  # machines of a group that the worker serves in one transaction, the line of each anew


class Awaited(NamedTuple):
    """Machines that the worker serves together. lacks_max: how many chosen variants one may lack; None: any number."""

    machine_ids: tuple[int, ...]
    lacks_max: int | None = None


def offer_freed(session: Session, *, lacking: Lacking = none_lacking) -> None:
    """Offer what the present transaction has released to the first in line whom the rules accept.

    Of several machines at once, who waits for a group gets in this order: the one that lacks the fewest chosen
    variants, the one for which the fewest wait alone, so that a later one in line is served as well, the lowest rank.
    """
    freed = freed_time.take(session)
    if freed is None or freed.at is None or not freed.spans:
        return
    found = []
    for machine_id, span in _awaited(session, freed.spans, freed.at):
        terms = catalogue.lending_terms(session, machine_id)
        if not terms.is_retired and (one := serving.begin(session, terms, span, freed.at)) is not None:
            found.append(one)
    _serve(session, found, lacking)


def look_again(
    session: Session,
    *machine_ids: int,
    now: datetime,
    lacking: Lacking = none_lacking,
    lacks_max: int | None = None,
) -> int:
    """Offer what is free of machines by now to who waits for them, though nothing was released at this moment.

    After a rule or quota was loosened, opening hours widened, an induction given; and to an entry that missed a time,
    because another offer of it was open. Call inside write_transaction(), once for machines that awaited_machines()
    returns together. lacks_max: as of Awaited. Returns how many.
    """
    occupancies.lock_machines(session, machine_ids)
    found = []
    for machine_id in sorted(machine_ids):
        terms = catalogue.lending_terms(session, machine_id)
        until = session.scalar(select(func.max(WaitingEntry.window_until)).where(*_waits_for(machine_id, now)))
        if until is not None and until > now and not terms.is_retired:
            found.append(serving.begin(session, terms, TimeSpan(now, until), now))
    return _serve(session, [one for one in found if one is not None], lacking, lacks_max)


def awaited_machines(session: Session, *, now: datetime, limit: int = 500) -> Sequence[Awaited]:
    """Return the machines for which somebody waits who has no open offer; those of a group together, by their ranks.

    TOGETHER_MAX at most, as one transaction serves them. A larger group comes in parts, and twice: what lacks a chosen
    variant is offered only when no part has a machine that lacks none. limit: of how many such sets, the first ones.
    """
    is_waiting = WaitingEntry.left_at.is_(None), WaitingEntry.offer_id.is_(None), WaitingEntry.window_until > now
    in_group = select(GroupMachine.machine_id, GroupMachine.group_id, GroupMachine.rank).distinct()
    in_group = in_group.join(WaitingEntry, WaitingEntry.group_id == GroupMachine.group_id).where(*is_waiting)
    alone = select(WaitingEntry.machine_id).where(WaitingEntry.machine_id.is_not(None), *is_waiting).distinct()
    group_of = {row.machine_id: (row.group_id, row.rank) for row in session.execute(in_group)}
    together: dict[tuple[int | None, int], list[int]] = {}
    for machine_id in sorted({*group_of, *session.scalars(alone)}):
        group_id = group_of[machine_id][0] if machine_id in group_of else None
        together.setdefault((group_id, 0 if group_id is not None else machine_id), []).append(machine_id)
    sets: list[Awaited] = []
    for ids in together.values():
        by_rank = sorted(ids, key=lambda one: (group_of[one][1] if one in group_of else 0, one))
        parts = [tuple(by_rank[at : at + TOGETHER_MAX]) for at in range(0, len(ids), TOGETHER_MAX)]
        passes = (None,) if len(parts) == 1 else (0, None)
        sets += [Awaited(part, lacks_max) for lacks_max in passes for part in parts]
    return sets[:limit]


def _waits_for(machine_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    group = select(GroupMachine.group_id).where(GroupMachine.machine_id == machine_id).scalar_subquery()
    return (
        WaitingEntry.left_at.is_(None),
        WaitingEntry.offer_id.is_(None),
        WaitingEntry.window_until > now,
        or_(WaitingEntry.machine_id == machine_id, WaitingEntry.group_id == group),
    )


def _awaited(
    session: Session, spans: Mapping[int, tuple[datetime, datetime]], now: datetime
) -> Sequence[tuple[int, TimeSpan]]:
    """Return the machines for which somebody waits, in the order of ids, each with the hull of what it released."""
    group = select(GroupMachine.group_id).where(GroupMachine.machine_id == Unit.machine_id).correlate(Unit)
    waits = (
        select(WaitingEntry.id)
        .where(
            WaitingEntry.left_at.is_(None),
            WaitingEntry.window_until > now,
            or_(WaitingEntry.machine_id == Unit.machine_id, WaitingEntry.group_id == group.scalar_subquery()),
        )
        .correlate(Unit)
        .exists()
    )
    rows = session.execute(select(Unit.machine_id, Unit.id).where(Unit.id.in_(list(spans)), waits)).all()
    hulls: dict[int, tuple[datetime, datetime]] = {}
    for machine_id, place_id in rows:
        since, until = spans[place_id]
        before = hulls.get(machine_id, (since, until))
        hulls[machine_id] = (min(since, before[0]), max(until, before[1]))
    return [(one, TimeSpan(max(since, now), until)) for one, (since, until) in sorted(hulls.items()) if until > now]


def _serve(session: Session, machines: Sequence[Serving], lacking: Lacking, lacks_max: int | None = None) -> int:
    """Make the offers that machines have time for, to one entry after the other in line; return how many."""
    line = sorted({entry_id for one in machines for entry_id in one.candidates})
    ranks = _ranks(session, machines)
    alone = {
        one.terms.machine_id: {entry_id for entry_id, each in one.candidates.items() if each.wish.group_id is None}
        for one in machines
    }
    for entry_id in line:
        for ids in alone.values():
            ids.discard(entry_id)

        def order(one: Serving, entry_id: int = entry_id) -> tuple[int, ...]:
            machine_id, choices = one.terms.machine_id, one.candidates[entry_id].wish.choices
            span = one.span_for(entry_id) if choices else None  # its day decides which variants there are
            lacks = lacking(machine_id, span.start, choices) if span is not None else ()
            return len(lacks), len(alone[machine_id]), ranks.get(machine_id, 0), machine_id

        possible = [one for one in machines if entry_id in one.candidates and not one.is_over]
        for (lacks, *_rest), one in sorted(((order(one), one) for one in possible), key=itemgetter(0)):
            if lacks_max is not None and lacks > lacks_max:
                return sum(one.made for one in machines)  # nobody who comes later in line precedes this entry
            if one.serve(session, entry_id):
                break
    return sum(one.made for one in machines)


def _ranks(session: Session, machines: Sequence[Serving]) -> Mapping[int, int]:
    """Return the ranks of machines in their groups; nothing for a single one, among which there is no choice."""
    if len(machines) < 2:
        return {}
    asked = select(GroupMachine.machine_id, GroupMachine.rank)
    found = session.execute(asked.where(GroupMachine.machine_id.in_([one.terms.machine_id for one in machines])))
    return {row.machine_id: row.rank for row in found}
