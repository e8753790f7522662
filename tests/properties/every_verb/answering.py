"""Answers to plans after a breakdown: back to the old time, and what is held for a member taken, declined or lapsed."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from booking import replan
from tests.properties.every_verb.steps import Steps, which


class Answering(Steps):
    """Answers to plans after a breakdown."""

    has_replanned = precondition(lambda self: self.ring.replanned)
    has_held = precondition(lambda self: any(one.hold is not None for one in self.ring.replanned.values()))

    @has_replanned
    @rule(index=which, is_offer=st.booleans())
    def go_back_or_take_the_proposal(self, index, is_offer):
        kind, verb = ("offered", replan.take_offer) if is_offer else ("moved", replan.go_back)
        id_ = self.prefer(self.ring.replanned, index, lambda each: self.ring.return_to(each, kind)[0] is None)
        expected, machine_id, wish = self.ring.return_to(id_, kind)
        old = self.ring.reservations[id_].machine
        if self.attempt(expected, verb, id_) is not None:
            del self.ring.replanned[id_]
            self.put(id_, machine_id, wish.start, wish.end)
            self.done(machines=[old, machine_id], members=[self.ring.reservations[id_].member])

    @has_replanned
    @rule(index=which)
    def decline_proposal(self, index):
        id_ = self.prefer(self.ring.replanned, index, lambda each: self.ring.decline(each) is None)
        if self.attempt(self.ring.decline(id_), replan.decline, id_) is not None:
            self.end_with_proposal(id_)

    @has_held
    @rule(index=which, waits=st.booleans())
    def lapse_proposal(self, index, waits):
        """End what nobody answered, or what a reservation no longer needs; waits: the time to answer passes."""
        held = [number for number, one in self.ring.replanned.items() if one.hold is not None]
        id_ = self.pick(held, index)
        noted = self.ring.replanned[id_]
        if waits:
            self.ring.now = max(self.ring.now, noted.lapses)
        is_needed, has_lapsed = self.ring.needs_proposal(id_), noted.lapses <= self.ring.now
        assert self.attempt(None, replan.lapse, id_) == (has_lapsed or not is_needed)
        if is_needed and has_lapsed:
            self.end_with_proposal(id_)
        elif not is_needed:
            del self.ring.replanned[id_]
            self.done(machines=[noted.new[0]])
        else:
            self.done(is_news=False)

    def end_with_proposal(self, id_):
        one, noted = self.ring.reservations[id_], self.ring.replanned.pop(id_)
        one.status = "cancelled"
        self.stays_without_deadline(id_)
        self.done(machines=[one.machine, noted.new[0]], members=[one.member])
