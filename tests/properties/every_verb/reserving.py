"""Reserving, deciding, moving and cancelling, and the use of machines."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import func, select

from booking.kernel.events import RecordedEvent
from booking.models import Reservation
from booking.reservations import decisions, reservations, tolerances
from booking.reservations.group_choice import GroupWish
from booking.reservations.group_requests import request_in_group
from booking.reservations.wishes import Wish
from booking.use import usage
from booking.use.usage import Measurement
from tests.properties.every_verb import holdings as model
from tests.properties.every_verb.steps import (
    Steps,
    has_reservations,
    lengths,
    minute_of,
    names,
    one_or_more,
    span,
    starts,
    which,
    who,
)


class Reserving(Steps):
    """Reserving, deciding, moving and cancelling, and the use of machines."""

    @rule(name=names, whose=who, start=starts, length=lengths, places=one_or_more, tolerance=st.sampled_from([0, 120]))
    def reserve(self, name, whose, start, length, places, tolerance):
        id_, whose, since = self.ids[name], self.members[whose], self.from_next(start)
        wish = self.ring.time(id_, since, since + length * 30, places)
        asked = Wish(id_, whose, span(wish.start, wish.end), places, may_move_min=tolerance)
        made = self.attempt(self.ring.request(id_, whose, wish), reservations.request_reservation, asked)
        if made is not None:
            self.ring.enter(made.id, id_, whose, wish, tolerance)
            self.done(machines=[id_], members=[whose])

    @rule(whose=who, start=starts, length=lengths)
    def reserve_any_saw(self, whose, start, length):
        whose, since = self.members[whose], self.from_next(start)
        until = since + length * 30
        chosen = self.ring.chosen("saws", whose, since, until)
        code = chosen if isinstance(chosen, str) else None
        made = self.attempt(code, request_in_group, GroupWish(self.group, whose, span(since, until)))
        if made is not None:
            assert made.machine_id == chosen
            self.ring.enter(made.entered.id, chosen, whose, self.ring.time(chosen, since, until, 1))
            self.done(machines=[chosen], members=[whose])

    @precondition(lambda self: self.are_there("requested"))
    @rule(index=which)
    def approve(self, index):
        id_ = self.prefer(self.with_status("requested"), index, lambda each: self.ring.approve(each) is None)
        one = self.ring.reservations[id_]
        if self.attempt(self.ring.approve(id_), decisions.approve, id_) is not None:
            one.decision = "moved" if one.former else "approved"
            one.status, one.decide_until, one.former = "confirmed", None, None
            self.done(machines=[one.machine], members=[one.member])

    @precondition(lambda self: self.are_there("requested"))
    @rule(index=which)
    def decline(self, index):
        id_ = self.reservation_of(index, "requested")
        one = self.ring.reservations[id_]
        expected = None if one.status == "requested" else "wrong_status"
        if self.attempt(expected, decisions.reject, id_, "Too wet") is not None:
            one.decision = "moved" if one.former else "rejected"
            self.ring.end_or_restore(id_, "rejected")
            self.done(machines=[one.machine], members=[one.member])

    @precondition(lambda self: self.are_there("requested"))
    @rule(index=which)
    def expire(self, index):
        requests = self.with_status("requested")
        id_ = self.prefer(requests, index, lambda each: self.ring.reservations[each].decide_until <= self.ring.now)
        is_over = self.ring.reservations[id_].decide_until <= self.ring.now
        one = self.ring.reservations[id_]
        assert self.attempt(None, decisions.expire, id_) == is_over
        if is_over:
            self.ring.end_or_restore(id_, "expired")
        self.done(is_news=is_over, machines=[one.machine] * is_over, members=[one.member] * is_over)

    @has_reservations
    @rule(index=which, minutes=st.sampled_from([0, 60, 120]))
    def change_tolerance(self, index, minutes):
        id_ = self.reservation_of(index, *model.HOLDING)
        one = self.ring.reservations[id_]
        expected = None if one.status in model.HOLDING and self.ring.now < one.time.end else "wrong_status"
        if self.attempt(expected, tolerances.change_tolerance, id_, minutes) is not None:
            is_news, one.tolerance = one.tolerance != minutes, minutes
            self.done(is_news=is_news)

    @precondition(lambda self: any(one.proposed for one in self.ring.reservations.values()))
    @rule(index=which)
    def accept_proposed_time(self, index):
        """Agree to the time to which a plan moved it: from then on the old time is open to who waits for it."""
        proposed = [number for number, one in self.ring.reservations.items() if one.proposed]
        id_ = self.pick(proposed or self.ring.reservations, index)
        one = self.ring.reservations[id_]
        is_open = bool(one.proposed) and one.status in model.WAITING and self.ring.now < one.time.end
        if self.attempt(None if is_open else "wrong_status", reservations.accept_proposal, id_) is not None:
            one.proposed = ()
            self.done(machines=[one.machine], members=[one.member])

    @has_reservations
    @rule(index=which)
    def cancel(self, index):
        self.cancel_one(self.prefer(self.ring.reservations, index, lambda each: self.ring.cancel(each) is None))

    @precondition(lambda self: self.ring.entries)
    @rule(index=which)
    def cancel_what_somebody_waits_for(self, index):
        entry = self.ring.entries[self.pick(self.ring.entries, index)]
        found = [
            number
            for number, one in self.ring.reservations.items()
            if one.machine == entry.machine
            and one.status in model.WAITING
            and one.time.start < entry.end
            and entry.start < one.time.end
        ]
        if found:
            self.cancel_one(self.pick(found, index))

    def cancel_one(self, id_):
        one = self.ring.reservations[id_]
        if self.attempt(self.ring.cancel(id_), reservations.cancel, id_) is not None:
            one.status = "cancelled"
            self.ring.forget_proposal(id_)
            self.stays_without_deadline(id_)
            self.done(machines=[one.machine], members=[one.member])

    @has_reservations
    @rule(index=which, start=starts, length=lengths, places=one_or_more, may_decide=st.booleans())
    def move(self, index, start, length, places, may_decide):
        since = self.from_next(start)
        self.move_to_time(self.movable(index), since, since + length * 30, places, may_decide)

    @has_reservations
    @rule(index=which, later=st.integers(0, 2), earlier=st.integers(-3, 3), may_decide=st.booleans())
    def shorten_or_lengthen(self, index, later, earlier, may_decide):
        id_ = self.movable(index)
        time = self.ring.reservations[id_].time
        start = time.start + later * 30
        end = max(time.end - earlier * 30, start + 30)
        self.move_to_time(id_, start, end, time.places, may_decide)

    def movable(self, index):
        """Return a reservation that may get another time, most often."""
        return self.prefer(self.ring.reservations, index, self.is_movable)

    def is_movable(self, id_):
        one = self.ring.reservations[id_]
        return one.status in model.HOLDING and one.time.end > self.ring.now

    def move_to_time(self, id_, start, end, places, may_decide):
        expected, after = self.ring.move(id_, start, end, places, may_decide)
        before = self.ring.reservations[id_]
        wanted = span(start, end)
        if self.attempt(expected, reservations.move, id_, wanted, places=places, may_decide=may_decide) is not None:
            is_news = self.session.get(Reservation, id_).revision > self.revision_of(id_)
            assert is_news or vars(after) == vars(before)
            self.ring.put(id_, after)
            self.done(is_news=is_news, machines=[after.machine] * is_news, members=[after.member] * is_news)

    def revision_of(self, id_):
        """Return the revision of a reservation that is the same before and after what changes nothing."""
        before, now = self.ring.reservations[id_], self.session.get(Reservation, id_)
        is_same = (before.time.start, before.time.end) == (minute_of(now.starts_at), minute_of(now.ends_at))
        counted = self.session.scalar(select(func.count()).select_from(RecordedEvent))
        return now.revision if is_same and counted == self.before[0] else now.revision - 1

    @has_reservations
    @rule(index=which, name=names, may_decide=st.booleans())
    def move_to_another_machine(self, index, name, may_decide):
        id_, other = self.movable(index), self.ids[name]
        one = self.ring.reservations[id_]
        if one.machine == other:
            return
        expected, wish = self.ring.move_to(id_, other, may_decide)
        if self.attempt(expected, reservations.move, id_, None, machine_id=other, may_decide=may_decide) is not None:
            old = one.machine
            self.ring.put_elsewhere(id_, other, wish)
            self.done(machines=[old, other], members=[one.member])

    @precondition(lambda self: self.are_there("requested"))
    @rule(index=which)
    def withdraw_a_move(self, index):
        waiting = [number for number, one in self.ring.reservations.items() if one.status == "requested"]
        moving = [number for number in waiting if self.ring.reservations[number].former]
        id_ = self.pick(moving or waiting, index)
        one = self.ring.reservations[id_]
        expected = None if one.former and one.status == "requested" else "wrong_status"
        if self.attempt(expected, reservations.withdraw_move, id_) is not None:
            self.ring.end_or_restore(id_, "")
            self.done(machines=[one.machine], members=[one.member])

    @rule(minutes=st.sampled_from([10, 60, 60, 240, 1440]))
    def time_passes(self, minutes):
        self.ring.now += minutes
        self.compare()

    @precondition(lambda self: self.are_there("confirmed"))
    @rule(index=which, after_start=st.sampled_from([0, 20, -30, -60, -70]))
    def hand_out(self, index, after_start):
        confirmed = self.with_status("confirmed")
        id_ = self.prefer(confirmed, index, lambda each: self.ring.reservations[each].time.end > self.ring.now)
        one = self.ring.reservations[id_]
        self.ring.now = max(self.ring.now, one.time.start + after_start)
        if self.attempt(self.ring.hand_out(id_), usage.hand_out, id_, Measurement()) is not None:
            one.status, one.handed_out = "in_use", self.ring.now
            one.time.since = min(one.time.since, self.ring.now)
            self.done(machines=[one.machine], members=[one.member])

    @precondition(lambda self: any(one.status == "in_use" for one in self.ring.reservations.values()))
    @rule(index=which, minutes=st.sampled_from([5, 40, 150]))
    def hand_back(self, index, minutes):
        id_ = self.reservation_of(index, "in_use")
        one, self.ring.now = self.ring.reservations[id_], self.ring.now + minutes
        self.attempt(None, usage.hand_back, id_, Measurement())
        cleaning = one.time.until - one.time.end
        one.status, one.time.start, one.time.end = "completed", one.handed_out, self.ring.now
        one.time.until = one.time.end + cleaning
        self.session.rollback()
        self.compare_holds()  # which reads what others left to the machine for its cleaning
        self.done(machines=[one.machine], members=[one.member])

    @precondition(lambda self: self.are_there("confirmed"))
    @rule(index=which)
    def report_no_show(self, index):
        confirmed = self.with_status("confirmed")
        id_ = self.prefer(confirmed, index, lambda each: self.ring.reservations[each].time.start <= self.ring.now)
        one = self.ring.reservations[id_]
        is_possible = one.time.start <= self.ring.now
        if self.attempt(None if is_possible else "wrong_status", decisions.report_no_show, id_) is not None:
            one.status = "no_show"
            self.done(machines=[one.machine], members=[one.member])

    @precondition(lambda self: any(one.status == "no_show" for one in self.ring.reservations.values()))
    @rule(index=which)
    def take_back_no_show(self, index):
        id_ = self.reservation_of(index, "no_show")
        one = self.ring.reservations[id_]
        is_over = one.time.end <= self.ring.now
        expected = None if is_over else self.ring.take_back_no_show(id_)
        if self.attempt(expected, decisions.take_back_no_show, id_) is not None:
            one.status, one.is_over_again = "confirmed", is_over
            self.done(machines=[one.machine], members=[one.member])
