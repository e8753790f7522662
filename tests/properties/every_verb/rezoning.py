"""The workshop gets another time zone: series keep their times of the clock, everything else its instant."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from booking.errors.schedule_errors import ANY
from booking.models import Reservation, Workshop, ZoneChange
from booking.records.overruling import Overruling
from booking.records.workshops import WorkshopInput
from booking.rule_changes import rule_changes, zone_changes
from tests.properties.every_verb import holdings as model
from tests.properties.every_verb.steps import ZONES, Steps, minute_of, which

ROUND_THE_CLOCK = [(weekday, 0, 1440) for weekday in range(7)]


class Rezoning(Steps):
    """Another zone, and what becomes of series."""

    @rule(clock=st.sampled_from(sorted(ZONES)))
    def move_to_zone(self, clock):
        """A minute after everything else, and a minute before: who made something in that minute is not foretold."""
        if clock == self.ring.clock:
            return
        self.ring.now += 1
        row = self.session.get(Workshop, self.hall)
        data = WorkshopInput(row.slug, row.name, timezone=ZONES[clock].key)
        self.attempt(None, rule_changes.change_workshop, self.hall, data, ROUND_THE_CLOCK, confirmed=ANY)
        made = self.ring.move_to_clock(clock, self.made_at())
        if made is not None:
            self.ring.zone_changes[max(self.stored_changes())] = made
        self.done(machines=self.ids.values())
        self.ring.now += 1

    def made_at(self):
        self.session.rollback()
        found = select(Reservation.id, Reservation.created_at).where(Reservation.id.in_(self.ring.reservations))
        return {id_: minute_of(at) for id_, at in self.session.execute(found)}

    def stored_changes(self):
        """Return the changes of the clock, and whether each is settled."""
        found = select(ZoneChange.id, ZoneChange.settled_at).where(ZoneChange.workshop_id == self.hall)
        return {id_: at is not None for id_, at in self.session.execute(found)}

    @precondition(lambda self: self.ring.open_change() and self.ring.series)
    @rule(index=which)
    def keep_by_the_clock(self, index):
        ring = self.ring
        (change_id,) = (id_ for id_, one in ring.zone_changes.items() if not one.is_settled)
        plain = [id_ for id_, one in ring.series.items() if not one.is_changed]
        if not plain:
            return
        series_id = self.prefer(plain, index, lambda each: ring.series[each].clock != ring.clock)
        one = ring.series[series_id]
        former = ring.clock_of(one, ring.zone_changes[change_id])
        shift = 0 if former is None else ring.clock - former
        meant = {
            id_: one.start + number * model.DAY + shift
            for number, id_ in one.dates.items()
            if ring.reservations[id_].status in model.WAITING
            and ring.reservations[id_].time.start > ring.now
            and (ring.reservations[id_].time.start, ring.reservations[id_].time.end - ring.reservations[id_].time.start)
            == (one.start + number * model.DAY, one.length)
        }
        why = Overruling("Summer")
        count = self.attempt(None, zone_changes.keep_by_the_clock, change_id, series_id, overruling=why)
        moved = self.moved_to(meant) if shift else set()
        assert count == len(moved)
        if former is not None:
            one.start, one.clock = one.start + shift, ring.clock
        for id_ in moved:
            time = ring.reservations[id_].time
            _code, after = ring.move(id_, meant[id_], meant[id_] + one.length, time.places, may_decide=True)
            ring.put(id_, after)
        for id_ in meant.keys() - moved if shift else ():
            assert self.is_in_the_way(id_, meant[id_], one.length)
        machines = {ring.reservations[id_].machine for id_ in moved}
        self.done(is_news=bool(moved), machines=machines, members=[one.member] * bool(moved))

    def moved_to(self, meant):
        """Return the dates that are at the times at which they are meant to be."""
        self.session.rollback()
        found = select(Reservation.id, Reservation.starts_at).where(Reservation.id.in_(meant))
        return {id_ for id_, at in self.session.execute(found) if minute_of(at) == meant[id_]}

    def is_in_the_way(self, id_, start, length):
        """Return whether something keeps a date that stayed from its new time, beside what was moved."""
        one = self.ring.reservations[id_]
        code, _after = self.ring.move(id_, start, start + length, one.time.places, may_decide=True)
        return code is not None

    @precondition(lambda self: self.ring.zone_changes)
    @rule(index=which)
    def settle_zone_change(self, index):
        id_ = self.pick(self.ring.zone_changes, index)
        one = self.ring.zone_changes[id_]
        self.attempt(None, zone_changes.settle, id_)
        is_news, one.is_settled = not one.is_settled, True
        self.done(is_news=is_news)

    def compare(self):
        """Compare the changes of the clock too."""
        super().compare()
        assert self.stored_changes() == {id_: one.is_settled for id_, one in self.ring.zone_changes.items()}
