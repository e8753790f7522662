"""Members, machines and logins as sentences. Each builder commits and returns plain ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import login_sessions
from app.auth.models import ManagedWorkshop, User
from app.extensions import secret_box
from app.mail.leasing import purpose_of
from app.mail.models import Mail
from booking.addresses import Address
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import (
    Induction,
    InductionKind,
    Machine,
    Member,
    OpeningHours,
    Ring,
    Unit,
    Workshop,
)
from booking.reservations.reservations import RequestResult, request_reservation
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan

ROUND_THE_CLOCK = (0, 24 * 60)
SOMEBODY = Actor(job="test")


@dataclass(frozen=True)
class SampleRing:
    """The cast: Anna and Bernd (members), Wanda (manager), Karl (treasurer), Rita (administrator).

    Ids throughout. Two workshops: `hall` (open round the clock, Wanda's) and `lab` (Monday to Friday, 8 to 18,
    nobody's). Machines: `combine` (hall), `splitter` (hall, needs approval), `laser` (lab, needs an induction
    that Anna has), `cold_store` (hall, 24 places).
    """

    anna: int
    bernd: int
    anna_login: int
    bernd_login: int
    wanda_login: int
    karl_login: int
    rita_login: int
    hall: int
    lab: int
    combine: int
    splitter: int
    laser: int
    cold_store: int
    laser_induction: int


def ring(session: Session, **changes: Any) -> None:
    """The co-operative's own row."""
    with write_transaction(session):
        session.add(Ring(id=1, **{"name": "Ring Oberland", "address": Address(town="Murnau"), **changes}))


def workshop(
    session: Session,
    slug: str = "hall",
    *,
    opens: int = ROUND_THE_CLOCK[0],
    closes: int = ROUND_THE_CLOCK[1],
    days: range = range(7),
    **changes: Any,
) -> int:
    """A place with machines; open round the clock unless told otherwise (minutes of the day)."""
    with write_transaction(session):
        place = Workshop(slug=slug, **{"name": slug.capitalize(), **changes})
        session.add(place)
        session.flush()
        session.add_all(
            OpeningHours(workshop_id=place.id, weekday=day, opens_minute=opens, closes_minute=closes) for day in days
        )
        return place.id


def machine(session: Session, workshop_id: int, slug: str = "combine", *, places: int = 1, **changes: Any) -> int:
    """A machine with its places; lent at once, without notice, for half an hour to two weeks."""
    with write_transaction(session):
        made = Machine(workshop_id=workshop_id, slug=slug, **{"name": slug.capitalize(), **changes})
        session.add(made)
        session.flush()
        session.add_all(Unit(machine_id=made.id, number=number) for number in range(1, places + 1))
        return made.id


def member(session: Session, name: str = "Anna", **changes: Any) -> int:
    """A farm, workshop or person."""
    with write_transaction(session):
        made = Member(name=name, **{"number": f"M-{name}", **changes})
        session.add(made)
        session.flush()
        return made.id


def login(session: Session, name: str, *, now: datetime, manages: tuple[int, ...] = (), **changes: Any) -> int:
    """A login; roles by member_id, manages (workshop ids), is_treasurer, is_admin."""
    with write_transaction(session):
        values = {"email": f"{name.lower()}@ring.example", "name": name, "language": "en", **changes}
        made = User(created_at=now, **{"tour_ended_at": now, **values})
        session.add(made)
        session.flush()
        session.add_all(ManagedWorkshop(user_id=made.id, workshop_id=workshop_id) for workshop_id in manages)
        return made.id


def deputy(session: Session, sample_ring: SampleRing, name: str, first: date, last: date) -> int:
    """Wanda's deputy in the hall, with a member of its own; return the login."""
    user_id = login(session, name, now=datetime(2026, 1, 1, tzinfo=UTC), member_id=member(session, name))
    with write_transaction(session):
        days = {"valid_from": first, "valid_until": last, "named_by": sample_ring.wanda_login}
        session.add(ManagedWorkshop(user_id=user_id, workshop_id=sample_ring.hall, is_deputy=True, **days))
    return user_id


def open_session(session: Session, user_id: int, *, now: datetime) -> str:
    """Log a login in and return the secret of its cookie."""
    with write_transaction(session):
        return login_sessions.open_session(session, user_id, now=now, days=30)


def induction_kind(session: Session, name: str = "Laser") -> int:
    """A class of machines one is inducted for."""
    with write_transaction(session):
        kind = InductionKind(name=name)
        session.add(kind)
        session.flush()
        return kind.id


def induct(session: Session, member_id: int, kind_id: int, given_on: date, days: int = 365) -> None:
    """Prove that a member may run a kind of machine."""
    with write_transaction(session):
        until = given_on + timedelta(days=days)
        session.add(Induction(member_id=member_id, kind_id=kind_id, given_on=given_on, valid_until=until))


def reserve(
    session: Session, machine_id: int, member_id: int, span: TimeSpan, *, now: datetime, places: int = 1
) -> RequestResult:
    """Ask for a machine, by the use case itself."""
    with write_transaction(session):
        wish = Wish(machine_id, member_id, span, places)
        return request_reservation(session, wish, by=SOMEBODY, now=now)


def schedule_version(session: Session, *, member_id: int | None = None, machine_id: int | None = None) -> int:
    """The number that grows with every change of a member's or a machine's schedule."""
    owner = select(Member.schedule_version).where(Member.id == member_id)
    if machine_id is not None:
        owner = select(Machine.schedule_version).where(Machine.id == machine_id)
    return session.scalars(owner).one()


def hours(day: datetime, start: float, end: float) -> TimeSpan:
    """From hour to hour after an instant: hours(MONDAY, 1, 3) begins one hour after it."""
    return TimeSpan(day + timedelta(hours=start), day + timedelta(hours=end))


def sample_ring(session: Session, *, now: datetime) -> SampleRing:
    """The cast and their machines."""
    hall = workshop(session, "hall", name="Maschinenhalle")
    lab = workshop(session, "lab", name="Offene Werkstatt", opens=8 * 60, closes=18 * 60, days=range(5))
    laser_induction = induction_kind(session)
    anna, bernd = member(session, "Anna"), member(session, "Bernd")
    induct(session, anna, laser_induction, now.date() - timedelta(days=30))
    return SampleRing(
        anna=anna,
        bernd=bernd,
        anna_login=login(session, "Anna", now=now, member_id=anna),
        bernd_login=login(session, "Bernd", now=now, member_id=bernd),
        wanda_login=login(session, "Wanda", now=now, manages=(hall,)),
        karl_login=login(session, "Karl", now=now, is_treasurer=True),
        rita_login=login(session, "Rita", now=now, is_admin=True),
        hall=hall,
        lab=lab,
        combine=machine(session, hall, "combine", charge_unit="ha"),
        splitter=machine(session, hall, "splitter", needs_approval=True),
        laser=machine(session, lab, "laser", induction_kind_id=laser_induction, charge_unit="minute"),
        cold_store=machine(session, hall, "cold-store", places=24, charge_unit="place_day"),
        laser_induction=laser_induction,
    )


def mail_text(mail: Mail) -> str:
    """Return the text of a mail, which is stored encrypted while it contains a one-use link."""
    return secret_box().decrypt(mail.body, purpose_of(mail.key))
