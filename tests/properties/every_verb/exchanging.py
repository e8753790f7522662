"""Handing reservations over, and swapping them."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from booking.exchanges import accepting, ending, proposing
from booking.exchanges.proposing import Proposal
from booking.models import Exchange as Stored
from booking.models import Reservation
from tests.properties.every_verb.exchange_model import HOURS_TO_ANSWER, Exchange
from tests.properties.every_verb.steps import Steps, minute_of, which, who


class Exchanging(Steps):
    """Handing reservations over, and swapping them."""

    @precondition(lambda self: self.are_there("confirmed"))
    @rule(index=which, whose=who, accepts=st.booleans())
    def offer_to_somebody(self, index, whose, accepts):
        given = self.to_come(index)
        self.offer(given, self.members[whose], None)
        self.answer_at_once(given, accepts)

    @precondition(lambda self: self.are_there("confirmed"))
    @rule(index=which, other=which, accepts=st.booleans())
    def offer_to_swap(self, index, other, accepts):
        given, wanted = (self.to_come(each) for each in (index, other))
        if given != wanted:
            self.offer(given, self.ring.reservations[wanted].member, wanted)
            self.answer_at_once(given, accepts)

    def to_come(self, index):
        """Return one of the reservations that may change hands, if there are any."""
        found = [
            number
            for number, one in self.ring.reservations.items()
            if one.status == "confirmed" and one.time.start > self.ring.now
        ]
        return self.pick(found, index) if found else self.reservation_of(index, "confirmed")

    def answer_at_once(self, given, accepts):
        found = [id_ for id_, one in self.ring.exchanges.items() if one.given == given and one.state == "open"]
        if accepts and found:
            self.accept_one(found[0], approve=False)

    def offer(self, given, receiver, wanted):
        ring = self.ring
        parts = [given] if wanted is None else [given, wanted]
        expected = ring.judged(given, receiver, wanted, self.proposed(parts), for_receiver=False)
        pending = next((one for one in ring.exchanges.values() if one.given == given and one.state == "open"), None)
        over = pending and self.over_as(pending)
        if expected is None and pending and not over:
            expected = "exchange_pending"
        revisions = [self.revision_now(one) for one in parts]
        proposal = Proposal(given, None if wanted else receiver, wanted, hours=HOURS_TO_ANSWER)
        made = self.attempt(expected, proposing.propose, proposal)
        if made is not None:
            if pending:
                pending.state = over
            starts = [ring.reservations[one].time.start for one in parts]
            ring.exchanges[made] = Exchange(
                given,
                wanted,
                ring.reservations[given].member,
                receiver,
                min(ring.now + HOURS_TO_ANSWER * 60, *starts),
                (revisions[0], revisions[1] if wanted else None),
            )
            self.done()

    has_exchanges = precondition(lambda self: self.ring.exchanges)

    def exchange_of(self, index):
        id_ = self.prefer(self.ring.exchanges, index, lambda each: self.ring.exchanges[each].state == "open")
        return id_, self.ring.exchanges[id_]

    @has_exchanges
    @rule(index=which, approve=st.booleans())
    def accept_exchange(self, index, approve):
        self.accept_one(self.exchange_of(index)[0], approve)

    def accept_one(self, id_, approve):
        one = self.ring.exchanges[id_]
        is_closed = self.ring.is_unanswerable(one) or one.is_agreed or self.is_outdated(one)
        expected = "exchange_closed" if is_closed else self.judged_again(one)
        if self.attempt(expected, accepting.accept, id_, decides_in=None if approve else ()) is None:
            return
        if self.ring.needs_workshop(one) and not approve:
            one.is_agreed = True
            one.lapses = min(self.ring.reservations[number].time.start for number in one.parts)
            self.done()
        else:
            self.carried_out(id_, one, is_approved=approve)

    @precondition(lambda self: any(one.is_agreed for one in self.ring.exchanges.values()))
    @rule(index=which, is_approved=st.booleans())
    def decide_about_swap(self, index, is_approved):
        agreed = [number for number, one in self.ring.exchanges.items() if one.is_agreed]
        id_ = self.prefer(agreed, index, lambda each: self.ring.exchanges[each].state == "open")
        one = self.ring.exchanges[id_]
        if not is_approved:
            is_again = one.state == "declined"
            expected = None if is_again or not self.ring.is_unanswerable(one) else "exchange_closed"
            self.attempt(expected, ending.reject, id_, "Too wet")
            if expected is None:
                one.state = "declined"
                self.done(is_news=not is_again)
            return
        if one.state == "accepted":
            self.attempt(None, accepting.approve, id_)
            self.done(is_news=False)
            return
        is_closed = self.ring.is_unanswerable(one) or self.is_outdated(one)
        expected = "exchange_closed" if is_closed else self.judged_again(one)
        if self.attempt(expected, accepting.approve, id_) is not None:
            self.carried_out(id_, one, is_approved=True)

    def carried_out(self, id_, one, *, is_approved):
        made = self.session.get(Stored, id_)
        new = [made.made_for_receiver_id] + ([made.made_for_proposer_id] if one.wanted else [])
        self.ring.carry_out(one, new, is_approved=is_approved)
        machines = {self.ring.reservations[number].machine for number in one.parts}
        self.done(machines=machines, members=[one.proposer, one.receiver])

    @has_exchanges
    @rule(index=which, verb=st.sampled_from([ending.decline, ending.withdraw]))
    def end_exchange(self, index, verb):
        id_, one = self.exchange_of(index)
        state = {ending.decline: "declined", ending.withdraw: "withdrawn"}[verb]
        is_again = one.state == state and not one.is_agreed
        expected = None if is_again or not self.ring.is_unanswerable(one) else "exchange_closed"
        self.attempt(expected, verb, id_)
        if expected is None:
            one.state, one.is_agreed = state, False
            self.done(is_news=not is_again)

    @has_exchanges
    @rule(index=which)
    def end_overdue_exchange(self, index):
        id_, one = self.exchange_of(index)
        over = self.over_as(one) if one.state == "open" else None
        assert self.attempt(None, ending.end_overdue, id_) == bool(over)
        one.state = over or one.state
        self.done(is_news=bool(over))

    def judged_again(self, one):
        return self.ring.judged(one.given, one.receiver, one.wanted, self.proposed(one.parts), for_receiver=True)

    def over_as(self, one):
        """Return as what an open exchange ends that cannot be accepted any more."""
        return "outdated" if self.is_outdated(one) else "lapsed" if one.lapses <= self.ring.now else None

    def is_outdated(self, one):
        """Return whether a reservation was changed since it was offered, by its revision: the model counts none."""
        present = [self.revision_now(number) for number in one.parts]
        is_changed = any(old != new for old, new in zip(one.revisions, present, strict=False))
        return is_changed or any(self.ring.reservations[number].status != "confirmed" for number in one.parts)

    def revision_now(self, number):
        self.session.rollback()
        return self.session.get(Reservation, number).revision

    def proposed(self, ids):
        """Return the reservations that a breakdown moved, and whose members have not answered yet."""
        return {number for number in ids if self.ring.reservations[number].proposed}

    def compare(self):
        """Compare the exchanges too."""
        super().compare()
        found = self.session.scalars(select(Stored).where(Stored.given_id.in_(self.ring.reservations)))
        assert {one.id: (one.state, one.agreed_at is not None, minute_of(one.lapses_at)) for one in found} == {
            id_: (one.state, one.is_agreed, one.lapses) for id_, one in self.ring.exchanges.items()
        }
