"""The places of a machine are equal: what fits by counting at every instant is stored, whoever has to move for it."""

from __future__ import annotations

from datetime import timedelta
from operator import itemgetter

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from booking import audits, availability, queries
from booking.closures import blockings
from booking.errors.schedule_errors import RecordRefused, SlotTaken, UsageRefused
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import Blocking, Occupancy, Reservation, Unit
from booking.places import occupancies
from booking.reservation_import import ImportedReservation, import_reservations, validate
from booking.reservations import reservation_writer, reservations, wishes
from booking.reservations.lifecycle import Step
from booking.reservations.reservation_writer import NewReservation
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY

PLACES = 4
RACK = MachineInput(slug="rack", name="Rack", shortest_min=60, step_min=60)
HOUR = timedelta(hours=1)


class Rollback(Exception):
    """Ends an example, so that nothing of it is stored."""


def rows_of(session, machine_id):
    """Hold -> (span, numbers of its places). Closures around others have parts: (hold, from, until) -> the same."""
    found = {}
    for hold_id, since, until, number, has_parts in session.execute(
        select(
            Occupancy.hold_id,
            Occupancy.occupied_from,
            Occupancy.occupied_until,
            Unit.number,
            select(Blocking.around_reservations).where(Blocking.id == Occupancy.hold_id).scalar_subquery(),
        )
        .join(Unit, Unit.id == Occupancy.unit_id)
        .where(Unit.machine_id == machine_id)
    ):
        key = (hold_id, since, until) if has_parts else hold_id
        span, numbers = found.setdefault(key, (TimeSpan(since, until), set()))
        assert span == TimeSpan(since, until)
        numbers.add(number)
    return found


def free_at(rows, instant, places):
    return places - sum(len(numbers) for span, numbers in rows.values() if span.start <= instant < span.end)


def least_free(rows, span, places):
    starts = (one.start for one, _numbers in rows.values())
    return min(free_at(rows, at, places) for at in {span.start, *(at for at in starts if span.start < at < span.end)})


def histories(session):
    """Reservation -> what its calendar entry and its member get to know."""
    found = session.execute(select(Reservation.id, Reservation.uid, Reservation.revision, Reservation.changed_at))
    return {row.id: tuple(row) for row in found}


starts, lengths, some_places = st.integers(1, 12), st.integers(1, 6), st.sampled_from([1, 1, 1, 2, 3])
positions = st.integers(0, 9)
imported = st.lists(st.tuples(starts, lengths, some_places), max_size=3, unique_by=itemgetter(0))
ARGUMENTS = {
    "ask": (starts, lengths, some_places),
    "move": (positions, starts, lengths, some_places),
    "import": (imported,),
    "close": (starts, st.just(1)),
    "break_down": (starts, lengths),
    "cancel": (positions,),
    "fetch": (),
    "later": (st.integers(1, 3),),
    "resize": (st.integers(2, 5),),
}
names = st.sampled_from(
    ["ask"] * 9 + ["cancel"] * 3 + ["move", "import", "close", "break_down", "fetch", "later", "resize"]
)
# What the places hold at first: hours at which the reservations of one place begin and end by turns.
cuts = st.lists(st.sets(st.integers(1, 18), max_size=8).map(sorted), min_size=PLACES, max_size=PLACES)
steps = st.lists(names.flatmap(lambda name: st.tuples(st.just(name), *ARGUMENTS[name])), min_size=6, max_size=12)


