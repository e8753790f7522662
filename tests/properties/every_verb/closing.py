"""Closures, once and repeated; breakdowns and their plans."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import func, select

from booking import replan
from booking.closures import blockings, closure_series
from booking.kernel.events import RecordedEvent
from booking.models import Replanned as Stored
from booking.replan import Outcome
from booking.times.recurrence import parse
from booking.times.series_times import SeriesTimes
from tests.properties.every_verb import holdings as model
from tests.properties.every_verb.holdings import Closure, Replanned
from tests.properties.every_verb.steps import (
    BERLIN,
    Steps,
    has_reservations,
    instant,
    lengths,
    minute_of,
    names,
    numbers,
    span,
    starts,
    wall,
    which,
)


class Closing(Steps):
    """Closures, once and repeated; breakdowns and their plans."""

    @rule(name=names, start=starts, length=lengths, is_around=st.booleans())
    def close(self, name, start, length, is_around):
        id_, since = self.ids[name], self.from_next(start)
        until = since + length * 60
        expected = self.ring.close(id_, since, until, is_around)
        reason = f"Repair {next(numbers)}"
        made = self.attempt(expected, blockings.close, id_, span(since, until), reason, around_reservations=is_around)
        if made is not None:
            self.ring.shut(id_, since, until)
            self.ring.closures[made] = Closure(id_, since, until, is_around)
            self.done(machines=[id_])

    @rule(name=names, start=starts, length=lengths, count=st.integers(2, 3), is_around=st.booleans())
    def close_repeatedly(self, name, start, length, count, is_around):
        id_, first = self.ids[name], self.from_next(start)
        spans = [(first + day * model.DAY, first + day * model.DAY + length * 60) for day in range(count)]
        refusals = [self.ring.close(id_, *each, is_around) for each in spans]
        expected = next((code for code in refusals if code), None)
        rule_ = parse(f"FREQ=DAILY;COUNT={count}", wall(first), BERLIN)
        times = SeriesTimes(rule_, BERLIN, wall(first), timedelta(hours=length))
        reason = f"Service {next(numbers)}"
        made = self.attempt(
            expected, closure_series.close_repeatedly, id_, times, reason, around_reservations=is_around
        )
        if made is not None:
            ids = [one.id for one in self.closures_of(made)]
            for closure_id, (since, until) in zip(ids, spans, strict=True):
                self.ring.shut(id_, since, until)
                self.ring.closures[closure_id] = Closure(id_, since, until, is_around, rule=made)
            self.done(machines=[id_])

    def closures_of(self, rule_id):
        from booking.models import Blocking, ClosureDate

        joined = select(Blocking).join(ClosureDate, ClosureDate.blocking_id == Blocking.id)
        return self.session.scalars(joined.where(ClosureDate.series_id == rule_id).order_by(Blocking.starts_at)).all()

    @precondition(lambda self: self.ring.closures)
    @rule(index=which)
    def lift(self, index):
        id_ = self.prefer(self.ring.closures, index, self.is_open)
        one = self.ring.closures[id_]
        expected = None if self.is_open(id_) else "wrong_status"
        if not one.is_lifted and self.ring.course_of(id_) is not None:
            expected = "closure_of_course"
        self.attempt(expected, blockings.lift, id_)
        if expected is None:
            one.is_lifted = True
            self.ring.forget_proposals_of(id_)
            self.done(machines=[one.machine])

    @precondition(lambda self: self.ring.closures)
    @rule(index=which, start=starts, length=lengths)
    def change_closure(self, index, start, length):
        """Give a closure another time; what it held before is its own, and what it no longer closes is free."""
        id_ = self.prefer(self.ring.closures, index, self.is_open)
        one, since = self.ring.closures[id_], self.from_next(start)
        until = since + length * 60
        expected = self.ring.change_closure(id_, since, until)
        if not one.is_lifted and self.ring.course_of(id_) is not None:
            expected = "closure_of_course"
        self.attempt(expected, blockings.change, id_, span(since, until), f"Longer {next(numbers)}")
        if expected is None:
            self.ring.shut(one.machine, since, until)
            one.start, one.end = since, until
            self.ring.forget_needless(id_)
            self.done(machines=[one.machine])

    def is_open(self, id_):
        one = self.ring.closures[id_]
        return not one.is_lifted and one.end > self.ring.now

    @precondition(lambda self: any(one.rule for one in self.ring.closures.values()))
    @rule(index=which)
    def lift_all(self, index):
        rule_id = self.pick({one.rule for one in self.ring.closures.values() if one.rule}, index)
        of_rule = [id_ for id_, one in self.ring.closures.items() if one.rule == rule_id]
        still_open = [id_ for id_ in of_rule if self.is_open(id_)]
        assert self.attempt(None, closure_series.lift_all, rule_id) == len(still_open)
        for id_ in still_open:
            self.ring.closures[id_].is_lifted = True
            self.ring.forget_proposals_of(id_)
        machines = [self.ring.closures[id_].machine for id_ in still_open]
        self.done(is_news=bool(still_open), machines=machines)

    @has_reservations
    @rule(index=which, hours=st.sampled_from([3, 10, 30]))
    def break_down(self, index, hours):
        """Close a machine from now on, plan what becomes of its reservations and carry it out as it was shown."""
        id_, now = self.ring.reservations[self.reservation_of(index, *model.WAITING)].machine, self.ring.now
        until = self.from_next(0) + hours * 60
        expected = self.ring.close(id_, now, until, is_around=True)
        reason = f"Broken {next(numbers)}"
        made = self.attempt(expected, blockings.close, id_, span(now, until), reason, around_reservations=True)
        if made is None:
            return
        self.ring.shut(id_, now, until)
        self.ring.closures[made] = Closure(id_, now, until, is_around=True)
        self.done(machines=[id_])
        self.plan_again(made)

    @precondition(lambda self: any(one.is_around for one in self.ring.closures.values()))
    @rule(index=which)
    def plan_once_more(self, index):
        around = [number for number, one in self.ring.closures.items() if one.is_around]
        closure_id = self.prefer(around, index, self.is_open)
        if self.is_open(closure_id):
            self.plan_again(closure_id)
        else:
            self.attempt("wrong_status", replan.confirm, closure_id, "")

    def plan_again(self, closure_id):
        plan = replan.make_plan(self.session, closure_id, now=instant(self.ring.now))
        self.check_plan(closure_id, plan)
        self.attempt("plan_changed", replan.confirm, closure_id, f"{closure_id}.999")
        assert self.attempt(None, replan.confirm, closure_id, plan.digest) is not None
        machine_id, moved, offered = self.ring.closures[closure_id].machine, [], []
        for line in plan.lines:
            if line.target is None or line.outcome not in (Outcome.TWIN, Outcome.SHIFT, Outcome.OFFER):
                continue
            id_, to = line.reservation_id, line.target
            one = self.ring.reservations[id_]
            new = (to.machine_id, minute_of(to.span.start), minute_of(to.span.end))
            old = (machine_id, one.time.start, one.time.end)
            if line.outcome is Outcome.OFFER:
                hold = self.session.get(Stored, id_, populate_existing=True).hold_id
                self.ring.note_proposal(id_, Replanned("offered", closure_id, old, new), hold)
                offered.append(id_)
            else:
                self.ring.replanned[id_] = Replanned("moved", closure_id, old, new)
                self.put(id_, *new)
                one.proposed = one.place
                moved.append(id_)
        members = {self.ring.reservations[id_].member for id_ in moved}
        machines_ = {self.ring.reservations[id_].machine for id_ in moved}
        is_news = self.session.scalar(select(func.count()).select_from(RecordedEvent)) > self.before[0]
        assert is_news or not (moved or offered)
        self.done(is_news=is_news, machines=machines_ | ({machine_id} if moved else set()), members=members)

    def check_plan(self, closure_id, plan):
        """Whom a twin takes at the same time is moved there; who is moved else has a tolerance, and stays within it."""
        ring, closure = self.ring, self.ring.closures[closure_id]
        lines = {line.reservation_id: line for line in plan.lines}
        hit = ring.affected(closure_id)
        assert {id_ for id_, line in lines.items() if line.outcome is not Outcome.AT_RISK} == set(hit)
        group = ring.machines[closure.machine].group
        twins = [id_ for id_, one in ring.machines.items() if group and one.group == group and id_ != closure.machine]
        taken = []
        for line in plan.of(Outcome.OFFERED):
            assert ring.replanned[line.reservation_id].hold is not None
        for id_ in hit:
            one, outcome = ring.reservations[id_], lines[id_].outcome
            if one.status == "in_use" or one.time.start <= ring.now:
                assert outcome is Outcome.RUNNING
            elif one.former is not None:
                assert outcome is Outcome.WAITS
            elif outcome is not Outcome.OFFERED:
                wish = {twin: ring.time(twin, one.time.start, one.time.end, one.time.places) for twin in twins}
                free = [
                    twin
                    for twin in twins
                    if not ring.machines[twin].is_retired and ring.fits(twin, [wish[twin].part], besides=taken)
                ]
                assert (outcome is Outcome.TWIN) == bool(free)
                taken += [wish[free[0]].part] if free else []
            if outcome is Outcome.SHIFT:
                assert 0 < abs(minute_of(lines[id_].target.span.start) - one.time.start) <= one.tolerance
