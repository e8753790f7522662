"""The waiting list and its offers."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from booking.models import Reservation
from booking.waiting import answers, entries
from booking.waiting.matching import WaitingWish
from tests.properties.every_verb import holdings as model
from tests.properties.every_verb.holdings import Entry
from tests.properties.every_verb.steps import (
    Steps,
    has_reservations,
    lengths,
    names,
    span,
    starts,
    which,
    who,
)


class WaitingList(Steps):
    """The waiting list and its offers."""

    @rule(name=names, whose=who, start=starts, length=lengths, places=st.sampled_from([1, 1, 2]))
    def join(self, name, whose, start, length, places):
        since = self.from_next(start)
        self.join_for(self.ids[name], self.members[whose], since, since + length * 30, places)

    @has_reservations
    @rule(index=which, whose=who)
    def join_for_what_is_taken(self, index, whose):
        """Wait for what somebody has; so what becomes free later is offered."""
        one = self.ring.reservations[self.reservation_of(index, *model.HOLDING)]
        self.join_for(one.machine, self.members[whose], one.time.start, one.time.end, one.time.places)

    def join_for(self, id_, whose, start, end, places):
        expected = self.ring.join(id_, whose, start, end, places)
        same = self.ring.same_entry(id_, whose, start, end, places, None)
        if same is not None and expected != "machine_not_found":
            expected = None
        wish = WaitingWish(whose, id_, None, span(start, end), places=places)
        made = self.attempt(expected, entries.join, wish)
        if made is not None:
            assert same in (None, made)
            if same is None:
                self.ring.entries[made] = Entry(id_, whose, start, end, places)
            self.done(is_news=same is None)

    @rule(name=names, whose=who, start=starts, length=st.integers(1, 4), width=st.integers(2, 8))
    def join_for_any_time(self, name, whose, start, length, width):
        """What is refused is not foretold: that needs a search, which test_free_starts.py compares."""
        id_, whose, since = self.ids[name], self.members[whose], self.from_next(start)
        until = since + max(width, length) * 30
        wish = WaitingWish(whose, id_, None, span(since, until), length_min=length * 30)
        same = self.ring.same_entry(id_, whose, since, until, 1, length * 30)
        starts_ = range(since, until - length * 30 + 1, 15)
        times = [self.ring.time(id_, start_, start_ + length * 30, 1) for start_ in starts_]
        allowed = [one for one in times if not self.ring.breaks_rules(id_, whose, one)]
        free = [one for one in allowed if self.ring.fits(id_, [one.part])]
        by_rule = [one for one in times if self.ring.is_inducted(id_, whose, one.start, one.end)]
        expected = "request_refused" if not by_rule else "time_is_free" if free and same is None else None
        if self.ring.machines[id_].is_retired:
            expected = "machine_not_found"
        elif same is not None:
            expected = None
        made = self.attempt(expected, entries.join, wish)
        if made is not None:
            if same is None:
                self.ring.entries[made] = Entry(id_, whose, since, until, 1, length * 30)
            self.done(is_news=same is None)

    has_entries = precondition(lambda self: self.ring.entries)

    @has_entries
    @rule(index=which)
    def leave(self, index):
        id_ = self.pick(self.ring.entries, index)
        one = self.ring.entries[id_]
        expected = "wrong_status" if not one.has_left and one.end <= self.ring.now else None
        self.attempt(expected, entries.leave, id_)
        if expected is None:
            is_news = not one.has_left
            if one.offer is not None:
                self.ring.offers[one.offer].state = "withdrawn"
            one.has_left, one.offer = True, None
            self.done(is_news=is_news)

    has_offers = precondition(lambda self: self.ring.offers)

    def offer_of(self, index):
        return self.prefer(self.ring.offers, index, lambda each: self.ring.offers[each].state == "open")

    @has_offers
    @rule(index=which)
    def accept(self, index):
        id_ = self.offer_of(index)
        one = self.ring.offers[id_]
        entry = self.ring.entries[one.entry]
        made = self.attempt(self.ring.accept(id_), answers.accept, id_)
        if made is not None:
            one.state, entry.offer, entry.has_left = "accepted", None, True
            self.ring.enter(made, one.machine, entry.member, one.time)
            self.done(machines=[one.machine], members=[entry.member])

    @has_offers
    @rule(index=which)
    def accept_automatically(self, index):
        """What the worker does for who wished so: where the rules refuse it, the offer lapses."""
        id_ = self.offer_of(index)
        one = self.ring.offers[id_]
        entry, refusal, is_open = self.ring.entries[one.entry], self.ring.accept(id_), one.state == "open"
        before = set(self.session.scalars(select(Reservation.id)))
        assert self.attempt(None, answers.accept_automatically, id_) == is_open
        if not is_open:
            self.done(is_news=False)
            return
        entry.offer = None
        if refusal is None:
            (made,) = set(self.session.scalars(select(Reservation.id))) - before
            one.state, entry.has_left = "accepted", True
            self.ring.enter(made, one.machine, entry.member, one.time)
        else:
            one.state, entry.has_left = "lapsed", entry.length is None
        self.done(machines=[one.machine], members=[entry.member] * (refusal is None))

    @has_offers
    @rule(index=which, verb=st.sampled_from(["decline", "lapse"]))
    def let_go(self, index, verb):
        id_ = self.offer_of(index)
        one = self.ring.offers[id_]
        is_open, is_over = one.state == "open", one.lapses <= self.ring.now
        if verb == "lapse":
            ends, expected = is_open and is_over, None
            assert self.attempt(None, answers.lapse, id_) == ends
        else:
            ends = is_open and not is_over
            expected = None if ends or one.state == "declined" else "offer_closed"
            self.attempt(expected, answers.decline, id_)
        if expected is not None:
            return
        if ends:
            entry = self.ring.entries[one.entry]
            one.state, entry.offer = f"{verb}d", None
            entry.has_left = entry.length is None
        self.done(is_news=ends, machines=[one.machine] * ends)
