"""What the plain model foretells of exchanges between members."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from tests.properties.every_verb.holdings import Reservation
from tests.properties.every_verb.ring_model import Ring

HOURS_TO_ANSWER = 12


@dataclass
class Exchange:
    given: int
    wanted: int | None
    proposer: int
    receiver: int
    lapses: int
    revisions: tuple[int | None, int | None]  # of both as they were offered
    state: str = "open"
    is_agreed: bool = False

    @property
    def parts(self) -> list[int]:
        """The reservations that change hands."""
        return [self.given] + ([] if self.wanted is None else [self.wanted])


@dataclass
class RingOfMembers(Ring):
    """A ring whose members hand reservations over and swap them."""

    exchanges: dict[int, Exchange] = field(default_factory=dict)

    def changes(self, given: int, receiver: int, wanted: int | None) -> list[tuple[int, int, int | None]]:
        """Return each reservation that changes hands, who gets it, and what that member gives for it."""
        first = [(given, receiver, wanted)]
        return first if wanted is None else [*first, (wanted, self.reservations[given].member, given)]

    def judged(
        self, given: int, receiver: int, wanted: int | None, proposed: Collection[int], *, for_receiver: bool
    ) -> str | None:
        """Return the code of the refusal of an exchange. proposed: what a breakdown moved, to be answered yet."""
        changes = self.changes(given, receiver, wanted)
        if any(self.machines[self.reservations[number].machine].is_retired for number, _to, _for in changes):
            return "machine_not_found"
        if any(number in proposed or self.stays(number, to) for number, to, _for in changes):
            return "not_exchangeable"
        broken = [self.is_refused(*each) for each in changes]
        of_receiver, of_proposer = broken[0], len(broken) > 1 and broken[1]
        own, other = (of_receiver, of_proposer) if for_receiver else (of_proposer, of_receiver)
        return "request_refused" if own else "partner_refused" if other else None

    def stays(self, number: int, to: int) -> bool:
        """Return whether a reservation cannot change hands as it is now."""
        one = self.reservations[number]
        is_closed = any(
            each.machine == one.machine
            and not each.is_lifted
            and each.start < one.time.until
            and one.time.since < each.end
            for each in self.closures.values()
        )
        return one.status != "confirmed" or one.time.start <= self.now or is_closed or one.member == to

    def is_refused(self, number: int, to: int, gives: int | None) -> bool:
        """Return whether the rules refuse a reservation to the member that would get it."""
        one = self.reservations[number]
        return (
            not 1 <= one.time.places <= self.machines[one.machine].places
            or not self.is_inducted(one.machine, to, one.time.start, one.time.end)
            or self.passes_quota(one.machine, to, one.time, reservation=gives)
        )

    def needs_workshop(self, one: Exchange) -> bool:
        """Return whether the workshop decides about a swap on which both agree."""
        lent = [self.machines[self.reservations[number].machine] for number in one.parts]
        return one.wanted is not None and any(machine.needs_approval for machine in lent)

    def is_unanswerable(self, one: Exchange) -> bool:
        return one.state != "open" or one.lapses <= self.now

    def carry_out(self, one: Exchange, made: list[int], *, is_approved: bool) -> None:
        """End the reservations of an exchange, and enter those that it made on their places."""
        for (number, to, _for), new in zip(self.changes(one.given, one.receiver, one.wanted), made, strict=True):
            old = self.reservations[number]
            waits = self.machines[old.machine].needs_approval and not is_approved
            self.reservations[new] = Reservation(
                old.machine,
                to,
                replace(old.time),
                "requested" if waits else "confirmed",
                self.decide_until(old.time) if waits else None,
            )
            old.status, old.decide_until = "cancelled", None
        one.state = "accepted"

    def shut(self, machine: int, start: int, end: int) -> None:
        """End the offers and the exchanges of a machine in a span in which it is closed."""
        self.withdraw(machine, start, end)
        for one in self.exchanges.values():
            hit = [self.reservations[number] for number in one.parts]
            if one.state == "open" and any(
                each.machine == machine and each.time.since < end and start < each.time.until for each in hit
            ):
                one.state = "outdated"
