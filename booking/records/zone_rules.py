"""The rules of the time zones as the program has them, those of before, and noting that a workshop's clock has others.

The rules come with the package tzdata, so new ones come with an update of the program.
"""

from __future__ import annotations

import io
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.events.zone_events import ZoneChanged, ZoneChangeSettled
from booking.kernel.events import Actor, record
from booking.models import HOLDING, Machine, Reservation, Workshop, ZoneChange, ZoneClock, ZoneRules
from booking.times.wall_clock import changes_of_year, to_wall

YEARS_AHEAD = 11  # nobody reserves further ahead, and no series is longer


class FormerClock(NamedTuple):
    """A clock by which reservations were made that were created until an instant."""

    until: datetime
    clock: ZoneInfo


def version() -> str:
    """Return the version of the time zone database."""
    return metadata.version("tzdata")


def rules_of(zone: str) -> bytes:
    """Return the rules of a zone as the time zone database has them now (TZif)."""
    for folder in zoneinfo.TZPATH:
        if (file := Path(folder) / zone).is_file():
            return file.read_bytes()
    return resources.files("tzdata.zoneinfo").joinpath(*zone.split("/")).read_bytes()


def clock_of(zone: str, rules: bytes) -> ZoneInfo:
    """Return the clock of a zone by some rules."""
    return ZoneInfo.from_file(io.BytesIO(rules), key=zone)


def shows_the_same(one: ZoneInfo, other: ZoneInfo, now: datetime) -> bool:
    """Return whether two clocks agree for as long ahead as anybody reserves."""
    if to_wall(now, one) != to_wall(now, other):
        return False
    return _changes(one, now) == _changes(other, now)


def _changes(zone: ZoneInfo, now: datetime) -> list[object]:
    year = now.astimezone(UTC).year
    return [(change.at, change.after) for at in range(YEARS_AHEAD + 1) for change in changes_of_year(zone, year + at)]


def are_noted(session: Session) -> bool:
    """Return whether the rules of all zones in use are those noted last."""
    noted = {row.zone: row.rules for row in session.execute(select(ZoneRules.zone, ZoneRules.rules))}
    return all(noted.get(zone) == rules_of(zone) for zone in session.scalars(select(Workshop.timezone).distinct()))


def note(session: Session, *, by: Actor, now: datetime) -> list[str]:
    """Compare the rules of the zones in use with those noted last, note the new ones, and return the changed zones.

    Each workshop whose clock shows other times for reservations to come gets a change, which its managers see.
    """
    present, changed = version(), []
    workshops = session.execute(select(Workshop.id, Workshop.timezone).order_by(Workshop.id)).all()
    for zone in sorted({row.timezone for row in workshops}):
        rules = rules_of(zone)
        noted = session.get(ZoneRules, zone, with_for_update=True, populate_existing=True)
        if noted is None:
            session.add(ZoneRules(zone=zone, rules=rules, version=present, noted_at=now))
        elif noted.rules != rules:
            former = noted.rules, noted.version
            noted.rules, noted.version, noted.noted_at = rules, present, now
            if not shows_the_same(clock_of(zone, former[0]), ZoneInfo(zone), now):
                changed.append(zone)
                for row in workshops:
                    if row.timezone == zone:
                        note_change(session, row.id, zone, *former, by=by, now=now)
    session.flush()
    return changed


def note_other_zone(session: Session, workshop_id: int, former_zone: str, *, by: Actor, now: datetime) -> None:
    """Note that a workshop is in another zone now."""
    note_change(session, workshop_id, former_zone, rules_of(former_zone), version(), by=by, now=now)


