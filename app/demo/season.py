"""A season lived through by the ring's own use cases: every reservation is asked for, decided, fetched, returned.

Each use is a small life on the agenda, which stops at the present. What lies ahead of it is the plan of the
coming weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from app.demo.agenda import ZONE, Life, at
from app.demo.cast import ANNA, BERND, MEMBERS
from app.demo.machines import MACHINES, DemoMachine
from app.demo.stage import DEMO, Stage
from billing.charges import charge_for
from booking import blockings, decisions, objections, queries, reservations, usage
from booking.charge_units import CHARGE_UNITS
from booking.errors import DomainError
from booking.kernel.events import Actor
from booking.timespan import TimeSpan
from booking.usage import Measurement
from booking.wishes import Wish

DAYS_AHEAD = 21
DAYS_TO_ANSWER = 9
MORNING, NIGHT = 7, 22  # hours of the day between which people write
CALM, BUSY = 0.55, 2.2  # how full the season was, and how full the present weeks are, against the usual


EXPIRY = Actor(job="expire_requests")


@dataclass(frozen=True, slots=True)
class Use:
    """Who wants which machine when, and when that was asked for. is_left_waiting: the manager has not looked yet."""

    machine: DemoMachine
    member: str
    span: TimeSpan
    asked_at: datetime
    places: int
    purpose: str
    is_left_waiting: bool = False


class Season:
    """The agenda of all lives. Deterministic: all chance comes from one source."""

    def __init__(self, session: Session, stage: Stage, rng: Random, *, now: datetime) -> None:
        self.session, self.stage, self.rng, self.now = session, stage, rng, now
        self.manager = Actor(user_id=stage.logins["wanda@demo.example"])
        self.readings: dict[str, int] = {}

    def lives(self, scale: float) -> Iterator[Life]:
        """Every closure and every use."""
        yield from self._closures()
        yield from self._uses(scale)

    def _uses(self, scale: float) -> Iterator[Life]:
        for use in (*self._wished_by_the_cast(), *self._wished_by_chance(scale)):
            yield self._life(use)

    def _wished_by_chance(self, scale: float) -> Iterator[Use]:
        day = self.stage.season_start
        while day < self.stage.today + timedelta(days=DAYS_AHEAD):
            is_near = abs((day - self.stage.today).days) <= 8
            for machine in MACHINES:
                wishes = machine.use.a_week / 7 * scale * (BUSY if is_near else CALM)
                for _wish in range(int(wishes + self.rng.random())):
                    yield self._random_use(machine, day)
            day += timedelta(days=1)

    def _random_use(self, machine: DemoMachine, day: date) -> Use:
        rng, use = self.rng, machine.use
        start = at(day, rng.choice(use.starts))
        hours = rng.randint(*use.hours)
        fitting = [member.number for member in MEMBERS if member.trade in use.trades]
        ahead = rng.randint(max(13, machine.entry.notice_hours + 1), 260)
        asked = _by_day(start - timedelta(hours=ahead, minutes=ahead * 17 % 60), is_earlier=True)
        return Use(
            machine,
            rng.choice(fitting),
            TimeSpan(start, start + timedelta(hours=hours)),
            asked,
            rng.randint(*use.places),
            rng.choice(use.purposes),
        )

    def _wished_by_the_cast(self) -> Iterator[Use]:
        """What Anna and Bernd see on their own pages: something now, something waiting, something to come."""
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
            start = at(self.stage.today + timedelta(days=days), hour)
            span = TimeSpan(start, start + timedelta(hours=hours))
            asked_at = self.now - timedelta(hours=asked_hours_ago)
            places = 4 if slug == "cold-store" else 1
            yield Use(by_slug[slug], member, span, asked_at, places, purpose, is_left_waiting=True)

    def _closures(self) -> Iterator[Life]:
        for slug, days, length, reason in (
            ("forage-harvester", 9, 2, "Messer und Walzen: jährlicher Service"),
            ("table-saw", 1, 1, "Neues Sägeblatt, Prüfung der Absaugung"),
        ):
            yield self._closure(slug, self.stage.today + timedelta(days=days), length, reason)

    def _closure(self, slug: str, day: date, days: int, reason: str) -> Life:
        entered = at(self.stage.season_start, 9)
        yield entered
        span = TimeSpan(at(day, 0), at(day + timedelta(days=days), 0))
        blockings.close(self.session, self.stage.machines[slug], span, reason, by=self.manager, now=entered)

    def _life(self, use: Use) -> Life:
        """request -> decision -> hand-out -> hand-back, or an end without use."""
        rng, chance = self.rng, self.rng.random()
        yield use.asked_at
        reservation_id = self._request(use)
        if reservation_id is None:
            return
        if use.machine.entry.needs_approval:
            decided_at = _by_day(use.asked_at + timedelta(hours=rng.randint(2, 20), minutes=rng.randint(0, 59)))
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
            self.stage.machines[use.machine.entry.slug],
            self.stage.members[use.member],
            use.span,
            use.places,
            use.purpose,
        )
        uid = f"{self.rng.getrandbits(128):032x}@ringbuch"
        try:
            with self.session.begin_nested():
                entered = reservations.request_reservation(self.session, wish, by=DEMO, now=use.asked_at, uid=uid)
        except DomainError:
            return None  # taken, closed or without induction: as it happens in every ring
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

    def _expire(self, reservation_id: int, decided_at: datetime) -> Life:
        """What could not be approved waits until its deadline; of what was declined nothing is left to expire."""
        deadline = queries.reservation(self.session, reservation_id).decide_until
        if deadline is not None:
            yield (expired_at := max(deadline, decided_at))
            decisions.expire(self.session, reservation_id, by=EXPIRY, now=expired_at)

    def _use_it(self, use: Use, reservation_id: int, *, is_forgotten: bool) -> Life:
        rng = self.rng
        if is_forgotten:
            yield (late := use.span.start + timedelta(hours=1))
            decisions.report_no_show(self.session, reservation_id, by=self.manager, now=late)
            return
        fetched_at = use.span.start + timedelta(minutes=rng.randint(-20, 15))
        yield fetched_at
        usage.hand_out(self.session, reservation_id, self._before(use), by=DEMO, now=fetched_at)
        returned_at = fetched_at + use.span.length * (0.7 + 0.32 * rng.random())
        yield (returned_at := returned_at.replace(second=0, microsecond=0))
        slip = usage.hand_back(self.session, reservation_id, self._after(use), by=DEMO, now=returned_at)
        charge_for(self.session, slip.id, by=DEMO, now=returned_at)
        if rng.random() < 0.01 or (use.member == ANNA and (self.now - returned_at) < timedelta(days=9)):
            yield from self._dispute(slip.id, returned_at)

    def _dispute(self, usage_id: int, returned_at: datetime) -> Life:
        """A member objects the next day; the manager answers within two weeks, so the latest still wait."""
        yield (objected_at := returned_at + timedelta(hours=20))
        words = "Der Zähler zeigte weniger, bitte prüfen."
        objections.object_to(self.session, usage_id, words, by=DEMO, now=objected_at)
        yield (answered_at := objected_at + timedelta(days=DAYS_TO_ANSWER, hours=5))
        answer = "Geprüft: Der Zählerstand stimmt mit dem Zettel an der Maschine überein."
        objections.answer(self.session, usage_id, answer, by=self.manager, now=answered_at)

    def _has_meter(self, use: Use) -> bool:
        return use.machine.entry.charge_unit in ("ha", "km")

    def _before(self, use: Use) -> Measurement:
        if not self._has_meter(use):
            return Measurement()
        return Measurement(reading=self.readings.setdefault(use.machine.entry.slug, self.rng.randint(20_000, 90_000)))

    def _after(self, use: Use) -> Measurement:
        if CHARGE_UNITS[use.machine.entry.charge_unit].from_clock:
            return Measurement()
        hours = use.span.seconds / 3_600
        amount = max(int(use.machine.use.amount_an_hour * hours * (0.8 + 0.3 * self.rng.random())), 1)
        if not self._has_meter(use):
            return Measurement(amount=amount)
        self.readings[use.machine.entry.slug] += amount
        return Measurement(reading=self.readings[use.machine.entry.slug])


def _by_day(instant: datetime, *, is_earlier: bool = False) -> datetime:
    """Nobody writes at night: the next morning, or the evening before."""
    wall = instant.astimezone(ZONE)
    if MORNING <= wall.hour < NIGHT:
        return instant
    if is_earlier:
        day = wall.date() if wall.hour >= NIGHT else wall.date() - timedelta(days=1)
        return at(day, NIGHT - 1) + timedelta(minutes=wall.minute)
    day = wall.date() if wall.hour < MORNING else wall.date() + timedelta(days=1)
    return at(day, MORNING) + timedelta(minutes=wall.minute)
