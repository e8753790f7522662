"""Reservations that another program has confirmed: entered together, taken back, and entered again."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from booking.models import Reservation
from booking.reservation_import import importing, undoing
from booking.reservation_import.validation import ImportedReservation
from booking.reservations.wishes import Wish
from tests.properties.every_verb.steps import Steps, lengths, names, one_or_more, span, starts, which, who


class Importing(Steps):
    """Imports, and taking them back."""

    @rule(name=names, whose=who, start=starts, length=lengths, places=one_or_more, count=st.integers(1, 3))
    def import_some(self, name, whose, start, length, places, count):
        """Enter reservations of another program, each half an hour after the one before begins: all of them or none."""
        id_, member, first = self.ids[name], self.members[whose], self.from_next(start)
        times = [self.ring.time(id_, at, at + length * 30, places) for at in range(first, first + count * 30, 30)]
        self.import_times(id_, member, times)

    @precondition(lambda self: self.ring.imported)
    @rule(index=which)
    def import_once_more(self, index):
        """Enter a reservation that was imported before: it is there, or was taken back and is entered again."""
        id_ = self.prefer(self.ring.imported, index, lambda each: self.ring.imported[each].is_undone)
        one = self.ring.imported[id_]
        machine_id, member, start, end = one.key
        self.import_times(machine_id, member, [self.ring.time(machine_id, start, end, one.places)])

    def import_times(self, machine_id, member, times):
        expected = self.ring.imports(machine_id, member, times)
        imported = [
            ImportedReservation.of(Wish(machine_id, member, span(one.start, one.end), one.places)) for one in times
        ]
        results = self.attempt(None, importing.import_reservations, imported)
        assert [self.told(one) for one in results] == expected
        is_refused = any(one not in ("new", "there") for one in expected)
        entered = [] if is_refused else [at for at, one in enumerate(expected) if one == "new"]
        for at in entered:
            id_ = results[at].entered_id
            self.ring.take_over(id_, machine_id, member, times[at], self.revision(id_))
        self.done(is_news=bool(entered), machines=[machine_id] * bool(entered), members=[member] * bool(entered))

    def told(self, result):
        """Return what an import says of a reservation: new, there, or the code of its refusal."""
        if result.refusal is not None:
            return result.refusal.code
        return "there" if result.existing else "new"

    def revision(self, id_):
        return self.session.get(Reservation, id_, populate_existing=True).revision

    @precondition(lambda self: self.ring.imported)
    @rule(index=which)
    def undo_import(self, index):
        """Take an import back, as it was entered: not what was changed since, or what something refers to."""
        id_ = self.prefer(self.ring.imported, index, lambda each: self.ring.reservations[each].status == "confirmed")
        noted, one = self.ring.imported[id_], self.ring.reservations[id_]
        is_referred = bool(undoing.reservation_references(self.session, [id_]))
        is_changed = self.revision(id_) != noted.revision
        expected = "stale_revision" if is_changed else "still_referred" if is_referred else None
        self.attempt(expected, undoing.undo_import, {id_: noted.revision})
        if expected is None:
            assert one.status == "confirmed"
            one.status, noted.is_undone = "cancelled", True
            self.stays_without_deadline(id_)
            self.done(machines=[one.machine], members=[one.member])