def note_change(
    session: Session, workshop_id: int, zone: str, rules: bytes, former_version: str, *, by: Actor, now: datetime
) -> None:
    """Note by which clock the reservations of a workshop were made, if any to come shows another time now.

    Where a change is open already, its former clock stays, and the clock since then is noted beside it: what was made
    meanwhile was made by that. Where each shows its time again, because somebody corrects a wrong zone in which nothing
    was made, the change is settled: there is nothing to look at.
    """
    workshop = session.get_one(Workshop, workshop_id)
    is_open = ZoneChange.workshop_id == workshop_id, ZoneChange.settled_at.is_(None)
    stored = session.scalar(select(ZoneChange).where(*is_open).with_for_update())
    if stored is not None:
        _add_clock(session, stored, zone, rules, now)
        stored.zone, stored.version, stored.found_at = workshop.timezone, version(), now
        if not _shows_others(session, workshop, clocks(session, stored), now):
            settle(session, stored, moved=stored.moved, stayed=0, by=by, now=now)
        session.flush()
        return
    if not _shows_others(session, workshop, [FormerClock(now, clock_of(zone, rules))], now):
        return
    stored = ZoneChange(
        workshop_id=workshop_id,
        zone=workshop.timezone,
        version=version(),
        former_zone=zone,
        former_rules=rules,
        former_version=former_version,
        found_at=now,
    )
    session.add(stored)
    session.flush()
    record(session, ZoneChanged(zone_change_id=stored.id, workshop_id=workshop_id), by=by, at=now)


def _add_clock(session: Session, change: ZoneChange, zone: str, rules: bytes, now: datetime) -> None:
    """Note the clock that was in use since the last change."""
    known = clocks(session, change)
    if known[-1].until >= now:
        return
    if len(known) == 1:
        first = {"zone": change.former_zone, "rules": change.former_rules}
        session.merge(ZoneClock(zone_change_id=change.id, until=change.found_at, **first))
    session.merge(ZoneClock(zone_change_id=change.id, until=now, zone=zone, rules=rules))
    session.flush()


def clocks(session: Session, change: ZoneChange) -> Sequence[FormerClock]:
    """Return the clocks by which the reservations were made that a change concerns, in order."""
    stored = select(ZoneClock).where(ZoneClock.zone_change_id == change.id).order_by(ZoneClock.until)
    found = [FormerClock(one.until, clock_of(one.zone, one.rules)) for one in session.scalars(stored)]
    return found or [FormerClock(change.found_at, clock_of(change.former_zone, change.former_rules))]


def made_by(clocks: Sequence[FormerClock], created_at: datetime) -> ZoneInfo | None:
    """Return the clock by which something was made; None for what was made after the change."""
    return next((one.clock for one in clocks if created_at <= one.until), None)


def settle(session: Session, change: ZoneChange, *, moved: int = 0, stayed: int = 0, by: Actor, now: datetime) -> None:
    """Note that nothing more is to be done about a change. The caller has locked it."""
    change.settled_at, change.settled_by, change.moved, change.stayed = now, by.user_id, moved, stayed
    session.flush()
    settled = ZoneChangeSettled(zone_change_id=change.id, workshop_id=change.workshop_id, moved=moved, stayed=stayed)
    record(session, settled, by=by, at=now)


def differs(instants: tuple[datetime, datetime], former: ZoneInfo, present: ZoneInfo) -> bool:
    """Return whether two clocks show different times at the start or the end of a reservation."""
    return any(to_wall(one, former) != to_wall(one, present) for one in instants)


def _shows_others(session: Session, workshop: Workshop, clocks: Sequence[FormerClock], now: datetime) -> bool:
    """Return whether the clock of a workshop shows another time for any reservation to come than when it was made."""
    present = ZoneInfo(workshop.timezone)
    for start, end, created_at in _to_come(session, workshop.id, now):
        former = made_by(clocks, created_at)
        if former is not None and differs((start, end), former, present):
            return True
    return False


def _to_come(session: Session, workshop_id: int, now: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    of_workshop = select(Machine.id).where(Machine.workshop_id == workshop_id)
    found = select(Reservation.starts_at, Reservation.ends_at, Reservation.created_at).where(
        Reservation.machine_id.in_(of_workshop), Reservation.status.in_(HOLDING), Reservation.ends_at > now
    )
    return ((start, end, created_at) for start, end, created_at in session.execute(found))
