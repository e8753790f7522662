"""The member's part of /today: the next reservation large, what waits, what comes after, the costs of the year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.reservations.presenter import state_sentence
from app.wording import formats
from app.wording.bars import Column, twins
from app.wording.periods import format_month, format_short_month
from app.wording.sorts import sort_text
from app.wording.whereabouts import still_out_sentence
from billing import queries as billing_queries
from billing.queries import ChargedYears
from booking import queries
from booking.models import Status
from booking.queries import ReservationView, SlipView, StillOut
from booking.queries.exchanges import ExchangeView, waiting_for
from booking.queries.offers import OfferView, waiting_offers
from booking.times.wall_clock import local_day, to_wall
from booking.use.use_times import may_be_handed_out

NEXT_SHOWN, SLIPS_SHOWN, AGAIN_SHOWN, OFFERS_SHOWN = 5, 5, 3, 5
SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NextReservation:
    """One of the member's reservations to come, with the step that is possible now (label and address, or "")."""

    view: ReservationView
    sentence: str
    step: str
    href: str
    kicker: str

    @property
    def day(self) -> date:
        """Return the day of its calendar leaf: on which it begins, of what is in use on which it ends."""
        return local_day(_next_step_at(self.view), self.view.zone)

    @property
    def time(self) -> str:
        """Return 9:00 – 15:00, or both days where it ends on another one."""
        return formats.format_clock_span(self.view.span, self.view.zone).replace(" ", "\xa0").replace("–", " – ")


@dataclass(frozen=True, slots=True)
class YearOfCosts:
    """A member's usage charges of the newest charged year beside those of the year before.

    same_time_cents: of the year before up to the same day; None where the year is over or the one before had none.
    """

    year: int
    cents: int
    same_time_cents: int | None
    columns: tuple[Column, ...]
    figures: tuple[tuple[str, str, str], ...]
    sentence: str
    present: int | None


