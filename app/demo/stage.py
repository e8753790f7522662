"""Setting the stage: the ring, workshops, members, machines, tariffs, logins, inductions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from app.auth import accounts, passwords
from app.auth.accounts import NewLogin, Roles
from app.auth.models import ManagedWorkshop
from app.demo.cast import LOGINS, MEMBERS, PASSWORD, RING_ADDRESS, WORKSHOPS, DemoMember, DemoWorkshop
from app.demo.machines import INDUCTIONS, MACHINES, DemoMachine
from app.demo.pictures import picture_of
from billing import tariffs
from billing.tariffs import TariffEntry
from booking import inductions, machines, members, ring, workshops
from booking.addresses import split_address
from booking.kernel.events import Actor
from booking.members import MemberInput
from booking.ring import RingInput
from booking.workshops import WorkshopInput

DEMO = Actor(job="demo")
SURELY_INDUCTED = {"M-001", "M-005", "M-016", "M-018"}  # whose requests wait for the manager


@dataclass
class Stage:
    """Who and what is there, by the names of the cast; and the day on which the season began."""

    today: date
    season_start: date
    members: dict[str, int] = field(default_factory=dict)
    workshops: dict[str, int] = field(default_factory=dict)
    machines: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    logins: dict[str, int] = field(default_factory=dict)
    inducted: dict[str, set[str]] = field(default_factory=dict)  # kind -> member numbers


def build(session: Session, today: date, season_start: date, rng: Random, *, now: datetime, with_ring: bool) -> Stage:
    """Enter everything that is there before the first reservation, dated to the begin of the season."""
    stage = Stage(today, season_start)
    if with_ring:
        entry = RingInput(name="Ring Oberland", address=split_address(RING_ADDRESS), email="post@demo.example")
        ring.enter_or_change_ring(session, entry, by=DEMO, now=now)
    for workshop in WORKSHOPS:
        _enter_workshop(session, stage, workshop, now)
    for member in MEMBERS:
        _enter_member(session, stage, member, now)
    for kind in INDUCTIONS:
        stage.kinds[kind] = inductions.enter_kind(session, kind, by=DEMO, now=now)
    for machine in MACHINES:
        _enter_machine(session, stage, machine, now)
    _induct(session, stage, rng, now)
    _open_doors(session, stage, now)
    return stage


def _enter_workshop(session: Session, stage: Stage, demo: DemoWorkshop, now: datetime) -> None:
    days = [demo.weekdays] * 5 + [demo.saturday, demo.sunday]
    openings = [(day, hours[0] * 60, hours[1] * 60) for day, hours in enumerate(days) if hours]
    entry = WorkshopInput(
        demo.slug, demo.name, split_address(demo.address), is_closed_on_holidays=demo.is_closed_on_holidays
    )
    stage.workshops[demo.slug] = workshops.enter_workshop(session, entry, openings, by=DEMO, now=now)


def _enter_member(session: Session, stage: Stage, demo: DemoMember, now: datetime) -> None:
    entry = MemberInput(
        number=demo.number,
        name=demo.name,
        trade=demo.trade,
        address=split_address(demo.address),
        email=f"{demo.number.lower()}@demo.example",
        price_class=demo.price_class,
        joined_on=stage.season_start - timedelta(days=400),
    )
    stage.members[demo.number] = members.enter_member(session, entry, by=DEMO, now=now)


def _enter_machine(session: Session, stage: Stage, demo: DemoMachine, now: datetime) -> None:
    machine = replace(demo.entry, induction_kind_id=stage.kinds.get(demo.induction))
    machine_id = machines.enter_machine(
        session, stage.workshops[demo.workshop], machine, places=demo.places, by=DEMO, now=now
    )
    stage.machines[machine.slug] = machine_id
    machines.show_photo(session, machine_id, picture_of(machine.slug), "image/png", by=DEMO, now=now)
    entry = TariffEntry(
        stage.season_start - timedelta(days=60),
        demo.tariff.prices(),
        step_amount=demo.tariff.step_amount,
        minimum_amount=demo.tariff.minimum_amount,
        minimum_cents=demo.tariff.minimum_cents,
    )
    tariffs.enter_tariff(session, machine_id, entry, by=DEMO, now=now)


def _induct(session: Session, stage: Stage, rng: Random, now: datetime) -> None:
    """Most who use a machine were inducted for it; one induction ends soon, one has ended."""
    for machine in MACHINES:
        if not machine.induction:
            continue
        fitting = [member for member in MEMBERS if member.trade in machine.use.trades]
        chosen = {member.number for member in fitting if rng.random() < 0.85} | SURELY_INDUCTED
        stage.inducted[machine.induction] = chosen
        for place, number in enumerate(sorted(chosen)):
            until = stage.today + timedelta(days=(20 if place == 2 else 200 + rng.randrange(160)))
            inductions.give(
                session,
                stage.members[number],
                stage.kinds[machine.induction],
                given_on=stage.season_start - timedelta(days=rng.randrange(5, 90)),
                valid_until=until,
                given_by="Wanda Wirth",
                by=DEMO,
                now=now,
            )


def _open_doors(session: Session, stage: Stage, now: datetime) -> None:
    password_hash = passwords.hash_of(PASSWORD)
    for login in LOGINS:
        roles = Roles(stage.members.get(login.member), login.is_treasurer, login.is_admin)
        wanted = NewLogin(login.email, login.name, roles)
        user_id = accounts.create(session, wanted, password_hash, by=DEMO, now=now)
        stage.logins[login.email] = user_id
        if login.manages:
            session.add_all(
                ManagedWorkshop(user_id=user_id, workshop_id=workshop_id) for workshop_id in stage.workshops.values()
            )
    session.flush()
