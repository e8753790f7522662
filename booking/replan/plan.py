"""The plan of a breakdown: one line for each reservation that is affected, and a digest of all that was shown."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from booking.timespan import TimeSpan


class Outcome(StrEnum):
    """What a plan does with a reservation.

    TWIN: moved to a twin at the same time. SHIFT: moved within the member's tolerance, on the machine itself after the
    repair or a twin. OFFER: another time or a machine of another rank is proposed, and it stays until its member takes
    it. NONE: nothing was found. OFFERED: a proposal of an earlier plan waits. WAITS: another time waits for approval.
    RUNNING: it has begun. The last four stay for the manager to decide. AT_RISK: it is after the repair.
    """

    TWIN = "twin"
    SHIFT = "shift"
    OFFER = "offer"
    NONE = "none"
    OFFERED = "offered"
    WAITS = "waits"
    RUNNING = "running"
    AT_RISK = "at_risk"


MOVED = (Outcome.TWIN, Outcome.SHIFT)
PLANNED = (*MOVED, Outcome.OFFER)  # what a confirmation carries out
DECIDABLE = (*PLANNED, Outcome.NONE, Outcome.OFFERED, Outcome.WAITS)  # what the manager may overrule


ID_DIGITS = 18
DIGEST_LENGTH_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Target:
    """A machine and time that would take a reservation. is_dearer: it costs the member more.

    loses: the variants of the reservation that its machine has and this one lacks.
    """

    machine_id: int
    machine_name: str
    span: TimeSpan
    is_dearer: bool = False
    loses: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[object, ...]:
        """What somebody agrees to who was shown it."""
        return self.machine_id, self.span.start.isoformat(), self.is_dearer, *self.loses


@dataclass(frozen=True, slots=True)
class Line:
    """One affected reservation. target: of what is moved or offered. reasons: codes of why nothing was found.

    options: other machines that take it at its time, whatever the rest of the plan takes. is_told: its member was told
    before that it stays.
    """

    reservation_id: int
    revision: int
    member_id: int
    span: TimeSpan
    places: int
    outcome: Outcome
    target: Target | None = None
    reasons: tuple[str, ...] = ()
    options: tuple[Target, ...] = ()
    is_told: bool = False

    @property
    def fingerprint(self) -> str:
        """A short hash of what is planned for the reservation as it is."""
        target = self.target and self.target.facts
        text = repr((self.reservation_id, self.revision, self.outcome.value, target))
        return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the reservations of a closed machine, in the order of their time.

    left_out: how many more are in the span of the closure than one plan holds; they are planned afterwards.
    """

    closure_id: int
    closure_revision: int
    lines: tuple[Line, ...]
    left_out: int = 0

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many lines have each outcome."""
        return Counter(line.outcome for line in self.lines)

    @property
    def digest(self) -> str:
        """What a manager confirms, and what is carried out only while it is the same: a short hash of each line.

        Not of what has begun, and of what is after the repair: nothing is done with them.
        """
        lines = (f"{line.reservation_id}.{line.fingerprint}" for line in self.of(*DECIDABLE))
        return ",".join((f"{self.closure_id}.{self.closure_revision}", *lines))

    def changed_since(self, digest: str) -> tuple[int, ...]:
        """Return the reservations whose lines are not those of an earlier digest, or are in one of the two only."""
        before, after = set(digest.split(",")[1:]), set(self.digest.split(",")[1:])
        ids = (line.partition(".")[0] for line in before ^ after)
        return tuple(sorted({int(one) for one in ids if one.isascii() and one.isdecimal() and len(one) <= ID_DIGITS}))

    def of(self, *outcomes: Outcome) -> list[Line]:
        """Return the lines with some outcomes."""
        return [line for line in self.lines if line.outcome in outcomes]
