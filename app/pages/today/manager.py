"""The manager's part of /today: what is to be decided, today's machines as ribbons, who has what, what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.pages.approvals.presenter import RequestView, queue
from app.pages.ribbons import Reader, day_span, machine_ribbon, places_words
from app.wording import formats
from app.wording.ribbon import Ribbon
from booking import queries
from booking.models import Status
from booking.queries import BoardRow, BoardWorkshop, ClosureView, DamageView, ReservationView, SlipView
from booking.queries.decisions import agreed_count
from booking.queries.exchanges import ExchangeView, agreed
from booking.queries.machines import machine_ids_in_order
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

NEXT_SHOWN, SLIPS_SHOWN, WAITING_SHOWN, NOT_FETCHED_SHOWN, MACHINES_SHOWN = 5, 5, 3, 10, 12
TAKEN_BACK_WITHIN = timedelta(days=1)  # for so long a no-show that was reported is listed


@dataclass(frozen=True, slots=True)
class MachineDay:
    """A machine today. places: how many are free now, of a machine with several."""

    name: str
    slug: str
    ribbon: Ribbon
    places: str


@dataclass(frozen=True, slots=True)
class ManagerDesk:
    """A manager's part: what waits, what happens today, what is late, not fetched, closed or disputed.

    machines: of machine_count the first ones with something on today. out: with whom machines are, the late ones apart.
    not_fetched: the latest of not_fetched_count; no_shows: those reported within a day, which may be taken back.
    """

    waiting: tuple[RequestView, ...]
    waiting_count: int
    swaps: tuple[ExchangeView, ...]  # on which both members have agreed: the first of swap_count
    swap_count: int
    machines: tuple[MachineDay, ...]
    machine_count: int
    day: TimeSpan
    out: tuple[ReservationView, ...]
    overdue: tuple[ReservationView, ...]
    closed: tuple[ClosureView, ...]
    undecided: Mapping[int, int]  # reservations to decide on, by id of the closure
    disputed: tuple[SlipView, ...]
    damage: tuple[DamageView, ...]
    outside_count: int  # reservations outside new rules
    not_fetched: tuple[ReservationView, ...]
    not_fetched_count: int
    no_shows: tuple[ReservationView, ...]

    @property
    def sentence(self) -> str:
        """Return how much waits and is late, in one sentence."""
        parts = []
        if self.waiting_count:
            parts.append(ngettext("%(num)s request is waiting", "%(num)s requests are waiting", self.waiting_count))
        if self.swaps:
            parts.append(ngettext("%(num)s swap is waiting", "%(num)s swaps are waiting", self.swap_count))
        if self.overdue:
            parts.append(ngettext("%(num)s is overdue", "%(num)s are overdue", len(self.overdue)))
        return ", ".join(parts) or _("Nothing is waiting for you")


def manager_desk(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> ManagerDesk:
    """Return the part of a manager. workshop_ids: None for all workshops."""
    today = day_span(local_day(now, formats.as_zone(None)), formats.as_zone(None))
    views = queries.todays_machines(session, workshop_ids, today.start, today.end)
    closures = queries.closures(session, now=now, workshop_ids=workshop_ids, limit=NEXT_SHOWN)
    undecided = queries.undecided_counts(session, closures, now=now)
    waiting = queue(session, workshop_ids, now=now, limit=WAITING_SHOWN)
    closed = [closure.machine_id for closure in closures if closure.starts_at < today.end]
    busy = {*(view.machine_id for view in views), *closed}
    swaps = agreed(session, workshop_ids, now=now, limit=WAITING_SHOWN)
    machines, machine_count = _machines(session, workshop_ids, busy, today, now)
    out = [view for view in views if view.status == Status.IN_USE]
    return ManagerDesk(
        waiting=waiting,
        waiting_count=queries.waiting_count(session, workshop_ids, now) if waiting else 0,
        swaps=swaps,
        swap_count=agreed_count(session, workshop_ids, now=now) if len(swaps) == WAITING_SHOWN else len(swaps),
        machines=machines,
        machine_count=machine_count,
        day=today,
        out=tuple(sorted((view for view in out if view.ends_at >= now), key=lambda view: view.ends_at)),
        overdue=tuple(view for view in out if view.ends_at < now),
        closed=tuple(closure for closure in closures if closure.starts_at < today.end or closure.id in undecided),
        undecided=undecided,
        disputed=queries.slips(session, workshop_ids=workshop_ids, only_disputed=True, limit=SLIPS_SHOWN),
        damage=queries.damage_reports(session, workshop_ids=workshop_ids, only_open=True, limit=NEXT_SHOWN),
        outside_count=queries.outside_count(session, workshop_ids, now=now),
        not_fetched=queries.not_fetched(session, workshop_ids, now, limit=NOT_FETCHED_SHOWN),
        not_fetched_count=queries.not_fetched_count(session, workshop_ids, now),
        no_shows=queries.no_shows(session, workshop_ids, now - TAKEN_BACK_WITHIN, limit=NEXT_SHOWN),
    )


def _machines(
    session: Session, workshop_ids: Collection[int] | None, busy: Collection[int], today: TimeSpan, now: datetime
) -> tuple[tuple[MachineDay, ...], int]:
    """Return the ribbons of the first machines, those that are busy today first, and how many machines there are."""
    every = machine_ids_in_order(session, workshop_ids=workshop_ids)
    first = sorted(every, key=lambda machine_id: machine_id not in busy)[:MACHINES_SHOWN]
    board = queries.board(session, today, now=now, machine_ids=first)
    rows = [(workshop, row) for workshop in board.workshops for row in workshop.rows]
    shown = sorted(rows, key=lambda pair: not pair[1].entries)
    return tuple(_machine_day(workshop, row, now) for workshop, row in shown), len(every)


def _machine_day(workshop: BoardWorkshop, row: BoardRow, now: datetime) -> MachineDay:
    day, reader = local_day(now, workshop.zone), Reader(knows_names=True)
    return MachineDay(
        row.machine.name,
        row.machine.slug,
        machine_ribbon(row, day, workshop.zone, now=now, reader=reader),
        places_words(row, now) if row.machine.places > 1 else "",
    )