@dataclass(frozen=True, slots=True)
class Again:
    """A machine that the member has used lately."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class MemberDesk:
    """A member's part: the next reservations, the slips to check, machines to reserve again, the costs of the year.

    offers: from the waiting list, that wait for an answer. exchanges: what other members offer.
    """

    upcoming: tuple[NextReservation, ...]
    offers: tuple[OfferView, ...]
    exchanges: tuple[ExchangeView, ...]
    slips: tuple[SlipView, ...]
    again: tuple[Again, ...]
    costs: YearOfCosts


def member_desk(session: Session, member_id: int, *, now: datetime) -> MemberDesk:
    """Return the part of a member, in five SQL statements; in six when something is to be fetched."""
    upcoming = queries.reservations_of_member(session, member_id, upcoming=True, now=now, limit=NEXT_SHOWN)
    upcoming = tuple(sorted(upcoming, key=_next_step_at))
    slips = queries.newest_slips_of_member(session, member_id, limit=SLIPS_SHOWN)
    to_look_at = tuple(
        slip for slip in slips if slip.state() == "back" and slip.objection_until and slip.objection_until > now
    )
    to_fetch = {view.machine_id for view in upcoming if may_be_handed_out(view, now)}
    late = queries.still_out(session, now, machine_ids=to_fetch) if to_fetch else {}
    coming = {view.machine_slug for view in upcoming}
    used = dict.fromkeys(Again(slip.machine_name, slip.machine_slug) for slip in slips)
    return MemberDesk(
        tuple(_next(view, late.get(view.machine_id), now) for view in upcoming),
        waiting_offers(session, member_id, now=now, limit=OFFERS_SHOWN),
        waiting_for(session, member_id, now=now, limit=OFFERS_SHOWN),
        to_look_at,
        tuple(one for one in used if one.slug not in coming)[:AGAIN_SHOWN],
        _costs(session, member_id, local_day(now, formats.as_zone(None))),
    )


def _next_step_at(view: ReservationView) -> datetime:
    """Return when a reservation asks something of its member: to hand back what is in use, to pick up the rest."""
    return view.ends_at if view.status == Status.IN_USE else view.starts_at


def _next(view: ReservationView, late: StillOut | None, now: datetime) -> NextReservation:
    """Return a reservation to come with its next step. late: what of its machine should be back."""
    step, href = "", ""
    if may_be_handed_out(view, now):
        step, href = sort_text("hand_out", view.machine_sort), url_for("usage.hand_out", reservation_id=view.id)
    elif view.status == Status.IN_USE:
        step, href = sort_text("hand_back", view.machine_sort), url_for("usage.hand_back", reservation_id=view.id)
    # A plain reservation needs no sentence; it would be the same in every line.
    sentence = "" if view.status == Status.CONFIRMED and not step else state_sentence(view, now)
    if late is not None and view.status == Status.CONFIRMED and late.all_places - late.places < view.places:
        sentence = still_out_sentence(late, view.zone, now, view.machine_sort)
    return NextReservation(view, sentence, step, href, _kicker(view, now))


def _kicker(view: ReservationView, now: datetime) -> str:
    """Return when a reservation is, as seen from now."""
    if view.status == Status.IN_USE:
        if view.ends_at < now:
            return _("Still out, was due %(time)s", time=formats.format_end(view.ends_at, view.zone))
        return _("With you, due back in %(time)s", time=formats.format_length(view.ends_at - now))
    day = _day_words(view.starts_at, view.zone, now)
    ahead = view.starts_at - now
    if timedelta(0) < ahead <= SOON:
        return _("%(day)s, in %(time)s", day=day, time=_minutes(ahead))
    return _("%(day)s, has begun", day=day) if ahead <= timedelta(0) else day


def _minutes(ahead: timedelta) -> str:
    minutes = max(int(ahead.total_seconds()) // 60, 1)
    return formats.format_length(timedelta(minutes=minutes))


def _day_words(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    day, today = local_day(instant, zone), local_day(now, zone)
    if day == today:
        return _("Today")
    if day == today + timedelta(days=1):
        return _("Tomorrow, %(day)s", day=formats.format_day(instant, zone))
    return formats.format_day(instant, zone)


def _costs(session: Session, member_id: int, today: date) -> YearOfCosts:
    charged = billing_queries.charged_by_month(session, member_id, date(today.year - 2, 1, 1), today=today)
    # In January the old year is shown until something of the new one is charged.
    year = max((year for year in charged.years if year <= today.year), default=today.year)
    is_present = year == today.year
    return YearOfCosts(
        year,
        charged.of_year(year),
        charged.up_to(year - 1, today.month) if is_present and year - 1 in charged.years else None,
        _columns(charged, year),
        tuple(
            (format_month(month), formats.format_money(this), formats.format_money(last))
            for month, this, last in zip(range(1, 13), charged.by_month(year), charged.by_month(year - 1), strict=True)
        ),
        _sentence(charged, year),
        today.month - 1 if is_present else None,
    )


def _columns(charged: ChargedYears, year: int) -> tuple[Column, ...]:
    return twins(
        [
            (format_short_month(month), "", [("c4", max(last, 0)), ("c1", max(this, 0))])
            for month, this, last in zip(range(1, 13), charged.by_month(year), charged.by_month(year - 1), strict=True)
        ]
    )


def _sentence(charged: ChargedYears, year: int) -> str:
    months = charged.by_month(year)
    if not any(months):
        return _("Nothing was charged in %(year)s.", year=year)
    highest = max(range(12), key=lambda at: months[at])
    return _(
        "Charges by month of %(year)s: the highest in %(month)s with %(sum)s.",
        year=year,
        month=format_month(highest + 1),
        sum=formats.format_money(months[highest]),
    )


def greeting(name: str, now: datetime, zone: ZoneInfo) -> str:
    """Return "Good morning, Anna" by the clock of the ring. A title such as "Dr." is followed by the whole name."""
    first = name.partition(" ")[0]
    called = name if first.endswith(".") else first
    hour = to_wall(now, zone).hour
    if hour < 11:
        return _("Good morning, %(name)s", name=called)
    return _("Good day, %(name)s", name=called) if hour < 18 else _("Good evening, %(name)s", name=called)
