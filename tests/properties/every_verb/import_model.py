"""What the plain model foretells of reservations that another program has confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.properties.every_verb.holdings import HOLDING, Reservation, Time
from tests.properties.every_verb.ring_model import Ring


@dataclass
class Imported:
    """A reservation of another program. key: machine, member, start and end there, by which it is known again."""

    key: tuple[int, int, int, int]
    places: int
    revision: int  # as it was entered
    is_undone: bool = False


@dataclass
class RingOfImports(Ring):
    """A ring into which reservations of another program are entered, and from which they are taken back."""

    imported: dict[int, Imported] = field(default_factory=dict)

    def imports(self, machine: int, member: int, times: Sequence[Time]) -> list[str]:
        """Return of each reservation: new, there, or the code of its refusal. times: in their order."""
        found, before = [], []
        for one in times:
            found.append(self._import(machine, member, one, before))
            before += [one.part] if found[-1] == "new" else []
        return found

    def _import(self, machine: int, member: int, wish: Time, before: Sequence[tuple[int, int, int]]) -> str:
        key = (machine, member, wish.start, wish.end)
        if any(one.key == key and not one.is_undone for one in self.imported.values()) or any(
            (one.machine, one.member, one.time.start, one.time.end) == key and one.status in HOLDING
            for one in self.reservations.values()
        ):
            return "there"
        if self.machines[machine].is_retired:
            return "machine_not_found"
        is_broken = (
            wish.end <= self.now
            or not 1 <= wish.places <= self.machines[machine].places
            or not self.is_inducted(machine, member, wish.start, wish.end)
        )
        if is_broken:
            return "request_refused"
        return "new" if self.fits(machine, [wish.part], besides=before) else "slot_taken"

    def take_over(self, number: int, machine: int, member: int, wish: Time, revision: int) -> None:
        """Enter an imported reservation, which nobody has to approve; also one whose import was undone."""
        former = self.reservations.get(number)
        tolerance = former.tolerance if former else 0
        self.reservations[number] = Reservation(machine, member, wish, "confirmed", tolerance=tolerance)
        self.imported[number] = Imported((machine, member, wish.start, wish.end), wish.places, revision)
