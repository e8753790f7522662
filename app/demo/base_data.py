"""Base data of the demo: the ring, workshops, members, machines, tariffs, logins, inductions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from app.auth import accounts, passwords
from app.auth.accounts import NewLogin, Roles
from app.auth.models import ManagedWorkshop
from app.demo.machines import (
    BASICS,
    BUILD_ON_BASICS,
    INDUCTIONS,
    LASER,
    MACHINES,
    MILL,
    SAW,
    TWIN,
    TWIN_OF,
    TWINS_NAME,
    DemoMachine,
)
from app.demo.parties import enter_parties
from app.demo.people import LEAVER, LOGINS, MAKER, MEMBERS, PASSWORD, RING_ADDRESS, WORKSHOPS, DemoMember, DemoWorkshop
from app.demo.pictures import card_of, picture_of, thumb_of
from app.demo.tariff_parts import PARTS_OF_TARIFFS
from billing.prices.tariff_parts import NO_PARTS
from billing.tariffs import tariffs
from billing.tariffs.tariffs import TariffEntry
from booking.addresses import split_address
from booking.kernel.events import Actor
from booking.machines import machines
from booking.members import inductions, members
from booking.members.members import MemberInput
from booking.records import groups, ring, workshops
from booking.records.groups import GroupInput, RankedMachine
from booking.records.ring import RingInput
from booking.records.workshops import WorkshopInput
from booking.rule_changes import induction_kinds
from booking.rule_changes.induction_kinds import KindInput
from booking.rules.persons import Level, Person

DEMO = Actor(job="demo")
# It is loud, so it rests in the evening and on Saturday afternoon.
OWN_HOURS = {"table-saw": [*((day, 8 * 60, 19 * 60) for day in range(5)), (5, 9 * 60, 13 * 60)]}
PERSONS = {login.member: login.name for login in LOGINS if login.member}  # of their member, who was inducted
# At the saw, whose members have a person of each name.
FIRST_PERSON, SECOND_PERSON = Person("Lena Auer"), Person("Jakob Sommer")
ALWAYS_INDUCTED = {"M-001", "M-005", "M-016", "M-018"}  # members with undecided requests


@dataclass
class BaseData:
    """Ids of the base data by name, the first day of the season, and the days of the year before."""

    today: date
    season_start: date
    past_start: date
    past_end: date  # exclusive
    members: dict[str, int] = field(default_factory=dict)
    workshops: dict[str, int] = field(default_factory=dict)
    machines: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    logins: dict[str, int] = field(default_factory=dict)
    inducted: dict[str, set[str]] = field(default_factory=dict)  # kind -> member numbers


def past_start(today: date) -> date:
    """Return the first day of the uses of the year before."""
    return date(today.year - 1, 4, 1)


def build(
    session: Session, today: date, season_start: date, rng: Random, *, now: datetime, with_ring: bool
) -> BaseData:
    """Enter the base data, dated to the start of the season or of the year before."""
    base = BaseData(today, season_start, past_start(today), min(date(today.year, 1, 1), season_start))
    if with_ring:
        entry = RingInput(name="Ring Oberland", address=split_address(RING_ADDRESS), email="post@demo.example")
        ring.enter_or_change_ring(session, entry, by=DEMO, now=now)
    for workshop in WORKSHOPS:
        _enter_workshop(session, base, workshop, now)
    for member in MEMBERS:
        _enter_member(session, base, member, now)
    _enter_member(session, base, LEAVER, now, left_on=date(base.past_start.year, 12, 31))
    base.kinds[BASICS] = inductions.enter_kind(session, BASICS, valid_months=36, by=DEMO, now=now)
    for kind in INDUCTIONS:
        requires = [base.kinds[BASICS]] if kind in BUILD_ON_BASICS else []
        entered = KindInput(
            kind, requires=frozenset(requires), supervised_uses=2 if kind == LASER else 0, renews_by_use=kind == MILL
        )
        base.kinds[kind] = induction_kinds.enter_kind(session, entered, by=DEMO, now=now)
    for machine in MACHINES:
        _enter_machine(session, base, machine, now)
    _enter_twins(session, base, now)
    _induct(session, base, rng, now)
    _enter_logins(session, base, now)
    if with_ring:
        enter_parties(session, base.members, date(base.past_start.year, 1, 1), by=DEMO, now=now)
    return base


def _enter_workshop(session: Session, base: BaseData, demo: DemoWorkshop, now: datetime) -> None:
    days = [demo.weekdays] * 5 + [demo.saturday, demo.sunday]
    openings = [(day, hours[0] * 60, hours[1] * 60) for day, hours in enumerate(days) if hours]
    entry = WorkshopInput(
        demo.slug, demo.name, split_address(demo.address), demo.phone, is_closed_on_holidays=demo.is_closed_on_holidays
    )
    base.workshops[demo.slug] = workshops.enter_workshop(session, entry, openings, by=DEMO, now=now)


def _enter_member(
    session: Session, base: BaseData, demo: DemoMember, now: datetime, left_on: date | None = None
) -> None:
    """Enter a member; one who has left has no e-mail address any more."""
    entry = MemberInput(
        number=demo.number,
        name=demo.name,
        trade=demo.trade,
        address=split_address(demo.address),
        email="" if left_on else f"{demo.number.lower()}@demo.example",
        price_class=demo.price_class,
        joined_on=base.past_start - timedelta(days=400),
        left_on=left_on,
    )
    base.members[demo.number] = members.enter_member(session, entry, by=DEMO, now=now)


def _enter_machine(session: Session, base: BaseData, demo: DemoMachine, now: datetime) -> None:
    machine = replace(demo.entry, induction_kind_id=base.kinds.get(demo.induction))
    machine_id = machines.enter_machine(
        session,
        base.workshops[demo.workshop],
        machine,
        places=demo.places,
        by=DEMO,
        now=now,
        openings=OWN_HOURS.get(machine.slug, ()),
    )
    base.machines[machine.slug] = machine_id
    picture = TWIN_OF if demo is TWIN else machine.slug
    small = {"thumb": thumb_of(picture), "card": card_of(picture)}
    machines.show_photo(session, machine_id, picture_of(picture), "image/webp", by=DEMO, now=now, **small)
    entry = TariffEntry(
        base.past_start - timedelta(days=60),
        demo.tariff.prices(),
        step_amount=demo.tariff.step_amount,
        minimum_amount=demo.tariff.minimum_amount,
        minimum_cents=demo.tariff.minimum_cents,
        parts=PARTS_OF_TARIFFS.get(machine.slug, NO_PARTS),
        tax_code="standard",  # as all prices of the demo, it is in them
    )
    tariffs.enter_tariff(session, machine_id, entry, by=DEMO, now=now)


def _enter_twins(session: Session, base: BaseData, now: datetime) -> None:
    """Enter two equal machines as a group, of which members take whichever is free."""
    _enter_machine(session, base, TWIN, now)
    twins = tuple(RankedMachine(base.machines[slug]) for slug in (TWIN_OF, TWIN.entry.slug))
    entered = GroupInput(TWINS_NAME, twins)
    base.groups[TWINS_NAME] = groups.make(session, base.workshops[TWIN.workshop], entered, by=DEMO, now=now)


def _induct(session: Session, base: BaseData, rng: Random, now: datetime) -> None:
    """Enter the inductions of most members who use a machine; one of them ends soon."""
    for machine in MACHINES:
        if not machine.induction:
            continue
        fitting = [member for member in MEMBERS if member.trade in machine.use.trades]
        chosen = {member.number for member in fitting if rng.random() < 0.85} | ALWAYS_INDUCTED
        base.inducted[machine.induction] = chosen
        for place, number in enumerate(sorted(chosen)):
            until = base.today + timedelta(days=(20 if place == 2 else 200 + rng.randrange(160)))
            inductions.give(
                session,
                base.members[number],
                base.kinds[machine.induction],
                given_on=base.season_start - timedelta(days=rng.randrange(5, 90)),
                valid_until=until,
                given_by="Wanda Wirth",
                person=Person(PERSONS.get(number, "")),
                level=Level.TRAINER if place == 0 else Level.ALONE,
                by=DEMO,
                now=now,
            )
    _induct_second_persons(session, base, now)
    _induct_into_basics(session, base, now)
    _induct_a_beginner(session, base, now)


def _induct_second_persons(session: Session, base: BaseData, now: datetime) -> None:
    """Enter a second person for the saw where the one with the login is inducted by name."""
    for number in sorted(base.inducted[SAW] & PERSONS.keys()):
        inductions.give(
            session,
            base.members[number],
            base.kinds[SAW],
            given_on=base.season_start - timedelta(days=30),
            valid_until=base.today + timedelta(days=300),
            given_by="Wanda Wirth",
            person=SECOND_PERSON,
            by=DEMO,
            now=now,
        )


def _induct_a_beginner(session: Session, base: BaseData, now: datetime) -> None:
    """Enter an induction of today of somebody who runs the laser under supervision for now."""
    others = (one.number for one in MEMBERS if one.trade == MAKER and one.number not in base.inducted[LASER])
    if (number := next(others, None)) is not None:
        for kind, level in ((BASICS, Level.ALONE), (LASER, Level.SUPERVISED)):
            inductions.give(
                session,
                base.members[number],
                base.kinds[kind],
                given_on=base.today,
                given_by="Wanda Wirth",
                level=level,
                by=DEMO,
                now=now,
            )


def _induct_into_basics(session: Session, base: BaseData, now: datetime) -> None:
    """Enter the induction on which others build, for everybody who has one of these."""
    for number in sorted(set().union(*(base.inducted.get(kind, set()) for kind in BUILD_ON_BASICS))):
        inductions.give(
            session,
            base.members[number],
            base.kinds[BASICS],
            given_on=base.season_start - timedelta(days=120),
            valid_until=base.today + timedelta(days=700),
            given_by="Wanda Wirth",
            by=DEMO,
            now=now,
        )


def _enter_logins(session: Session, base: BaseData, now: datetime) -> None:
    password_hash = passwords.hash_of(PASSWORD)
    for login in LOGINS:
        roles = Roles(base.members.get(login.member), login.is_treasurer, login.is_admin)
        wanted = NewLogin(login.email, login.name, roles)
        user_id = accounts.create(session, wanted, password_hash, by=DEMO, now=now)
        base.logins[login.email] = user_id
        if login.manages:
            session.add_all(
                ManagedWorkshop(user_id=user_id, workshop_id=workshop_id) for workshop_id in base.workshops.values()
            )
    session.flush()
