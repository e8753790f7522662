"""Simulation of a season by the use cases of the ring: reservations are requested, decided, handed out and back.

Each use is a process of the simulation, which stops at the present. Reservations after it are the plan of the coming
weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import cycle
from random import Random

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, FIRST_PERSON, PERSONS, SECOND_PERSON, BaseData
from app.demo.breakdowns import break_down
from app.demo.machines import MACHINES, DemoMachine
from app.demo.people import ANNA, BERND, MEMBERS
from app.demo.series import enter_series
from app.demo.simulation import ZONE, Process, at
from billing.charges.charges import charge_for
from booking import queries
from booking.charge_units import CHARGE_UNITS
from booking.closures import blockings
from booking.errors.schedule_errors import DomainError, UsageRefused
from booking.kernel.events import Actor
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.timespan import TimeSpan
from booking.use import objections, usage
from booking.use.usage import Measurement

DAYS_AHEAD = 21
TOLERANCES_MIN = (0, 60, 0, 120)  # by how much a reservation may be moved, one after the other
DAYS_TO_ANSWER = 9
PAST_STEP_DAYS = 5  # from use to use, in the year before
HARVESTED, HARVEST_DAYS, HARVEST = 6, 8, (7, 4)  # uses of the combine in the year before, from when on every few days
HARVESTED_AFTER_DAYS = (20, 34, 48, 62)  # from the start of the season
QUARTER_HOUR = timedelta(minutes=15)
MORNING, NIGHT = 7, 22  # hours of the day between which people act
NORMAL_LOAD, PEAK_LOAD = 0.33, 2.2  # factors of the usual demand: in the season, and around today, which is looked at


EXPIRY = Actor(job="expire_requests")
COMBINE = next(one for one in MACHINES if one.entry.slug == "combine")


@dataclass(frozen=True, slots=True)
class Use:
    """A use to simulate, and when it is requested. is_left_waiting: it stays undecided; is_disputed: its slip."""

    machine: DemoMachine
    member: str
    span: TimeSpan
    asked_at: datetime
    places: int
    purpose: str
    is_left_waiting: bool = False
    is_disputed: bool = False


class Season:
    """The processes of a season. Deterministic: all random values come from one generator."""

    def __init__(self, session: Session, base: BaseData, rng: Random, *, now: datetime) -> None:
        self.session, self.base, self.rng, self.now = session, base, rng, now
        self.manager = Actor(user_id=base.logins["wanda@demo.example"])
        self.readings: dict[str, int] = {}

    def processes(self, scale: float) -> Iterator[Process]:
        """Return the processes of all closures and uses."""
        yield from self._closures()
        yield from self._uses(scale)
        yield from enter_series(self.session, self.base, self.now)
        yield break_down(self.session, self.base, self.manager, self.now)

    def past_processes(self, scale: float) -> Iterator[Process]:
        """Return a few uses of the year before, without inductions: every fourth by Anna; and a harvest."""
        machines = cycle(one for one in MACHINES if not one.induction and not _has_meter(one))
        members = cycle((ANNA, "", "", ""))
        day, step = self.base.past_start, timedelta(days=round(PAST_STEP_DAYS / scale))
        while day < self.base.past_end - timedelta(days=PAST_STEP_DAYS):
            use = self._random_use(next(machines), day)
            yield self._process(replace(use, member=next(members) or use.member))
            day += step
        day = date(self.base.past_start.year, *HARVEST)
        for _use in range(max(round(HARVESTED * scale), 1)):
            if day < self.base.past_end - timedelta(days=PAST_STEP_DAYS):
                yield self._process(self._random_use(COMBINE, day))
            day += timedelta(days=HARVEST_DAYS)

    def _uses(self, scale: float) -> Iterator[Process]:
        # However small the ring: somebody used the combine in the first half, and somebody objected.
        days = [self.base.season_start + timedelta(days=days) for days in HARVESTED_AFTER_DAYS]
        harvest = (replace(self._random_use(COMBINE, day), is_disputed=day <= days[1]) for day in days)
        for use in (*self._scripted_uses(), *harvest):
            yield self._process(use)
        for use in self._random_uses(scale):
            yield self._process(use)

    def _random_uses(self, scale: float) -> Iterator[Use]:
        day = self.base.season_start
        while day < self.base.today + timedelta(days=DAYS_AHEAD):
            is_near = abs((day - self.base.today).days) <= 8
            for machine in MACHINES:
                wishes = machine.use.per_week / 7 * scale * (PEAK_LOAD if is_near else NORMAL_LOAD)
                for _wish in range(int(wishes + self.rng.random())):
                    yield self._random_use(machine, day)
            day += timedelta(days=1)

    def _random_use(self, machine: DemoMachine, day: date) -> Use:
        rng, use = self.rng, machine.use
        start = at(day, rng.choice(use.starts))
        hours = rng.randint(*use.hours)
        fitting = [member.number for member in MEMBERS if member.trade in use.trades]
        ahead = rng.randint(max(13, machine.entry.notice_hours + 1), 260)
        asked = _in_daytime(start - timedelta(hours=ahead, minutes=ahead * 17 % 60), is_earlier=True)
        return Use(
            machine,
            rng.choice(fitting),
            TimeSpan(start, start + timedelta(hours=hours)),
            asked,
            rng.randint(*use.places),
            rng.choice(use.purposes),
        )

    def _scripted_uses(self) -> Iterator[Use]:
        """Yield uses that give Anna and Bernd current, undecided and future reservations."""
        by_slug = {machine.entry.slug: machine for machine in MACHINES}
        for member, slug, days, hour, hours, asked_hours_ago, purpose in (
            (ANNA, "tedder", 0, 8, 3, 30, "Grummet"),
            (ANNA, "relief-worker", 2, 6, 6, 3, "Stallbau"),
            (ANNA, "combine", 4, 9, 6, 50, "Triticale"),
            (ANNA, "cold-store", 1, 8, 72, 70, "Reifung Rind"),
            (BERND, "laser-cutter", 0, 9, 2, 40, "Türschilder"),
            (BERND, "cnc-mill", 3, 13, 4, 5, "Treppenwangen"),
            (BERND, "table-saw", 2, 10, 2, 26, "Plattenzuschnitt"),
            ("M-003", "forage-harvester", 5, 8, 8, 7, "Silomais"),
            ("M-018", "cnc-mill", 4, 9, 3, 11, "Schablonen"),
            ("M-005", "wood-splitter", 6, 9, 5, 9, "Brennholz Winter"),
        ):
            start = at(self.base.today + timedelta(days=days), hour)
            span = TimeSpan(start, start + timedelta(hours=hours))
            asked_at = self.now - timedelta(hours=asked_hours_ago)
            places = 4 if slug == "cold-store" else 1
            yield Use(by_slug[slug], member, span, asked_at, places, purpose, is_left_waiting=True)

    def _closures(self) -> Iterator[Process]:
        for slug, days, length, reason in (
            ("forage-harvester", 9, 2, "Messer und Walzen: jährlicher Service"),
            ("table-saw", 1, 1, "Neues Sägeblatt, Prüfung der Absaugung"),
        ):
            yield self._closure(slug, self.base.today + timedelta(days=days), length, reason)

    def _closure(self, slug: str, day: date, days: int, reason: str) -> Process:
        entered = at(self.base.season_start, 9)
        yield entered
        span = TimeSpan(at(day, 0), at(day + timedelta(days=days), 0))
        blockings.close(self.session, self.base.machines[slug], span, reason, by=self.manager, now=entered)

    def _process(self, use: Use) -> Process:
        """Request -> decision -> hand-out -> hand-back, or an end without use."""
        rng, chance = self.rng, self.rng.random()
        yield use.asked_at
        reservation_id = self._request(use)
        if reservation_id is None:
            return
        if use.machine.entry.needs_approval:
            decided_at = _in_daytime(use.asked_at + timedelta(hours=rng.randint(2, 20), minutes=rng.randint(0, 59)))
            if use.is_left_waiting:
                yield from self._expire(reservation_id, decided_at)
                return
            yield decided_at
            if not self._decide(reservation_id, decided_at, is_declined=chance < 0.04):
                yield from self._expire(reservation_id, decided_at)
                return
        if chance > 0.93:
            cancelled_at = use.span.start - (use.span.start - use.asked_at) * rng.random() * 0.5
            yield cancelled_at
            reservations.cancel(self.session, reservation_id, by=DEMO, now=cancelled_at)
            return
        yield from self._use_it(use, reservation_id, is_forgotten=chance > 0.915)

    def _request(self, use: Use) -> int | None:
        wish = Wish(
            self.base.machines[use.machine.entry.slug],
            self.base.members[use.member],
            use.span,
            use.places,
            use.purpose,
            may_move_min=TOLERANCES_MIN[use.span.seconds // 3600 % len(TOLERANCES_MIN)],
            second=SECOND_PERSON if use.machine.entry.needs_second_person else MEMBER_ITSELF,
        )
        uid = f"{self.rng.getrandbits(128):032x}@ringbuch"
        try:
            with self.session.begin_nested():
                entered = reservations.request_reservation(self.session, wish, by=DEMO, now=use.asked_at, uid=uid)
        except DomainError:
            return None  # taken, closed or without induction
        return entered.id

    def _decide(self, reservation_id: int, at: datetime, *, is_declined: bool) -> bool:
        if is_declined:
            reason = "Die Maschine wird an dem Tag anderswo gebraucht."
            decisions.reject(self.session, reservation_id, reason, by=self.manager, now=at)
            return False
        try:
            with self.session.begin_nested():
                decisions.approve(self.session, reservation_id, by=self.manager, now=at)
        except DomainError:
            return False  # too late, or the rules have changed: it expires
        return True

    def _expire(self, reservation_id: int, decided_at: datetime) -> Process:
        """Expire a request that was not decided; a declined one has no deadline any more."""
        deadline = queries.reservation(self.session, reservation_id).decide_until
        if deadline is not None:
            yield (expired_at := max(deadline, decided_at))
            decisions.expire(self.session, reservation_id, by=EXPIRY, now=expired_at)

    def _use_it(self, use: Use, reservation_id: int, *, is_forgotten: bool) -> Process:
        rng = self.rng
        if is_forgotten:
            yield (late := use.span.start + timedelta(hours=1))
            decisions.report_no_show(self.session, reservation_id, by=self.manager, now=late)
            return
        handed_out_at = use.span.start + timedelta(minutes=rng.randint(-20, 15))
        yield handed_out_at
        while not self._hand_out(use, reservation_id, handed_out_at):
            yield (handed_out_at := handed_out_at + QUARTER_HOUR)
        handed_back_at = handed_out_at + use.span.length * (0.7 + 0.32 * rng.random())
        yield (handed_back_at := handed_back_at.replace(second=0, microsecond=0))
        slip = usage.hand_back(self.session, reservation_id, self._after(use), by=DEMO, now=handed_back_at)
        charge_for(self.session, slip.id, by=DEMO, now=handed_back_at)
        if (
            rng.random() < 0.01
            or use.is_disputed
            or (use.member == ANNA and (self.now - handed_back_at) < timedelta(days=9))
        ):
            yield from self._dispute(slip.id, handed_back_at)

    def _hand_out(self, use: Use, reservation_id: int, at: datetime) -> bool:
        """Hand the machine out. Return False while the use before it is not back."""
        try:
            with self.session.begin_nested():
                operator = None
                if use.machine.entry.needs_second_person:
                    operator = Person(PERSONS[use.member]) if use.member in PERSONS else FIRST_PERSON
                usage.hand_out(self.session, reservation_id, self._before(use), by=DEMO, now=at, operator=operator)
        except UsageRefused as refused:
            if {found.rule for found in refused.violations} != {"all_out"}:
                raise
            return False
        return True

    def _dispute(self, usage_id: int, handed_back_at: datetime) -> Process:
        """Object the next day; the manager answers after some days, so the latest objections are open."""
        yield (objected_at := handed_back_at + timedelta(hours=20))
        objection = "Der Zähler zeigte weniger, bitte prüfen."
        objections.object_to(self.session, usage_id, objection, by=DEMO, now=objected_at)
        yield (answered_at := objected_at + timedelta(days=DAYS_TO_ANSWER, hours=5))
        answer = "Geprüft: Der Zählerstand stimmt mit dem Zettel an der Maschine überein."
        objections.answer(self.session, usage_id, answer, by=self.manager, now=answered_at)

    def _before(self, use: Use) -> Measurement:
        if not _has_meter(use.machine):
            return Measurement()
        return Measurement(reading=self.readings.setdefault(use.machine.entry.slug, self.rng.randint(20_000, 90_000)))

    def _after(self, use: Use) -> Measurement:
        if CHARGE_UNITS[use.machine.entry.charge_unit].from_clock:
            return Measurement()
        hours = use.span.seconds / 3_600
        amount = max(int(use.machine.use.amount_per_hour * hours * (0.8 + 0.3 * self.rng.random())), 1)
        if not _has_meter(use.machine):
            return Measurement(amount=amount)
        self.readings[use.machine.entry.slug] += amount
        return Measurement(reading=self.readings[use.machine.entry.slug])


def _has_meter(machine: DemoMachine) -> bool:
    return machine.entry.charge_unit in ("ha", "km")


def _in_daytime(instant: datetime, *, is_earlier: bool = False) -> datetime:
    """Return an instant outside the night: the next morning, or the evening before."""
    wall = instant.astimezone(ZONE)
    if MORNING <= wall.hour < NIGHT:
        return instant
    if is_earlier:
        day = wall.date() if wall.hour >= NIGHT else wall.date() - timedelta(days=1)
        return at(day, NIGHT - 1) + timedelta(minutes=wall.minute)
    day = wall.date() if wall.hour < MORNING else wall.date() + timedelta(days=1)
    return at(day, MORNING) + timedelta(minutes=wall.minute)
