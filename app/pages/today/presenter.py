"""What each role sees on its first page, as frozen values; few SQL statements, because everybody starts here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.reservations.presenter import state_sentence
from app.wording import formats
from app.wording.whereabouts import still_out_sentence
from billing import queries as billing_queries
from booking import queries
from booking.models import Status
from booking.opening_hours import instant_of
from booking.queries import ClosureView, DamageView, ReservationView, SlipView, StillOut
from booking.use_times import may_be_handed_out
from booking.wall_clock import local_day

NEXT_SHOWN, SLIPS_SHOWN, WAITING_SHOWN, NOT_FETCHED_SHOWN = 5, 5, 3, 10
TAKEN_BACK_WITHIN = timedelta(days=1)  # for so long a no-show that was reported is listed


@dataclass(frozen=True, slots=True)
class NextReservation:
    """One of the member's reservations to come, with the step that is possible now (label and address, or "")."""

    view: ReservationView
    sentence: str
    step: str
    href: str


@dataclass(frozen=True, slots=True)
class MemberDesk:
    """A member's part: the next reservations, the slips to check, what the use of the newest charged year has cost."""

    upcoming: tuple[NextReservation, ...]
    slips: tuple[SlipView, ...]
    year: int
    charged_cents: int

    @property
    def has_step(self) -> bool:
        """Return whether a machine is to be fetched or brought back now."""
        return any(one.href for one in self.upcoming)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for the manager, and for how long."""

    view: ReservationView
    age: str


@dataclass(frozen=True, slots=True)
class MachineDay:
    """One machine today: its reservations in order."""

    name: str
    slug: str
    reservations: tuple[ReservationView, ...]


@dataclass(frozen=True, slots=True)
class ManagerDesk:
    """A manager's part: what waits, what happens today, what is late, not fetched, closed or disputed.

    not_fetched: the latest of not_fetched_count; no_shows: those reported within a day, which may be taken back.
    """

    waiting: tuple[Waiting, ...]
    waiting_count: int
    machines: tuple[MachineDay, ...]
    overdue: tuple[ReservationView, ...]
    closed: tuple[ClosureView, ...]
    undecided: Mapping[int, int]  # reservations to decide on, by id of the closure
    disputed: tuple[SlipView, ...]
    damage: tuple[DamageView, ...]
    outside_count: int  # reservations outside new rules
    not_fetched: tuple[ReservationView, ...]
    not_fetched_count: int
    no_shows: tuple[ReservationView, ...]


def member_desk(session: Session, member_id: int, *, now: datetime) -> MemberDesk:
    """Return the part of a member, in three SQL statements; in four when something is to be fetched."""
    upcoming = queries.reservations_of_member(session, member_id, upcoming=True, now=now, limit=NEXT_SHOWN)
    slips = queries.slips(session, member_id=member_id, limit=SLIPS_SHOWN)
    to_look_at = tuple(
        slip for slip in slips if slip.state() == "back" and slip.objection_until and slip.objection_until > now
    )
    this_year = local_day(now, formats.as_zone(None)).year
    charged = billing_queries.charged_by_year(session, member_id, date(this_year - 1, 1, 1))
    # In January the old year is shown until something of the new one is charged.
    year = max((year for year in charged if year <= this_year), default=this_year)
    to_fetch = {view.machine_id for view in upcoming if may_be_handed_out(view, now)}
    late = queries.still_out(session, now, machine_ids=to_fetch) if to_fetch else {}
    return MemberDesk(
        tuple(_next(view, late.get(view.machine_id), now) for view in upcoming), to_look_at, year, charged.get(year, 0)
    )


def manager_desk(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> ManagerDesk:
    """Return the part of a manager. workshop_ids: None for all workshops."""
    zone = formats.as_zone(None)
    today = local_day(now, zone)
    since, until = instant_of(today, 0, zone), instant_of(today + timedelta(days=1), 0, zone)
    views = queries.todays_machines(session, workshop_ids, since, until)
    waiting = queries.waiting_requests(session, workshop_ids, now, limit=WAITING_SHOWN)
    closures = queries.closures(session, now=now, workshop_ids=workshop_ids, limit=NEXT_SHOWN)
    undecided = queries.undecided_counts(session, closures, now=now)
    return ManagerDesk(
        waiting=tuple(Waiting(one.reservation, formats.format_age(one.waiting_since)) for one in waiting),
        waiting_count=queries.waiting_count(session, workshop_ids, now),
        machines=tuple(_machine_days(views)),
        overdue=tuple(view for view in views if view.status == Status.IN_USE and view.ends_at < now),
        closed=tuple(closure for closure in closures if closure.starts_at <= now or closure.id in undecided),
        undecided=undecided,
        disputed=queries.slips(session, workshop_ids=workshop_ids, only_disputed=True, limit=SLIPS_SHOWN),
        damage=queries.damage_reports(session, workshop_ids=workshop_ids, only_open=True, limit=NEXT_SHOWN),
        outside_count=queries.outside_count(session, workshop_ids, now=now),
        not_fetched=queries.not_fetched(session, workshop_ids, now, limit=NOT_FETCHED_SHOWN),
        not_fetched_count=queries.not_fetched_count(session, workshop_ids, now),
        no_shows=queries.no_shows(session, workshop_ids, now - TAKEN_BACK_WITHIN, limit=NEXT_SHOWN),
    )


def _next(view: ReservationView, late: StillOut | None, now: datetime) -> NextReservation:
    """Return a reservation to come with its next step. late: what of its machine should be back."""
    step, href = "", ""
    if may_be_handed_out(view, now):
        step, href = _("Hand out"), url_for("usage.hand_out", reservation_id=view.id)
    elif view.status == Status.IN_USE:
        step, href = _("Hand back"), url_for("usage.hand_back", reservation_id=view.id)
    # A plain reservation needs no sentence; it would be the same in every line.
    sentence = "" if view.status == Status.CONFIRMED and not step else state_sentence(view, now)
    if late is not None and view.status == Status.CONFIRMED and late.all_places - late.places < view.places:
        sentence = still_out_sentence(late, view.zone, now)
    return NextReservation(view, sentence, step, href)


def _machine_days(views: Collection[ReservationView]) -> list[MachineDay]:
    return [
        MachineDay(name, slug, tuple(group))
        for (name, slug), group in groupby(views, key=attrgetter("machine_name", "machine_slug"))
    ]
