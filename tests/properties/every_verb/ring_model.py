"""What a plain model foretells of each verb: the code of the refusal or None, and what becomes of what is held."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from tests.properties.every_verb.holdings import (
    DECISION,
    FAR,
    HOLDING,
    TIME_TO_ANSWER,
    WAITING,
    WEEK,
    Closure,
    Entry,
    Reservation,
    Time,
)
from tests.properties.every_verb.replan_model import Breakdowns


class Ring(Breakdowns):
    """A ring with everything that the verbs of scheduling have changed so far."""

    def request(self, machine: int, member: int, wish: Time) -> str | None:
        if self.machines[machine].is_retired:
            return "machine_not_found"
        if self.breaks_rules(machine, member, wish):
            return "request_refused"
        return None if self.fits(machine, [wish.part]) else "slot_taken"

    def chosen(self, group: str, member: int, start: int, end: int) -> int | str:
        """Return the machine that a request for a group gets, or the code of the refusal."""
        found = [number for number, one in self.machines.items() if one.group == group and not one.is_retired]
        times = {number: self.time(number, start, end, 1) for number in found}
        allowed = [number for number in found if not self.breaks_rules(number, member, times[number])]
        free = [number for number in allowed if self.fits(number, [times[number].part])]
        if free:
            return min(free, key=lambda number: (self.gap(number, times[number]), number))
        return "slot_taken" if allowed else "request_refused"

    def gap(self, machine: int, wish: Time) -> int:
        """Return the free minutes around a wish on a machine with one place; each side counts a week at most."""
        before = after = WEEK
        held = [part for _number, parts in self.holds(machine) for part in parts]
        held += [(1, *one.span) for one in self.closures.values() if self.is_closing(one, machine)]
        for _places, since, until in held:
            if until <= wish.since:
                before = min(before, wish.since - until)
            elif wish.until <= since:
                after = min(after, since - wish.until)
        return before + after

    def is_closing(self, one: Closure, machine: int) -> bool:
        return one.machine == machine and one.is_around and not one.is_lifted

    def decide_until(self, wish: Time, former: Time | None = None) -> int:
        return min(self.deadline(one, self.now) for one in (wish, former) if one is not None)

    def enter(self, number: int, machine: int, member: int, wish: Time, tolerance: int = 0) -> None:
        waits = self.machines[machine].needs_approval
        self.reservations[number] = Reservation(
            machine,
            member,
            wish,
            "requested" if waits else "confirmed",
            self.decide_until(wish) if waits else None,
            tolerance=tolerance,
        )

    def approve(self, number: int) -> str | None:
        one = self.reservations[number]
        if one.status != "requested" or one.decide_until is None or one.decide_until <= self.now:
            return "wrong_status"
        added = self.added(one.former, one.time)
        if not all(self.is_inducted(one.machine, one.member, *each) for each in added):
            return "request_refused"
        passes = self.passes_quota(one.machine, one.member, one.time, reservation=number, held=one.former)
        return "request_refused" if passes else None

    def added(self, held: Time | None, wish: Time) -> list[tuple[int, int]]:
        """Return the spans of a wish that are not held yet."""
        if held is None or wish.places > held.places or wish.end <= held.start or held.end <= wish.start:
            return [(wish.start, wish.end)]
        if held.contains(wish.start, wish.end, wish.places):
            return []
        before = [(wish.start, held.start)] if wish.start < held.start else []
        return before + ([(held.end, wish.end)] if held.end < wish.end else [])

    def take_back(self, number: int, asked: int) -> str | None:
        """Return the code of the refusal of taking a decision back. asked: when the request was made."""
        one = self.reservations[number]
        is_decided = one.status in ("confirmed", "rejected") and one.decision in ("approved", "rejected")
        if not is_decided or one.time.start <= self.now or self.deadline(one.time, asked) <= self.now:
            return "wrong_status"
        is_free = one.status == "confirmed" or self.fits(one.machine, self.from_now([one.time.part]))
        return None if is_free else "slot_taken"

    def deadline(self, wish: Time, asked: int) -> int:
        return min(asked + DECISION, wish.start if asked < wish.start else wish.end)

    def end_or_restore(self, number: int, status: str) -> None:
        one = self.reservations[number]
        one.decide_until = None
        if one.former is None:
            one.status = status
        else:
            one.status, one.time, one.former = "confirmed", one.former, None

    def cancel(self, number: int) -> str | None:
        one = self.reservations[number]
        return None if one.status in WAITING and self.now < one.time.end else "wrong_status"

    def move(self, number: int, start: int, end: int, places: int, may_decide: bool) -> tuple[str | None, Reservation]:
        """Return the code of the refusal of another time, and what becomes of the reservation without one."""
        one = self.reservations[number]
        after = Reservation(**vars(one))
        if one.status not in HOLDING or one.time.end <= self.now:
            return "wrong_status", after
        present = one.time
        is_same = (start, end, places) == (present.start, present.end, present.places)
        if is_same and not (may_decide and one.status == "requested"):
            return None, after
        returns = one.former is not None and (one.former.contains(start, end, places) or may_decide)
        held = one.former if returns and one.former else present
        keeps_less = held.contains(start, end, places)
        wish = self.wished(one.machine, held, start, end, places, keeps_less)
        refusal = self.refused_move(number, one, held, wish, keeps_less)
        self._settle_move(one, after, wish, returns=returns, keeps_less=keeps_less, may_decide=may_decide)
        released = [] if (start, end) == (present.start, present.end) else self.held_for(number)
        if refusal is None and not self.fits(
            one.machine, self.from_now(after.parts), keeping=number, excluding=released
        ):
            refusal = "slot_taken"
        return refusal, after

    def wished(self, machine: int, held: Time, start: int, end: int, places: int, keeps_less: bool) -> Time:
        wish = self.time(machine, start, end, places)
        if keeps_less or start == held.start:
            wish.since = start - (held.start - held.since)
        if keeps_less or end == held.end:
            wish.until = end + (held.until - held.end)
        return wish

    def refused_move(self, number: int, one: Reservation, held: Time, wish: Time, keeps_less: bool) -> str | None:
        machine = self.machines[one.machine]
        if machine.is_retired and not keeps_less:
            return "machine_not_found"
        is_out = one.status == "in_use"
        added = self.added(held, wish)
        broken = (
            wish.end <= self.now
            or (is_out and (wish.start != held.start or wish.places > held.places))
            or wish.places < 1
            or any(start < self.now for start, _end in added)
            or (wish.places > held.places and wish.places > machine.places)
            or not all(self.is_inducted(one.machine, one.member, *each) for each in added)
            or self.passes_quota(one.machine, one.member, wish, reservation=number, held=held)
        )
        return "request_refused" if broken else None

    def _settle_move(
        self, one: Reservation, after: Reservation, wish: Time, *, returns: bool, keeps_less: bool, may_decide: bool
    ) -> None:
        after.time = wish
        waits = self.machines[one.machine].needs_approval and not (keeps_less or may_decide or one.status == "in_use")
        if returns:
            after.former, after.status = None, "confirmed"
        elif waits:
            after.former = one.time if one.status == "confirmed" else one.former
            after.status = "requested"
        after.proposed = () if after.former is None else one.proposed
        if after.status != "requested":
            after.decide_until = None
        elif not keeps_less:
            after.decision = ""
            after.decide_until = self.decide_until(wish, after.former)

    def move_to(self, number: int, machine: int, may_decide: bool) -> tuple[str | None, Time]:
        """Return the code of the refusal of another machine at the same time, and the time there."""
        one, other = self.reservations[number], self.machines[machine]
        wish = self.time(machine, one.time.start, one.time.end, one.time.places)
        if one.status not in HOLDING or one.time.end <= self.now:
            return "wrong_status", wish
        if other.is_retired:
            return "machine_not_found", wish
        are_twins = bool(other.group) and other.group == self.machines[one.machine].group
        by_member = not are_twins or one.former is not None or (other.needs_approval and one.status == "confirmed")
        is_forbidden = one.status == "in_use" or (not may_decide and by_member)
        if is_forbidden or self.breaks_rules(machine, one.member, wish):
            return "request_refused", wish
        is_free = self.fits(machine, [wish.part], excluding=self.held_for(number))
        return None if is_free else "slot_taken", wish

    def put_elsewhere(self, number: int, machine: int, wish: Time) -> None:
        """Store a reservation as it is after a move to another machine."""
        one = self.reservations[number]
        self.forget_proposal(number)
        one.machine, one.time = machine, wish
        one.status = "confirmed" if one.former else one.status
        one.former = None
        one.decide_until = self.decide_until(wish) if one.status == "requested" else None
        one.decision = "" if one.status == "requested" else one.decision

    def hand_out(self, number: int) -> str | None:
        one = self.reservations[number]
        if one.status != "confirmed" or one.time.end <= self.now:
            return "wrong_status"
        out = sum(each.time.places for each in self.out(one.machine))
        is_closed = any(
            each.machine == one.machine and not each.is_lifted and each.start <= self.now < each.end
            for each in self.closures.values()
        )
        early = [(one.time.places, self.now, one.time.until)] if self.now < one.time.since else []
        broken = (
            self.now < one.time.start - 60
            or (out > 0 and out + one.time.places > self.machines[one.machine].places)
            or is_closed
            or not self.is_inducted(one.machine, one.member, self.now, one.time.end)
            or not self.fits(one.machine, early, keeping=number)
        )
        return "usage_refused" if broken else None

    def out(self, machine: int) -> list[Reservation]:
        return [one for one in self.reservations.values() if one.machine == machine and one.status == "in_use"]

    def take_back_no_show(self, number: int) -> str | None:
        one = self.reservations[number]
        if one.status != "no_show":
            return "wrong_status"
        return None if self.fits(one.machine, self.from_now([one.time.part])) else "slot_taken"

    def close(self, machine: int, start: int, end: int, is_around: bool, instead_of: Iterable[int] = ()) -> str | None:
        if self.machines[machine].is_retired:
            return "machine_not_found"
        if end <= self.now:
            return "request_refused"
        if is_around:
            return None
        ending = [number for number, one in self.offers.items() if one.machine == machine]
        ending += [one.hold for one in self.replanned.values() if one.hold is not None and one.new[0] == machine]
        ending += instead_of
        is_free = self.fits(machine, [(self.machines[machine].places, start, end)], excluding=ending)
        return None if is_free else "slot_taken"

    def change_closure(self, number: int, start: int, end: int) -> str | None:
        one = self.closures[number]
        if one.is_lifted:
            return "wrong_status"
        if self.machines[one.machine].is_retired:
            return "machine_not_found"
        if end <= self.now:
            return "request_refused"
        return None if one.is_around else self.close(one.machine, start, end, is_around=False, instead_of=[number])

    def changed_with(self, number: int, start: int, end: int) -> dict[int, tuple[int, int]]:
        """Return the spans of a closure and of the later ones of its rule, when it gets another one."""
        this = self.closures[number]
        later, longer = start - this.start, end - this.end
        found = {number: (start, end)}
        for other, one in self.closures.items():
            if other != number and one.rule == this.rule and not one.is_lifted and one.start > self.now:
                until = one.end + longer
                since = one.start + later
                found[other] = (since, until if until > since else since + one.end - one.start)
        return found

    def change_closures(self, number: int, wanted: dict[int, tuple[int, int]]) -> str | None:
        """Return the code of the refusal of other spans for closures of one rule."""
        one = self.closures[number]
        if one.is_lifted:
            return "wrong_status"
        if self.machines[one.machine].is_retired:
            return "machine_not_found"
        if any(end <= self.now for _start, end in wanted.values()):
            return "request_refused"
        if one.is_around:
            return None
        spans = sorted(wanted.values())
        is_free = all(before[1] <= after[0] for before, after in pairwise(spans)) and all(
            self.close(one.machine, *each, is_around=False, instead_of=wanted) is None for each in spans
        )
        return None if is_free else "slot_taken"

    def withdraw(self, machine: int, start: int, end: int) -> None:
        """End the offers of a machine, and what is held of it, in a span in which it cannot be used."""
        self.withdraw_proposals(machine, start, end)
        for one in self.offers.values():
            if one.machine == machine and one.state == "open" and one.time.since < end and one.time.until > start:
                one.state, self.entries[one.entry].offer = "withdrawn", None

    def retire(self, machine: int) -> str | None:
        reserved = [
            one
            for one in self.reservations.values()
            if one.machine == machine and one.status in HOLDING and (one.time.end > self.now or one.status == "in_use")
        ]
        return "record_refused" if reserved else None

    def most_held(self, machine: int) -> int:
        """Return how many places reservations and offers hold at once, from now on."""
        closures = {number for number, one in self.closures.items() if one.machine == machine}
        parts = [part for number, each in self.holds(machine) if number not in closures for part in each]
        minutes = {self.now, *(since for _places, since, _until in parts if since > self.now)}
        return max(self.used(parts, minute) for minute in minutes)

    # The waiting list

    def is_waiting(self, entry: Entry) -> bool:
        return not entry.has_left and entry.end > self.now

    def join(self, machine: int, member: int, start: int, end: int, places: int) -> str | None:
        if self.machines[machine].is_retired:
            return "machine_not_found"
        wish = self.time(machine, start, end, places)
        if self.breaks_rules(machine, member, wish):
            return "request_refused"
        return "time_is_free" if self.fits(machine, [wish.part]) else None

    def same_entry(
        self, machine: int, member: int, start: int, end: int, places: int, length: int | None
    ) -> int | None:
        wanted = (machine, member, start, end, places, length)
        for number, one in self.entries.items():
            if self.is_waiting(one) and wanted == (one.machine, one.member, one.start, one.end, one.places, one.length):
                return number
        return None

    def could_serve(self, entry: Entry, *, excluding: Iterable[int] = (), with_old_times: bool) -> bool:
        """Return whether an entry for exactly a span could be offered it now."""
        if self.machines[entry.machine].is_retired:
            return False
        wish = self.time(entry.machine, entry.start, entry.end, entry.places)
        if self.breaks_rules(entry.machine, entry.member, wish, asked=self.now + TIME_TO_ANSWER):
            return False
        besides = self.old_times(entry.machine) if with_old_times else []
        return self.fits(entry.machine, [wish.part], excluding=excluding, besides=besides)

    def accept(self, offer: int) -> str | None:
        one = self.offers[offer]
        if one.state != "open" or one.lapses <= self.now:
            return "offer_closed"
        member = self.entries[one.entry].member
        broken = self.breaks_rules(one.machine, member, one.time, asked=-FAR)
        return "request_refused" if broken else None
