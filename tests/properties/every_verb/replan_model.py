"""What a plain model foretells of breakdowns: whom they hit, and how what was proposed to these is answered."""

from __future__ import annotations

from tests.properties.every_verb.holdings import (
    HOLDING,
    WAITING,
    Holdings,
    Part,
    Replanned,
    Reservation,
    Time,
)

HELD_FOR = 24 * 60


class Breakdowns(Holdings):
    """What plans after breakdowns moved, and what they hold for members until these answer."""

    def has_moved(self, number: int) -> bool:
        """Return whether a reservation is where a plan of a breakdown moved it."""
        one, noted = self.reservations[number], self.replanned[number]
        place = (one.machine, one.time.start, one.time.end)
        return noted.kind == "moved" and one.status in WAITING and one.former is None and place == noted.new

    def note_moved(self, number: int, closure: int, old: tuple[int, int, int]) -> None:
        """Note that a manager moved a reservation out of a closure; its member may go back, and is asked."""
        one = self.reservations[number]
        new = (one.machine, one.time.start, one.time.end)
        self.replanned.pop(number, None)
        if new != old:
            self.replanned[number] = Replanned("moved", closure, old, new)
        one.proposed = one.place

    def forget_answered(self) -> None:
        """Another place than the proposed one is an answer, too; while it waits for approval, the proposal stays."""
        for one in self.reservations.values():
            if one.former is None and one.place != one.proposed:
                one.proposed = ()

    def old_times(self, machine: int) -> list[Part]:
        """Return the times that moved reservations may take back."""
        found = []
        for number, noted in self.replanned.items():
            of_machine, start, end = noted.old
            one = self.reservations[number]
            is_asked = bool(one.proposed) and self.has_moved(number)  # who agreed may go back, but comes before nobody
            if of_machine == machine and is_asked and min(start, one.time.start) > self.now:
                found.append(self.time(machine, start, end, one.time.places).part)
        return found

    def affected(self, closure: int) -> list[int]:
        """Return the reservations whose time a closure takes away, in the order of time."""
        one = self.closures[closure]
        start = max(one.start, self.now)
        found = [
            number
            for number, each in self.reservations.items()
            if each.machine == one.machine
            and each.status in HOLDING
            and any(since < one.end and until > start for _places, since, until in each.parts)
        ]
        return sorted(found, key=lambda number: (self.reservations[number].time.start, number))

    def return_to(self, number: int, kind: str) -> tuple[str | None, int, Time]:
        """Return the code of the refusal of going back or taking a proposal, the machine and the time there."""
        one, noted = self.reservations[number], self.replanned.get(number)
        if noted is None:
            return "old_time_gone", one.machine, one.time
        left, target = (noted.new, noted.old) if kind == "moved" else (noted.old, noted.new)
        machine, start, end = target
        wish = self.time(machine, start, end, one.time.places)
        used_up = one.time.start <= self.now if kind == "moved" else one.time.end <= self.now
        if (
            noted.kind != kind
            or one.status not in WAITING
            or (one.machine, one.time.start, one.time.end) != left
            or one.former is not None
            or start <= self.now
            or used_up
            or (noted.hold is not None and noted.lapses <= self.now)
            or (kind == "offered" and not self.still_closes(noted.closure, one.time))
        ):
            return "old_time_gone", machine, wish
        if self.machines[machine].is_retired:
            return "machine_not_found", machine, wish
        is_broken = (
            not self.is_inducted(machine, one.member, start, end)
            or wish.places > self.machines[machine].places
            or self.passes_quota(machine, one.member, wish, reservation=number)
        )
        if is_broken:
            return "request_refused", machine, wish
        own = [number] if noted.hold is None else [number, noted.hold]
        return None if self.fits(machine, [wish.part], excluding=own) else "slot_taken", machine, wish

    def still_closes(self, closure: int, time: Time) -> bool:
        one = self.closures[closure]
        return not one.is_lifted and one.start < time.until and time.since < one.end

    # What is held for a member until it answers

    def note_proposal(self, number: int, noted: Replanned, hold: int) -> None:
        """Note what a plan holds for a reservation: all of the time that the reservation does not hold itself."""
        one = self.reservations[number]
        machine, start, end = noted.new
        wish = self.time(machine, start, end, one.time.places)
        noted.hold, noted.parts = hold, [wish.part]
        if machine == one.machine and wish.since < one.time.until and one.time.since < wish.until:
            sides = [(wish.since, one.time.since), (one.time.until, wish.until)]
            noted.parts = [(wish.places, since, until) for since, until in sides if since < until]
        noted.lapses = min(self.now + HELD_FOR, start, max(one.time.start, self.now))
        self.replanned[number] = noted

    def needs_proposal(self, number: int) -> bool:
        """Return whether a reservation is where its proposal was made for, at a time that is still closed."""
        one, noted = self.reservations[number], self.replanned[number]
        is_there = (one.machine, one.time.start, one.time.end) == noted.old and one.former is None
        is_open = one.status in WAITING and self.now < one.time.end
        return is_there and is_open and self.still_closes(noted.closure, one.time)

    def decline(self, number: int) -> str | None:
        """Return the code of the refusal of declining what is held for a reservation."""
        noted = self.replanned.get(number)
        is_held = noted is not None and noted.hold is not None
        is_open = is_held and self.needs_proposal(number) and self.now < self.replanned[number].lapses
        return None if is_open else "old_time_gone"

    def withdraw_proposals(self, machine: int, start: int, end: int) -> None:
        """End what is held of a machine in a span in which it cannot be used."""
        for number, noted in list(self.replanned.items()):
            hit = any(since < end and start < until for _places, since, until in noted.parts)
            if noted.hold is not None and noted.new[0] == machine and hit:
                del self.replanned[number]

    def forget_proposal(self, number: int) -> None:
        """End what is held for a reservation."""
        if number in self.replanned and self.replanned[number].hold is not None:
            del self.replanned[number]

    def held_for(self, number: int) -> list[int]:
        """Return the hold of a reservation's proposal, which ends with its move."""
        noted = self.replanned.get(number)
        return [] if noted is None or noted.hold is None else [noted.hold]

    def put(self, number: int, after: Reservation) -> None:
        """Store a reservation as it is after a move; what is held for one that leaves its place ends."""
        if after.place[:3] != self.reservations[number].place[:3]:
            self.forget_proposal(number)
        self.reservations[number] = after

    def forget_proposals_of(self, closure: int) -> None:
        """End what is held because of a closure that is lifted."""
        for number, noted in list(self.replanned.items()):
            if noted.hold is not None and noted.closure == closure:
                del self.replanned[number]

    def forget_needless(self, closure: int) -> None:
        """End what is held for reservations whose time a closure leaves free since it was changed."""
        for number, noted in list(self.replanned.items()):
            is_held = noted.hold is not None and noted.closure == closure
            if is_held and not self.still_closes(closure, self.reservations[number].time):
                del self.replanned[number]
