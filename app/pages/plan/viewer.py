"""Who looks at the plan: whose names may be shown, and what this login may reserve."""

from __future__ import annotations

from dataclasses import dataclass

from booking.availability import EligibilityByKind
from booking.queries import BoardEntry, BoardMachine
from booking.queries.board_entries import OFFERED
from booking.rules.eligibility import MemberEligibility


@dataclass(frozen=True, slots=True)
class Viewer:
    """workshop_ids: where names may be shown; None is everywhere. may_reserve: whether free time is a link.

    eligibility: of the login's member; None for a login that reserves for other members too, or shows no links.
    """

    member_id: int | None
    workshop_ids: frozenset[int] | None = frozenset()
    may_reserve: bool = True
    eligibility: EligibilityByKind | None = None

    def is_own(self, entry: BoardEntry) -> bool:
        """Return whether the entry is the viewer's own reservation."""
        return entry.member_id is not None and entry.member_id == self.member_id

    def knows_names_of(self, workshop_id: int) -> bool:
        """Return whether the viewer may know who uses the machines of a workshop."""
        return self.workshop_ids is None or workshop_id in self.workshop_ids

    def may_know(self, entry: BoardEntry, workshop_id: int) -> bool:
        """Return whether the viewer may know whose the entry is; of an offer nobody does: its time is taken."""
        return self.is_own(entry) or (entry.status != OFFERED and self.knows_names_of(workshop_id))

    def eligibility_for(self, machine: BoardMachine) -> MemberEligibility | None:
        """Return what the rules about members need to know for a machine; None judges nobody."""
        return None if self.eligibility is None else self.eligibility.of_kind(machine.induction_kind_id)
