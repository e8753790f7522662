"""The co-operative's own record: one row, entered by the set-up, changed by administrators."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking import records
from booking.errors import NotFound, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.models import Ring

THE_ONE = 1
OBJECTION_DAYS_MAX = 365
LENGTHS_MAX = {"name": 120, "place": 120, "email": 254}


@dataclass(frozen=True, slots=True)
class RingInput:
    """What is entered of the ring."""

    name: str
    place: str = ""
    email: str = ""
    timezone: str = "Europe/Berlin"
    holidays_region: str = "DE-BY"
    colour: str = "#14532d"
    objection_days: int = 14
    is_catalogue_public: bool = True
    requires_second_factor: bool = False

    @classmethod
    def of(cls, ring: Ring) -> RingInput:
        """The facts as they are."""
        return cls(**{name: getattr(ring, name) for name in cls.__slots__})


def the_ring(session: Session, *, for_change: bool = False) -> RingInput | None:
    """The ring's record; None before the set-up. for_change: nobody else changes it until the transaction ends."""
    ring = session.get(Ring, THE_ONE, with_for_update=for_change, populate_existing=True)
    return None if ring is None else RingInput.of(ring)


def enter_or_change_ring(
    session: Session, facts: RingInput, *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Make the record what is wanted. Call inside write_transaction().

    revision: what the caller looked at; None changes whatever is there. Raises RecordRefused, StaleRevision.
    """
    records.refuse(check_ring(facts))
    ring = session.get(Ring, THE_ONE, with_for_update=True, populate_existing=True)
    if ring is None:
        session.add(Ring(id=THE_ONE, **asdict(facts)))
        what = "entered"
    else:
        revisions.require_revision(revision, ring.revision)
        what = ",".join(records.write(ring, asdict(facts)))
        ring.revision += bool(what)
    session.flush()
    if what:
        records.note(session, "ring", THE_ONE, what, by, now)


def show_logo(session: Session, photo_id: int | None, *, by: Actor, now: datetime) -> None:
    """Let a stored picture stand beside the ring's name, or none. Call inside write_transaction(). Raises NotFound.

    The picture before stays stored, as those of machines do: its number must never mean another one.
    """
    ring = revisions.locked(session, Ring, THE_ONE, missing=NotFound)
    if ring.logo_photo_id == photo_id:
        return
    ring.logo_photo_id = photo_id
    ring.revision += 1
    session.flush()
    records.note(session, "ring", THE_ONE, "logo", by, now)


def check_ring(facts: RingInput) -> list[Violation]:
    """What is wrong with the facts: missing, at_most (letters, days), unknown_zone, colour (form or contrast)."""
    violations = records.check_filled(facts, ["name"]) + records.check_lengths(facts, LENGTHS_MAX)
    if not 0 <= facts.objection_days <= OBJECTION_DAYS_MAX:
        violations.append(Violation("at_most", "objection_days", limit=OBJECTION_DAYS_MAX, actual=facts.objection_days))
    violations += records.check_zone(facts.timezone)
    if not carries_white(facts.colour):
        violations.append(Violation("colour", "colour", actual=facts.colour))
    return violations


def carries_white(colour: str) -> bool:
    """Whether white words can be read on a colour (#rrggbb): contrast at least 4.5 to 1 by WCAG 2.2."""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        return False
    red, green, blue = (_light(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


def _light(share: float) -> float:
    """Relative luminance of one channel, as WCAG defines it."""
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
