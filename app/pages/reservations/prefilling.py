"""The form filled in from an address: a free span of the plan, a machine's page, or a reservation to repeat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.auth import lookups
from app.extensions import db
from app.pages.reservations.checks import end_after, keep_length
from app.pages.reservations.choices import read_instant
from app.pages.reservations.forms import ReservationForm
from app.pages.reservations.options import GROUP_PREFIX, ChosenGroup, FormOptions
from app.wording import formats
from booking import availability
from booking.errors.schedule_errors import GroupNotFound, MachineNotFound
from booking.queries import MachineCard
from booking.times.wall_clock import first_instant, later_by_clock, local_day, to_wall
from booking.timespan import TimeSpan

USUAL_MINUTES = 60
LOOK_AHEAD = timedelta(days=14)
WEEK = timedelta(days=7)


def fill(
    form: ReservationForm, options: FormOptions, arguments: Mapping[str, str], *, now: datetime
) -> TimeSpan | None:
    """Fill the form from machine, start (an instant, or wall clock), date, end, minutes, places, repeat, or again.

    group: its id, in place of a machine. Returns the span filled into the form, if any. Raises MachineNotFound for a
    machine that is not lent, and GroupNotFound.
    """
    machines = options.machines
    for name, is_later in (("repeat", True), ("again", False)):
        if arguments.get(name, "").isdecimal():
            return _repeat(form, machines, int(arguments[name]), is_later=is_later)
    slug = arguments.get("machine", "")
    if arguments.get("group", ""):
        slug = f"{GROUP_PREFIX}{arguments['group']}"
    if not slug:
        form.date.data = local_day(now, formats.as_zone(None))
        return None
    group = options.groups.get(slug)
    if group is None and slug not in machines:
        raise GroupNotFound(id=slug) if options.is_group(slug) else MachineNotFound(id=slug)
    card = group.first if group else machines[slug]
    form.machine.data = slug
    if (places := arguments.get("places", "")).isdecimal() and len(places) < 6:
        form.places.data = int(places)
    minutes = _minutes(arguments, card)
    start = _start(arguments, card.zone) or _first_free(card, group, minutes, form.places.data or 1, now)
    end = _instant(arguments.get("end", ""), None, card.zone)
    if end is None or end <= start:
        end = end_after(start, timedelta(minutes=minutes), card)
    span = TimeSpan(start, end)
    form.fill(span, card)
    return span


def _repeat(
    form: ReservationForm, machines: Mapping[str, MachineCard], reservation_id: int, *, is_later: bool
) -> TimeSpan:
    """Fill in a reservation again: at its time, or one week later by the clock on the wall."""
    old = lookups.shown_reservation(reservation_id)
    if old.machine_slug not in machines:
        raise MachineNotFound(id=old.machine_slug)
    card = machines[old.machine_slug]
    span = _a_week_later(old.span, card) if is_later else old.span
    form.machine.data = old.machine_slug
    form.places.data, form.purpose.data = old.places, old.purpose
    form.offer_tolerances(old.may_move_min)
    form.second_person.data = old.second_person
    form.variants.data = list(old.choices)
    if form.member is not None:
        form.member.data = str(old.member_id)
    form.fill(span, card)
    return span


def _a_week_later(span: TimeSpan, card: MachineCard) -> TimeSpan:
    """Return the span a week later: the start by the clock, then the same length.

    The end is not mapped by the clock as well: in the hour that is skipped in spring two times are one instant.
    """
    return keep_length(span, later_by_clock(span.start, WEEK, card.zone), card)


def _start(arguments: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    return _instant(arguments.get("start", ""), arguments.get("date"), zone)


def _instant(text: str, day: str | None, zone: ZoneInfo) -> datetime | None:
    """2026-11-24T06:30Z, 2026-11-24T07:30 by the clock, or 07:30 of another field's day; None when unreadable."""
    try:
        if day and "T" not in text:
            return first_instant(datetime.combine(date.fromisoformat(day), time.fromisoformat(text)), zone)
        wall = datetime.fromisoformat(text)
        return read_instant(text) if wall.tzinfo is not None else read_instant(first_instant(wall, zone).isoformat())
    except (ValueError, OverflowError):
        return None


def _first_free(card: MachineCard, group: ChosenGroup | None, minutes: int, places: int, now: datetime) -> datetime:
    """Return the first start from which the proposed length fits, so that the form does not open with a refusal.

    By day, if there is one: at night only where no other time is free for two weeks.
    """
    for by_day in (True, False):
        if start := _first_start(card, group, minutes, places, now, by_day=by_day):
            return start
    next_hour = to_wall(now + timedelta(hours=1), card.zone).replace(minute=0, second=0, microsecond=0)
    return first_instant(next_hour, card.zone)


def _first_start(
    card: MachineCard, group: ChosenGroup | None, minutes: int, places: int, now: datetime, *, by_day: bool
) -> datetime | None:
    session, until = db.session(), now + LOOK_AHEAD
    if group is not None:
        for free in availability.earliest_free(
            session,
            minutes=minutes,
            places=places,
            now=now,
            until=until,
            machine_ids=list(group.cards),
            by_day=by_day,
        ):
            return free.span.start
    for span in availability.free_spans(
        session, card.id, TimeSpan(now, until), minutes=minutes, places=places, now=now, limit=1, by_day=by_day
    ):
        return span.start
    return None


def _minutes(arguments: Mapping[str, str], card: MachineCard) -> int:
    """Return the proposed length: the one in the address, else an hour, within the machine's rules."""
    text = arguments.get("minutes", "")
    wished = int(text) if text.isdecimal() and len(text) < 7 and int(text) else USUAL_MINUTES
    step = card.rules.step_min
    whole_steps = -(-max(wished, card.rules.shortest_min) // step) * step
    return max(min(whole_steps, card.rules.longest_min // step * step), step)
