"""Overruling: somebody who may decide about a machine lets something pass against rules of the ring, with a reason.

The caller of a verb gives an Overruling only for an actor who may decide; without one, every rule stands. The codes and
the reason are recorded as an event of their own, which administrators read in the event log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import RulesBroken, Violation
from booking.events.event_records import ReservationRecord
from booking.events.reservation_events import RulesOverruled
from booking.kernel.events import Actor, record
from booking.rules.lending_rules import LENGTH_MINUTES_MAX

# Rules about planning, which the manager knows best. Never overruled: what keeps people safe (induction), what the
# ring has decided (membership), what cannot be (the past, more places than there are), and the grid of free time.
QUOTAS = frozenset({"quota_time", "quota_prime_time", "quota_open"})
OF_RESERVING = QUOTAS | {
    *("notice", "horizon", "opening_hours", "opening_hours_at_ends", "shortest", "longest", "second_person_missing")
}
OVERRULABLE = OF_RESERVING  # each has a name in app/wording/rules, for the event log


@dataclass(frozen=True, slots=True)
class Overruling:
    """The will to overrule rules, with a reason. Raises ValueError without one: the caller checks it first."""

    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("rules are overruled only with a reason")


def refuse_unless_overruled(
    error: type[RulesBroken],
    violations: Iterable[Violation],
    overruling: Overruling | None,
    *,
    overrulable: Collection[str],
) -> tuple[str, ...]:
    """Return the codes of the rules that are overruled, each once; raise the error where a broken rule stands.

    The error names every broken rule, also those that could be overruled.
    """
    found = list(violations)
    if overruling is None or not may_overrule(found, overrulable):
        error.raise_for(found)
    return tuple(dict.fromkeys(violation.rule for violation in found))


def may_overrule(violations: Iterable[Violation], overrulable: Collection[str]) -> bool:
    """Return whether every broken rule is one that may be overruled; also when none is broken.

    No reservation may be longer than LENGTH_MINUTES_MAX, on which searches in the past rely.
    """
    return all(
        each.rule in overrulable and not (each.rule == "longest" and each.actual > LENGTH_MINUTES_MAX)
        for each in violations
    )


def is_allowed(violations: Collection[Violation], overruling: Overruling | None) -> bool:
    """Return whether a wish to reserve that breaks these rules passes: there are none, or the actor overrules them."""
    return not violations or (overruling is not None and may_overrule(violations, OF_RESERVING))


def record_overruled(
    session: Session,
    reservation: ReservationRecord,
    rules: Sequence[str],
    overruling: Overruling | None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Record which rules were overruled for a reservation, and why. Does nothing where none was."""
    if overruling is None or not rules:
        return
    event = RulesOverruled(
        reservation_id=reservation.id,
        machine_id=reservation.machine_id,
        member_id=reservation.member_id,
        rules=",".join(rules),
        reason=overruling.reason,
    )
    record(session, event, by=by, at=now)