class Rack:
    """A machine with some places on which the steps of an example are tried."""

    def __init__(self, session, sample_ring, machine_id):
        self.session, self.machine_id, self.now, self.places = session, machine_id, MONDAY, PLACES
        self.members = [sample_ring.anna, sample_ring.bernd]
        self.breakdowns: list[TimeSpan] = []

    def fill(self, cuts):
        """Reserve one place at a time, each on a place of its own choice as after many cancellations."""
        place_ids = occupancies.places_of(self.session, self.machine_id)
        for place_id, of_place in zip(place_ids, cuts, strict=True):
            for start, end in zip(of_place[::2], of_place[1::2], strict=False):
                wish = Wish(self.machine_id, self.members[start % 2], self.span(start, end - start))
                new = NewReservation(wish, wishes.new_uid(), Step.CONFIRM, wish.span, [place_id], wish.span.start)
                self.do(reservation_writer.enter, [new])

    def span(self, start, length):
        return TimeSpan(self.now + start * HOUR, self.now + (start + length) * HOUR)

    def do(self, verb, *arguments, **options):
        return verb(self.session, *arguments, by=SOMEBODY, now=self.now, **options)

    def step(self, name, *arguments):
        before, told, events = self.rows(), histories(self.session), self.events()
        asked = getattr(self, name)(*arguments)
        after = self.rows()
        reserved = told.keys() & before.keys() & after.keys() - asked.keys()
        moved = {hold for hold in reserved if before[hold] != after[hold]}
        for hold in moved:
            assert before[hold][0] == after[hold][0]
            assert len(before[hold][1]) == len(after[hold][1])
            assert before[hold][0].start > self.now, "what has begun stays"
        self.only_what_overlaps_moved(moved, after, asked.values())
        now_told = histories(self.session)
        assert all(now_told[hold] == told[hold] for hold in told.keys() - asked.keys())
        assert self.events() - events <= max(len(asked), 1)
        assert audits.overlapping_pairs(self.session) == ()
        assert audits.contradictions(self.session) == ()

    def rows(self):
        return rows_of(self.session, self.machine_id)

    def least_free(self, span):
        return least_free(self.rows(), span, self.places)

    def events(self):
        return self.session.scalar(select(func.count()).select_from(RecordedEvent))

    @staticmethod
    def only_what_overlaps_moved(moved, rows, spans):
        reached, spans = set(), list(spans)
        while spans:
            span = spans.pop()
            new = {hold for hold in moved - reached if rows[hold][0].overlaps(span)}
            reached |= new
            spans += [rows[hold][0] for hold in new]
        assert reached == moved

    def ask(self, start, length, places):
        places = min(places, self.places)
        wish = Wish(self.machine_id, self.members[start % 2], self.span(start, length), places)
        foretold = availability.check_wish(self.session, wish, now=self.now)
        offered = availability.free_spans(
            self.session, self.machine_id, wish.span, minutes=length * 60, places=places, now=self.now
        )
        free = self.least_free(wish.span)
        assert (foretold.is_free, bool(offered)) == (free >= places, free >= places)
        try:
            entered = self.do(reservations.request_reservation, wish)
        except SlotTaken as taken:
            self.is_short(taken, wish)
            assert free < places
            raise Rollback from taken  # the edge rolls back as well
        assert free >= places
        return {entered.id: wish.span}

    def is_short(self, taken, wish):
        short = taken.facts["short"]
        assert wish.span.contains(short)
        assert taken.facts["places_free"] == self.least_free(short) < wish.places
        before = TimeSpan(wish.span.start, short.start) if wish.span.start < short.start else None
        assert before is None or self.least_free(before) >= wish.places

    def move(self, number, start, length, places):
        waiting = self.to_come()
        if not waiting:
            return {}
        reservation_id, span = waiting[number % len(waiting)], self.span(start, length)
        places = min(places, self.places)
        rows = self.rows()
        del rows[reservation_id]
        fits = least_free(rows, span, self.places) >= places
        try:
            self.do(reservations.move, reservation_id, span, places=places)
        except SlotTaken as taken:
            assert not fits
            raise Rollback from taken
        assert fits
        return {reservation_id: span}

    def to_come(self):
        found = queries.reservations(self.session, machine_id=self.machine_id, statuses=["confirmed"], limit=100)
        return [one.id for one in found if one.starts_at > self.now]

    def import_(self, drawn):
        wishes = [
            Wish(self.machine_id, self.members[at % 2], self.span(start, length), places)
            for at, (start, length, places) in enumerate(drawn)
        ]
        batch = [ImportedReservation.of(wish) for wish in wishes]
        foretold = validate(self.session, batch, now=self.now)
        results = self.do(import_reservations, batch)
        assert [bool(one.refusal) for one in results] == [bool(one.refusal) for one in foretold]
        if any(one.refusal for one in results):
            return {}
        return {-at: wishes[at].span for at, one in enumerate(results) if not one.existing}

    def close(self, start, length):
        span = self.span(start, length)
        free = self.least_free(span)
        try:
            closure_id = self.do(blockings.close, self.machine_id, span, "Defrosting")
        except SlotTaken as taken:
            assert free < self.places
            raise Rollback from taken
        return {closure_id: span}

    def break_down(self, start, length):
        span = self.span(start, length)
        self.do(blockings.close, self.machine_id, span, "Leaking", around_reservations=True)
        assert self.least_free(span) == 0
        self.breakdowns.append(span)
        return {}

    def cancel(self, number):
        if waiting := self.to_come():
            reservation_id = waiting[number % len(waiting)]
            self.do(reservations.cancel, reservation_id)
            return {reservation_id: TimeSpan(self.now, self.now + HOUR)}
        return {}

    def fetch(self):
        for one in queries.reservations(self.session, machine_id=self.machine_id, statuses=["confirmed"], limit=100):
            if one.starts_at <= self.now < one.ends_at:
                return self.hand_out(one)
        return {}

    def hand_out(self, reservation):
        is_broken = any(span.start <= self.now < span.end for span in self.breakdowns)
        try:
            self.do(usage.hand_out, reservation.id, Measurement())
        except UsageRefused as refused:
            rules = [one.rule for one in refused.violations]
            assert (rules, is_broken) == (["machine_closed"], True)
            raise Rollback from refused
        assert not is_broken
        return {reservation.id: reservation.span}

    def resize(self, places):
        rows = self.rows()
        found = queries.reservations(self.session, machine_id=self.machine_id, limit=100)
        holding = {one.id for one in found}
        to_come = {hold: row for hold, row in rows.items() if hold in holding and row[0].end > self.now}
        stays = {one.id for one in found if one.status == "in_use"}
        stays |= {hold for hold, (span, _numbers) in to_come.items() if span.start <= self.now}
        in_use = set().union(*(rows[hold][1] for hold in stays))
        forever = TimeSpan(self.now, self.now + 1_000 * HOUR)
        out = sum(one.places for one in found if one.status == "in_use")
        fits = least_free(to_come, forever, places) >= 0 and max(len(in_use), out) <= places
        try:
            self.do(machines.change_machine, self.machine_id, RACK, places=places)
        except RecordRefused as refused:
            assert places < self.places
            assert not fits
            raise Rollback from refused
        assert fits or places >= self.places
        self.places = places
        assert len(occupancies.places_of(self.session, self.machine_id)) == places
        return dict.fromkeys((*(rows.keys() - holding), 0), forever)

    def later(self, amount):
        self.now += amount * HOUR
        return {}


