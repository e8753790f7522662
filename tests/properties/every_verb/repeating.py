"""Series: entered, changed, cancelled, put back and decided."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from booking.models import Reservation, SeriesDate
from booking.series import series, series_decisions, series_plan
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import parse
from tests.properties.every_verb import holdings as model
from tests.properties.every_verb.holdings import Series
from tests.properties.every_verb.steps import (
    ZONES,
    Steps,
    instant,
    lengths,
    minute_of,
    starts,
    wall,
    which,
    who,
)


class Repeating(Steps):
    """Series: entered, changed, cancelled, put back and decided."""

    @rule(
        name=st.sampled_from(["store", "saw", "press", "lathe"]),
        whose=who,
        start=starts,
        length=lengths,
        count=st.integers(2, 4),
        places=st.sampled_from([1, 1, 2]),
        on_conflict=st.sampled_from(OnConflict),
    )
    def enter_series(self, name, whose, start, length, count, places, on_conflict):
        id_, whose, first = self.ids[name], self.members[whose], self.from_next(start)
        clock = self.ring.clock
        planned = Series(id_, whose, first, length * 30, count, places, clock=clock, made_at=self.ring.now)
        possible = self.possible_dates(planned)
        rule_ = parse(f"FREQ=DAILY;COUNT={count}", wall(first, clock), ZONES[clock])
        wish = SeriesWish(id_, whose, rule_, wall(first, clock), timedelta(minutes=length * 30), places=places)
        is_refused = not possible or (on_conflict == OnConflict.REFUSE and len(possible) < count)
        if on_conflict == OnConflict.ALTERNATIVE and not possible and not self.ring.machines[id_].is_retired:
            # What is nearby needs a search, which test_free_starts.py compares; what it finds is checked below.
            is_refused = not series_plan.plan(self.session, wish, now=instant(self.ring.now)).alternatives
        expected = "series_conflicts" if is_refused else None
        if self.ring.machines[id_].is_retired:
            expected = "machine_not_found"
        made = self.attempt(expected, series.create, wish, on_conflict=on_conflict)
        if made is None:
            return
        entered = self.entered(made.id, planned)
        assert sorted(id_ for id_, _time in entered.values()) == sorted(one.id for one in made.dates)
        as_wished = [number for number, (_id, time_) in entered.items() if time_ == self.date_of(planned, number)]
        assert sorted(as_wished) == possible
        self.enter_all(planned, entered, possible, on_conflict)
        self.ring.series[made.id] = planned
        self.done(machines=[id_], members=[whose])

    def entered(self, series_id, planned):
        """Return the reservations of a new series with their times, by number of the date."""
        found = select(SeriesDate.occurs_on, Reservation.id, Reservation.starts_at, Reservation.ends_at)
        joined = found.join(Reservation, Reservation.id == SeriesDate.reservation_id)
        first = wall(planned.start, planned.clock).date()
        return {
            (day - first).days: (
                id_,
                self.ring.time(planned.machine, minute_of(starts_at), minute_of(ends_at), planned.places),
            )
            for day, id_, starts_at, ends_at in self.session.execute(joined.where(SeriesDate.series_id == series_id))
        }

    def enter_all(self, planned, entered, possible, on_conflict):
        """Take over a new series; what was entered at other times than wished must be possible beside the rest."""
        before = []
        for number in [*possible, *sorted(entered.keys() - set(possible))]:
            id_, time_ = entered[number]
            if number not in possible:
                assert on_conflict == OnConflict.ALTERNATIVE
                assert time_.end - time_.start == planned.length
                assert not self.ring.breaks_rules(planned.machine, planned.member, time_, planned=before)
                assert self.ring.fits(planned.machine, [time_.part], besides=[one.part for one in before])
            before.append(time_)
            planned.dates[number] = id_
        for id_, time_ in entered.values():
            self.ring.enter(id_, planned.machine, planned.member, time_)

    def date_of(self, one, number):
        start = one.start + number * model.DAY
        return self.ring.time(one.machine, start, start + one.length, one.places)

    def possible_dates(self, planned):
        """Return the dates of a series that can be reserved; of quotas, each counts the ones before it."""
        found, ring = [], self.ring
        for number in range(planned.count):
            wish = self.date_of(planned, number)
            before = [self.date_of(planned, each) for each in found]
            is_refused = ring.breaks_rules(planned.machine, planned.member, wish, planned=before)
            if not is_refused and ring.fits(planned.machine, [wish.part]):
                found.append(number)
        return found

    has_series = precondition(lambda self: self.ring.series)

    @has_series
    @rule(index=which, number=st.integers(0, 3))
    def put_back(self, index, number):
        series_id = self.pick(self.ring.series, index)
        one = self.ring.series[series_id]
        if one.is_changed or number >= one.count:
            return
        day = wall(one.start + number * model.DAY, one.clock).date()
        wish, held = self.date_of(one, number), one.dates.get(number)
        is_held = held is not None and self.ring.reservations[held].status in (*model.HOLDING, "completed")
        expected = self.ring.request(one.machine, one.member, wish)
        if expected not in (None, "machine_not_found"):
            expected = "series_conflicts"
        entered = self.attempt("series_refused" if is_held else expected, series.put_back, series_id, day)
        if entered is not None:
            self.ring.enter(entered.id, one.machine, one.member, wish)
            one.dates[number] = entered.id
            self.done(machines=[one.machine], members=[one.member])

    @has_series
    @rule(index=which)
    def cancel_rest(self, index):
        series_id = self.pick(self.ring.series, index)
        ids = [
            id_
            for id_ in self.ring.series[series_id].dates.values()
            if self.ring.reservations[id_].status in model.WAITING
            and self.ring.reservations[id_].time.start > self.ring.now
        ]
        found = self.attempt(None, series.cancel_rest, series_id)
        assert sorted(one.id for one in found) == sorted(ids)
        for id_ in ids:
            self.ring.reservations[id_].status = "cancelled"
            self.ring.forget_proposal(id_)
            self.stays_without_deadline(id_)
        machines_ = {self.ring.reservations[id_].machine for id_ in ids}
        self.done(is_news=bool(ids), machines=machines_)

    @has_series
    @rule(index=which, does_approve=st.booleans())
    def decide_series(self, index, does_approve):
        series_id = self.pick(self.ring.series, index)
        waiting = [
            id_
            for id_ in self.ring.series[series_id].dates.values()
            if self.ring.reservations[id_].status == "requested"
        ]
        if not does_approve or any(self.ring.approve(id_) for id_ in waiting) or not waiting:
            return
        self.attempt(None, series_decisions.decide, series_id, is_approved=True)
        for id_ in waiting:
            one = self.ring.reservations[id_]
            one.decision = "moved" if one.former else "approved"
            one.status, one.decide_until, one.former = "confirmed", None, None
        self.done(machines={self.ring.reservations[id_].machine for id_ in waiting})

    @has_series
    @rule(
        index=which, shift=st.integers(-4, 4), scope=st.sampled_from([Scope.ALL, Scope.FOLLOWING]), skips=st.booleans()
    )
    def change_series(self, index, shift, scope, skips):
        """Move the dates by the clock; what becomes of each is what becomes of a reservation that is moved."""
        series_id = self.pick(self.ring.series, index)
        one = self.ring.series[series_id]
        open_ = {
            number: id_
            for number, id_ in one.dates.items()
            if self.ring.reservations[id_].status in model.WAITING
            and self.ring.reservations[id_].time.start > self.ring.now
        }
        if one.is_changed or not open_ or not shift:
            return
        first = min(open_)
        starts_at = wall(one.start + shift * 30, one.clock).time()
        wanted = {n: self.on_day_at(one.start + n * model.DAY, starts_at, one.clock) for n in open_}
        day = wall(one.start + first * model.DAY, one.clock).date() if scope is Scope.FOLLOWING else None
        change = SeriesChange(scope, day, starts_at)
        on_conflict = OnConflict.SKIP if skips else OnConflict.REFUSE
        planned = carry_out.preview(self.session, series_id, change, now=instant(self.ring.now))
        expected = "series_conflicts" if planned.refused and not skips else None
        done = self.attempt(expected, carry_out.change_series, series_id, change, on_conflict=on_conflict)
        if done is None:
            return
        numbers_of = {id_: number for number, id_ in open_.items()}
        changed = {row.id: (minute_of(row.starts_at), minute_of(row.ends_at)) for row in done.dates}
        for id_, (start, end) in changed.items():
            before = self.ring.reservations[id_]
            if before.time.start == one.start + numbers_of[id_] * model.DAY:  # it was not moved alone
                assert start == wanted[numbers_of[id_]]
            _code, after = self.ring.move(id_, start, end, before.time.places, may_decide=False)
            self.ring.put(id_, after)
        if changed:
            one.is_changed = True
            moved = {number: id_ for number, id_ in one.dates.items() if done.id != series_id and number >= first}
            if moved:
                self.ring.series[done.id] = Series(
                    one.machine, one.member, one.start, one.length, one.count, one.places, moved, is_changed=True
                )
                one.dates = {number: id_ for number, id_ in one.dates.items() if number not in moved}
        is_news = bool(changed)
        self.done(is_news=is_news, members=[one.member] * is_news)

    def on_day_at(self, minute: int, at: time, clock: int) -> int:
        return minute_of(datetime.combine(wall(minute, clock).date(), at, ZONES[clock]))
