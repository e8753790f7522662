"""One step of the state machine: carry a verb out, and compare what is stored with the model."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition
from sqlalchemy import func, select

from app.storage import audits
from booking.kernel import sealing
from booking.kernel.errors import DomainError
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Occupancy, Offer, Reservation, Unit, WaitingEntry
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, induction_kind, machine, member, workshop
from tests.conftest import MONDAY
from tests.properties.every_verb import holdings as model
from tests.properties.every_verb.course_model import RingOfCourses
from tests.properties.every_verb.exchange_model import RingOfMembers
from tests.properties.every_verb.holdings import steps
from tests.properties.every_verb.import_model import RingOfImports
from tests.properties.every_verb.zone_model import RingOfZones

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = {0: BERLIN, 60: ZoneInfo("Europe/London")}  # by how many minutes their clocks are behind
AUDITS = ("overlaps", "out", "quotas")
numbers = itertools.count()
ANSWERS: Counter[tuple[str, str | None]] = Counter()  # verb and code of the refusal, or None -> how often

starts = st.integers(0, 20)  # half hours after the next full one
lengths = st.integers(1, 6)
which = st.integers(0, 30)  # of the things that there are, the newest first
NAMES = ("saw", "twin", "press", "store", "lathe")
names = st.sampled_from([*NAMES, "store", "saw"])
who = st.sampled_from(["anna", "bernd", "carla"])
one_or_more = st.sampled_from([1, 1, 2, 3])


def instant(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


def minute_of(at: datetime) -> int:
    minutes, rest = divmod(at.astimezone(UTC) - MONDAY, timedelta(minutes=1))
    assert not rest
    return minutes


def span(start: int, end: int) -> TimeSpan:
    return TimeSpan(instant(start), instant(end))


def wall(minute: int, clock: int = 0) -> datetime:
    return instant(minute).astimezone(ZONES[clock]).replace(tzinfo=None)


def differing(stored, foretold):
    """Return what is stored and foretold where the two differ."""
    keys = stored.keys() | foretold.keys()
    return {key: (stored.get(key), foretold.get(key)) for key in keys if stored.get(key) != foretold.get(key)}


has_reservations = precondition(lambda self: self.ring.reservations)


@dataclass
class WholeRing(RingOfMembers, RingOfCourses, RingOfImports, RingOfZones):
    """The plain model with all of its parts."""


class Steps(RuleBasedStateMachine):
    """A workshop with two saws (twins), a press that needs approval, a store of three places and a lathe."""

    session = None
    audits_every = 8

    def __init__(self) -> None:
        super().__init__()
        self.ring, number, self.compared = WholeRing(), next(numbers), 0
        self.hall = workshop(self.session, f"hall-{number}")
        kind = self.kind = induction_kind(self.session, f"Lathes {number}")
        rules = {
            "saw": {"cleaning_min": 30},
            "twin": {"cleaning_min": 30},
            "press": {"setup_min": 15, "cleaning_min": 30, "needs_approval": True},
            "store": {"places": 3, "cleaning_min": 30},
            "lathe": {"induction_kind_id": kind},
        }
        self.ids = {name: machine(self.session, self.hall, f"{name}-{number}", **rules[name]) for name in NAMES}
        for name, id_ in self.ids.items():
            self.ring.machines[id_] = model.Machine(
                places=rules[name].get("places", 1),
                setup=rules[name].get("setup_min", 0),
                cleaning=rules[name].get("cleaning_min", 0),
                needs_approval=name == "press",
                needs_induction=name == "lathe",
                has_quotas=name == "store",
                group="saws" if name in ("saw", "twin") else "",
            )
        twins = tuple(RankedMachine(self.ids[name]) for name in ("saw", "twin"))
        with write_transaction(self.session):
            self.group = groups.make(self.session, self.hall, GroupInput("Saws", twins), by=SOMEBODY, now=MONDAY)
        self.members = {name: member(self.session, f"{name}-{number}") for name in ("anna", "bernd", "carla")}
        # What an earlier example left is found by the audits as well, and would hide which steps led to it.
        self.findings_before = {name: audits.run_audit(self.session, name) for name in AUDITS}
        self.compare()

    def attempt(self, expected, verb, *arguments, **more):
        """Carry a verb out and return its result; None where it is refused. expected: its code, or None."""
        self.before = self.state()
        self.unserved = {
            number
            for number, one in self.ring.entries.items()
            if self.ring.is_waiting(one) and not self.ring.could_serve(one, with_old_times=False)
        }
        try:
            with write_transaction(self.session):
                result, code = verb(self.session, *arguments, by=SOMEBODY, now=instant(self.ring.now), **more), None
        except DomainError as refusal:
            result, code = None, refusal.code
        ANSWERS[f"{verb.__module__}.{verb.__name__}", code] += 1
        assert code == expected
        if code is not None:
            assert self.state() == self.before
            self.compare()
        return result

    def state(self):
        """Return what a refusal must not change, and every success does: events and versions."""
        self.session.rollback()
        events = self.session.scalar(select(func.count()).select_from(RecordedEvent))
        of_machines = select(Machine.id, Machine.schedule_version).where(Machine.id.in_(self.ids.values()))
        of_members = select(Member.id, Member.schedule_version).where(Member.id.in_(self.members.values()))
        return events, dict(self.session.execute(of_machines).all()), dict(self.session.execute(of_members).all())

    def done(self, *, is_news=True, machines=(), members=()):
        """Compare after a success. machines, members: those whose schedules have changed."""
        self.ring.forget_answered()
        self.find_offers()
        self.compare()
        events, of_machines, of_members = self.state()
        assert (events > self.before[0]) == is_news
        assert all(of_machines[one] > self.before[1][one] for one in machines)
        assert all(of_members[one] > self.before[2][one] for one in members)

    def find_offers(self):
        """Take over the offers that were made, which must be possible, and name who should have got one."""
        self.session.rollback()
        ring = self.ring
        rows = self.session.scalars(select(Offer).where(Offer.machine_id.in_(ring.machines)).order_by(Offer.id)).all()
        made = {one.id: one for one in rows if one.id not in ring.offers}
        for id_, one in made.items():
            entry = ring.entries[one.entry_id]
            start, end = minute_of(one.starts_at), minute_of(one.ends_at)
            assert entry.offer is None
            assert ring.is_waiting(entry)
            assert one.machine_id == entry.machine
            assert entry.start <= start
            assert end <= entry.end
            assert end - start == (entry.length or entry.end - entry.start)
            wish = ring.time(one.machine_id, start, end, entry.places)
            assert not ring.breaks_rules(one.machine_id, entry.member, wish, asked=ring.now + model.TIME_TO_ANSWER)
            assert ring.fits(one.machine_id, [wish.part], besides=ring.old_times(one.machine_id))
            lapses = min(ring.now + model.OFFER, start)
            ring.offers[id_] = model.Offer(one.entry_id, one.machine_id, wish, lapses)
            entry.offer = id_
        for number in self.unserved:
            entry = ring.entries[number]
            if ring.is_waiting(entry) and entry.offer is None and entry.length is None:
                later = [id_ for id_, one in made.items() if one.entry_id > number]
                assert not ring.could_serve(entry, excluding=later, with_old_times=True), "served out of turn, or not"

    def compare(self):
        """Compare everything that is stored with the model; ask the audits now and then: they are half of the time."""
        self.session.rollback()
        self.compare_reservations()
        self.compare_waiting()
        self.compare_holds()
        self.compared += 1
        if self.compared % self.audits_every == 0:
            self.audit()

    def audit(self):
        for name in AUDITS:
            found = audits.run_audit(self.session, name)
            assert [one for one in found if one not in self.findings_before[name]] == [], name

    def compare_reservations(self):
        columns = (
            Reservation.id,
            Reservation.machine_id,
            Reservation.member_id,
            Reservation.status,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.places,
            Reservation.decide_until,
            Reservation.former_starts_at,
            Reservation.former_ends_at,
            Reservation.former_places,
        )
        rows = self.session.execute(select(*columns).where(Reservation.member_id.in_(self.members.values()))).all()
        stored = {
            row[0]: (*row[1:4], *(minute_of(one) if isinstance(one, datetime) else one for one in row[4:]))
            for row in rows
        }
        foretold = {
            number: (
                *(one.machine, one.member, one.status, one.time.start, one.time.end, one.time.places),
                one.decide_until,
                *((one.former.start, one.former.end, one.former.places) if one.former else (None, None, None)),
            )
            for number, one in self.ring.reservations.items()
        }
        assert differing(stored, foretold) == {}

    def compare_waiting(self):
        rows = self.session.scalars(select(WaitingEntry).where(WaitingEntry.machine_id.in_(self.ring.machines))).all()
        assert {row.id: (row.left_at is not None, row.offer_id) for row in rows} == {
            number: (one.has_left, one.offer) for number, one in self.ring.entries.items()
        }
        found = select(Offer.id, Offer.state, Offer.lapses_at).where(Offer.machine_id.in_(self.ring.machines))
        assert {id_: (state, minute_of(lapses)) for id_, state, lapses in self.session.execute(found)} == {
            number: (one.state, one.lapses) for number, one in self.ring.offers.items()
        }

    def compare_holds(self):
        """Compare who holds how many places when, from now on; closures around reservations hold all the rest."""
        ring = self.ring
        rows = self.session.execute(
            select(
                Unit.machine_id, Occupancy.hold_id, Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until
            )
            .join(Unit, Unit.id == Occupancy.unit_id)
            .where(Unit.machine_id.in_(ring.machines))
        ).all()
        held, self.units = defaultdict(list), defaultdict(set)
        for machine_id, hold_id, unit_id, since, until in rows:
            held[machine_id, hold_id].append((1, minute_of(since), minute_of(until)))
            self.units[hold_id].add(unit_id)
        for number, one in ring.reservations.items():
            if one.status == "completed":
                ring.left[number] = (one.machine, held.get((one.machine, number), []))
                cleaned = one.time.until
                assert len(ring.left[number][1]) <= one.time.places
                assert all(until <= cleaned for _places, _since, until in ring.left[number][1])
        for machine_id, places in ((id_, one.places) for id_, one in ring.machines.items()):
            around = {number for number, one in ring.closures.items() if one.machine == machine_id and one.is_around}
            stored = {
                hold_id: changes
                for (of_machine, hold_id), parts in held.items()
                if of_machine == machine_id and hold_id not in around and (changes := steps(parts, ring.now))
            }
            foretold = {
                number: changes for number, parts in ring.holds(machine_id) if (changes := steps(parts, ring.now))
            }
            assert differing(stored, foretold) == {}
            rest = [part for (of, hold), parts in held.items() if of == machine_id and hold in around for part in parts]
            self.compare_closed_around(machine_id, places, rest)

    def compare_closed_around(self, machine_id, places, rest):
        ring = self.ring
        others = [part for _number, parts in ring.holds(machine_id) for part in parts]
        closed = [one.span for one in ring.closures.values() if ring.is_closing(one, machine_id)]
        cuts = {ring.now, *(cut for each in closed for cut in each)}
        cuts |= {cut for _places, since, until in [*others, *rest] for cut in (since, until)}
        for minute in sorted(cut for cut in cuts if cut >= ring.now):
            is_closed = ring.is_closed_around(machine_id, minute)
            wanted = max(places - ring.used(others, minute), 0) if is_closed else 0
            assert ring.used(rest, minute) == wanted

    def pick(self, found, index):
        """Return one of the newest ids."""
        ordered = sorted(found, reverse=True)[:6]
        return ordered[index % len(ordered)]

    def prefer(self, found, index, is_possible):
        """Return one of the newest ids for which something is possible; each fifth time, or without one, one of all."""
        possible = [one for one in found if is_possible(one)]
        return self.pick(found if not possible or index % 5 == 4 else possible, index)

    def with_status(self, status):
        return [number for number, one in self.ring.reservations.items() if one.status == status]

    def from_next(self, half_hours):
        """Return the minute that is so many half hours after the next full one."""
        return -(-self.ring.now // 30) * 30 + half_hours * 30

    def are_there(self, *statuses):
        return any(one.status in statuses for one in self.ring.reservations.values())

    def put(self, id_, machine_id, start, end):
        """Note another machine and time of a reservation, because of a breakdown."""
        one = self.ring.reservations[id_]
        one.machine, one.time = machine_id, self.ring.time(machine_id, start, end, one.time.places)
        one.decide_until = self.ring.decide_until(one.time) if one.status == "requested" else None

    def stays_without_deadline(self, id_):
        """Take over what an ended reservation keeps of its deadline and its former time: history, not a promise."""
        self.session.rollback()
        row, one = self.session.get(Reservation, id_), self.ring.reservations[id_]
        one.decide_until = row.decide_until and minute_of(row.decide_until)
        if row.former_starts_at is None:
            one.former = None

    def reservation_of(self, index, *statuses):
        found = [number for number, one in self.ring.reservations.items() if not statuses or one.status in statuses]
        return self.pick(found or self.ring.reservations, index)

    def teardown(self):
        """Ask the audits, and seal what happened: the log has no gap that its chain would not show."""
        self.audit()
        with write_transaction(self.session):
            while sealing.seal_next(self.session, now=instant(self.ring.now)):
                pass
        assert list(sealing.broken_seals(self.session)) == []