def run(rack, name, *arguments):
    """Try a step; a refused one leaves nothing, as at the edge."""
    try:
        with rack.session.begin_nested():
            rack.step({"import": "import_"}.get(name, name), *arguments)
    except Rollback:
        pass


def test_whatever_fits_by_counting_is_stored_and_only_what_overlaps_it_is_moved(session, sample_ring, database_kind):
    rack_id = machine(session, sample_ring.hall, "rack", places=PLACES, shortest_min=60, step_min=60)
    examples = 25 if database_kind == "sqlite" else 10  # the counting is the same; only the guard is the database's own

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(cuts, steps)
    @example([[1, 5], [1, 5], [5, 9], [5, 9]], [("ask", 3, 5, 2)])
    @example([[2, 5], [], [], []], [("break_down", 1, 3), ("later", 3), ("fetch",)])
    @example([[1, 5], [1, 5], [5, 9], [5, 9]], [("break_down", 8, 6), ("ask", 3, 5, 2), ("move", 2, 4, 3, 1)])
    def try_out(cuts, drawn):
        rack = Rack(session, sample_ring, rack_id)
        try:
            with write_transaction(session):
                rack.fill(cuts)
                for step in drawn:
                    run(rack, *step)
                raise Rollback
        except Rollback:
            pass

    try_out()


def places_held(session, machine_id):
    """Reservation -> numbers of its places, of those that are held."""
    return {hold: sorted(numbers) for hold, (_span, numbers) in rows_of(session, machine_id).items()}


def change_places(session, machine_id, places, now=MONDAY):
    data = MachineInput(slug="shelf", name="Shelf")
    with write_transaction(session):
        machines.change_machine(session, machine_id, data, places=places, by=SOMEBODY, now=now)


@pytest.fixture
def shelf(session, sample_ring):
    """Three equal printers."""
    return machine(session, sample_ring.hall, "shelf", places=3)


