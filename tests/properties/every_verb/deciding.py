"""Decisions that are taken back, closures of a rule changed together, and reservations of a closure decided singly."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from booking.closures import breakdown, closure_series
from booking.closures.breakdown import Choice, Decision
from booking.models import Reservation
from booking.reservations import decisions
from tests.properties.every_verb.steps import BERLIN, NAMES, Steps, lengths, minute_of, numbers, span, starts, which


class Deciding(Steps):
    """What a workshop decides, but for approvals and plans."""

    @precondition(lambda self: any(one.decision for one in self.ring.reservations.values()))
    @rule(index=which)
    def take_back_decision(self, index):
        """Let a request wait again that was approved or declined by mistake."""
        decided = [number for number, one in self.ring.reservations.items() if one.decision]
        id_ = self.prefer(decided, index, lambda each: self.ring.take_back(each, self.asked_at(each)) is None)
        one, asked, revision = self.ring.reservations[id_], self.asked_at(id_), self.row_of(id_).revision
        expected = self.ring.take_back(id_, asked)
        if self.attempt(expected, decisions.take_back, id_, revision=revision) is not None:
            one.status, one.decision = "requested", ""
            one.decide_until = self.ring.deadline(one.time, asked)
            self.done(machines=[one.machine], members=[one.member])

    def row_of(self, id_):
        self.session.rollback()
        return self.session.get(Reservation, id_)

    def asked_at(self, id_):
        return minute_of(self.row_of(id_).asked_at)

    @precondition(lambda self: any(one.rule for one in self.ring.closures.values()))
    @rule(index=which, start=starts, length=lengths)
    def change_all_closures(self, index, start, length):
        """Give a closure of a rule another time, and the later ones as much of it."""
        repeated = [number for number, one in self.ring.closures.items() if one.rule]
        id_ = self.prefer(repeated, index, lambda each: not self.ring.closures[each].is_lifted)
        since = self.from_next(start)
        wanted = self.ring.changed_with(id_, since, since + length * 60)
        expected = self.ring.change_closures(id_, wanted)
        reason = f"Service {next(numbers)}"
        changed = self.attempt(
            expected, closure_series.change_all, id_, span(since, since + length * 60), reason, BERLIN
        )
        if expected is None:
            assert changed == len(wanted)
            for number, (new_start, new_end) in wanted.items():
                one = self.ring.closures[number]
                one.start, one.end = new_start, new_end
                self.ring.shut(one.machine, new_start, new_end)
            for number in wanted:
                self.ring.forget_needless(number)
            self.done(machines=[self.ring.closures[id_].machine])

    @precondition(lambda self: any(one.is_around for one in self.ring.closures.values()))
    @rule(index=which, which_one=which, choice=st.sampled_from([Choice.KEEP, Choice.CANCEL]))
    def decide_one_by_one(self, index, which_one, choice):
        """Decide about a reservation of a machine that is closed around it, without a plan."""
        ring = self.ring
        closure_id, id_ = self.hit_by_closure(index, which_one)
        if id_ is None:
            return
        closure, one = ring.closures[closure_id], ring.reservations[id_]
        is_refused = choice is Choice.CANCEL and ring.cancel(id_) is not None
        expected = "wrong_status" if closure.is_lifted else "decisions_refused" if is_refused else None
        is_held = bool(ring.held_for(id_))
        self.attempt(expected, breakdown.decide, closure_id, [Decision(id_, choice)])
        if expected is not None:
            return
        ring.forget_proposal(id_)
        if choice is Choice.CANCEL:
            one.status = "cancelled"
            self.stays_without_deadline(id_)
            self.done(machines=[one.machine], members=[one.member])
        else:
            self.done(is_news=is_held)

    def hit_by_closure(self, index, which_one):
        """Return a closure around reservations, and a reservation of its machine, None without one."""
        ring = self.ring
        around = [number for number, one in ring.closures.items() if one.is_around]
        closure_id = self.prefer(around, index, lambda each: bool(ring.affected(each)))
        machine_id = ring.closures[closure_id].machine
        found = ring.affected(closure_id) or [
            number for number, one in ring.reservations.items() if one.machine == machine_id
        ]
        return closure_id, self.pick(found, which_one) if found else None

    @precondition(lambda self: any(one.is_around for one in self.ring.closures.values()))
    @rule(index=which, which_one=which, name=st.sampled_from(["", *NAMES]), start=starts, length=lengths)
    def move_out_of_closure(self, index, which_one, name, start, length):
        """Move a reservation of a closed machine by hand: to another machine, or without a name to another time."""
        ring = self.ring
        closure_id, id_ = self.hit_by_closure(index, which_one)
        if id_ is None or self.ids.get(name) == ring.reservations[id_].machine:
            return
        closure, one, other = ring.closures[closure_id], ring.reservations[id_], self.ids.get(name)
        held, since = one.former or one.time, self.from_next(start)
        until = since + length * 30
        if other is None:
            code, after = ring.move(id_, since, until, one.time.places, may_decide=True)
            code = "machine_is_closed" if since < closure.end and closure.start < until else code
            decision = Decision(id_, Choice.MOVE, span(since, until))
        else:
            code, wish = ring.move_to(id_, other, may_decide=True)
            decision = Decision(id_, Choice.MOVE, machine_id=other)
        expected = "wrong_status" if closure.is_lifted else "decisions_refused" if code else None
        self.attempt(expected, breakdown.decide, closure_id, [decision])
        if expected is not None:
            return
        ring.forget_proposal(id_)
        if other is None:
            ring.put(id_, after)
        else:
            ring.put_elsewhere(id_, other, wish)
        ring.note_moved(id_, closure_id, (closure.machine, held.start, held.end))
        one = ring.reservations[id_]
        self.done(machines=[closure.machine, one.machine], members=[one.member])