@pytest.fixture
def on_the_last_place(session, sample_ring, shelf):
    """A reservation of the third place; those of the others were cancelled."""
    entered = [reserve(session, shelf, sample_ring.anna, hours(MONDAY, 2, 6), now=MONDAY).id for _ in range(3)]
    with write_transaction(session):
        for reservation_id in entered[:2]:
            reservations.cancel(session, reservation_id, by=SOMEBODY, now=MONDAY)
    return entered[2]


def test_a_place_is_taken_away_and_its_reservation_goes_to_another_without_a_change(
    session, sample_ring, shelf, on_the_last_place
):
    before = histories(session)

    change_places(session, shelf, 2)

    assert places_held(session, shelf) == {on_the_last_place: [1]}
    assert histories(session) == before
    change_places(session, shelf, 1)
    assert places_held(session, shelf) == {on_the_last_place: [1]}


def test_the_feed_of_who_moves_for_another_stays_as_it_is(session, sample_ring):
    rack = machine(session, sample_ring.hall, "rack", places=2)
    first = reserve(session, rack, sample_ring.anna, hours(MONDAY, 1, 5), now=MONDAY).id
    between = reserve(session, rack, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY).id
    last = reserve(session, rack, sample_ring.anna, hours(MONDAY, 5, 9), now=MONDAY).id
    with write_transaction(session):
        reservations.cancel(session, between, by=SOMEBODY, now=MONDAY)
    span = {"since": MONDAY, "until": MONDAY + 24 * HOUR}
    feed = queries.feed_reservations(session, member_id=sample_ring.anna, **span)
    assert places_held(session, rack) == {first: [1], last: [2]}

    wanted = reserve(session, rack, sample_ring.bernd, hours(MONDAY, 3, 7), now=MONDAY).id

    assert places_held(session, rack) == {first: [1], last: [1], wanted: [2]}
    assert queries.feed_reservations(session, member_id=sample_ring.anna, **span) == feed


def test_places_are_taken_away_only_while_the_rest_can_hold_what_is_to_come(session, sample_ring, shelf):
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY, places=2)
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY, places=2)
    reserve(session, shelf, sample_ring.bernd, hours(MONDAY, 15, 30), now=MONDAY)

    with pytest.raises(RecordRefused) as refusal:
        change_places(session, shelf, 2)

    (violation,) = refusal.value.violations
    assert (violation.rule, violation.actual, violation.limit) == ("place_held", 3, 2)
    assert violation.span == hours(MONDAY, 15, 20)
    assert len(occupancies.places_of(session, shelf)) == 3


def test_what_is_out_keeps_its_place_also_when_it_should_be_back(session, sample_ring, shelf, on_the_last_place):
    now = MONDAY + 3 * HOUR
    with write_transaction(session):
        usage.hand_out(session, on_the_last_place, Measurement(), by=SOMEBODY, now=now)
    reserve(session, shelf, sample_ring.bernd, hours(MONDAY, 20, 21), now=now, places=2)

    change_places(session, shelf, 2, now=MONDAY + 8 * HOUR)

    (bernds,) = places_held(session, shelf).keys() - {on_the_last_place}
    assert places_held(session, shelf) == {on_the_last_place: [3], bernds: [1, 3]}


def test_a_closure_to_come_is_no_obstacle_and_closes_the_place_that_comes_back(session, sample_ring, shelf):
    with write_transaction(session):
        closure = blockings.close(session, shelf, hours(MONDAY, 5, 9), "Repair", by=SOMEBODY, now=MONDAY)

    change_places(session, shelf, 2)
    assert places_held(session, shelf) == {closure: [1, 2]}

    change_places(session, shelf, 3)
    assert places_held(session, shelf) == {closure: [1, 2, 3]}


def test_a_use_that_is_extended_keeps_its_place_and_the_next_one_moves(session, sample_ring, shelf):
    first = reserve(session, shelf, sample_ring.anna, hours(MONDAY, 0, 2), now=MONDAY).id
    next_one = reserve(session, shelf, sample_ring.bernd, hours(MONDAY, 2, 6), now=MONDAY).id
    with write_transaction(session):
        usage.hand_out(session, first, Measurement(), by=SOMEBODY, now=MONDAY)

    with write_transaction(session):
        reservations.move(session, first, hours(MONDAY, 0, 4), by=SOMEBODY, now=MONDAY + HOUR)

    assert places_held(session, shelf) == {first: [1], next_one: [2]}
