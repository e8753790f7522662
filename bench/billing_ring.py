"""A ring of one machine and 500 members with 10,000 uses that nobody has priced; later with a long ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.auth.models import User
from app.extensions import db
from app.storage import migrate
from bench import growth_ledger
from bench.filling import BENCH, FORMAT
from billing.documents import terms
from billing.documents.terms import TermsInput
from billing.models.party import RING
from billing.parties import party
from billing.parties.party import PartyInput
from billing.pools import costs, pools
from billing.pools.costs import CostEntry
from billing.tariffs import tariffs
from billing.tariffs.tariffs import TariffEntry
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Ring, Unit, Workshop
from booking.models.address import Address

SLIPS, MEMBERS, ENTRIES, LINES = 10_000, 500, 100_000, 10_000
TODAY = datetime.now(UTC).date()
SERVICE = TODAY - timedelta(days=40)
ADDRESS = {"street": "Hauptstr. 1", "postcode": "82418", "town": "Murnau"}


def fill(instance: Path, slips: int = SLIPS) -> None:
    """Make a ring of one machine with 500 members, and enter uses that nobody has priced."""
    app = make_app(instance)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        session = db.session()
        with write_transaction(session):
            _enter_ring(session)
        with write_transaction(session):
            _say_what_documents_need(session)
        let_go()
    connection = sqlite3.connect(instance / "ring.sqlite", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    _add_slips(connection, range(slips), lambda number: number % MEMBERS + 1)
    connection.execute(
        "INSERT INTO booking_event (at, actor_job, type, facts)"
        " SELECT handed_back_at, 'bench', 'machine_handed_back', json_object('usage_id', id,"
        " 'reservation_id', reservation_id) FROM booking_usage"
    )
    connection.execute("COMMIT")
    connection.close()


def make_app(instance: Path) -> Flask:
    """Return the program on an instance folder."""
    options = {"TESTING": True, "RATELIMIT_ENABLED": False, "BASE_URL": "http://localhost", "WTF_CSRF_ENABLED": False}
    instance.mkdir(parents=True, exist_ok=True)
    return create_app(options, instance_path=instance)


def let_go() -> None:
    """Close the connections of this process."""
    db.session.remove()
    db.engine.dispose()


def _enter_ring(session: Session) -> None:
    workshop = Workshop(slug="hall", name="Hall", timezone="Europe/Berlin")
    members = [Member(number=f"M-{n:03}", name=f"Member {n}", address=Address(**ADDRESS)) for n in range(MEMBERS)]
    session.add_all([Ring(id=1, name="Bench", address=Address(**ADDRESS)), workshop, *members])
    session.flush()
    machine = Machine(workshop_id=workshop.id, slug="combine", name="Combine", charge_unit="ha")
    session.add(machine)
    session.flush()
    session.add(Unit(machine_id=machine.id, number=1))
    now = datetime.now(UTC)
    common = {"created_at": now, "tour_ended_at": now, "language": "en"}
    session.add(User(email="member@bench.example", name="Anna", member_id=members[0].id, **common))
    session.add(User(email="karl@bench.example", name="Karl", is_treasurer=True, **common))
    session.add(User(email="admin@bench.example", name="Admin", is_admin=True, password_hash="!", **common))
    entry = TariffEntry(date(2020, 1, 1), prices={"member": Decimal("137.45")})
    tariffs.enter_tariff(session, machine.id, entry, by=BENCH, now=now)
    pool = pools.enter_pool(session, machine.id, "Combine", {"repair": "use"}, charges_are="income", by=BENCH, now=now)
    costs.enter_cost(session, pool.id, CostEntry(SERVICE, "Huber", "repair", 3_589_885), by=BENCH, now=now)


def _say_what_documents_need(session: Session) -> None:
    now = datetime.now(UTC)
    details = PartyInput(iban="DE02120300000000202051", tax_number="119/815/08151", vat_id="DE136695976")
    party.change_party(session, RING, details, by=BENCH, now=now)
    party.set_regime(session, RING, "regular", date(2020, 1, 1), by=BENCH, now=now)
    said = TermsInput(use_code="standard", share_code="standard", advance_code="standard")
    terms.change_terms(session, said, by=BENCH, now=now)


def _add_slips(connection: sqlite3.Connection, numbers: range, member_of: Callable[[int], int]) -> None:
    at = datetime.combine(SERVICE, datetime.min.time(), UTC) + timedelta(hours=8)
    connection.executemany(
        "INSERT INTO booking_usage (machine_id, member_id, charge_unit, handed_out_at, handed_back_at, used_amount,"
        " places, note_before, note_after, objection, answer, revision, price_class, service_date, objection_until)"
        " VALUES (1, ?, 'ha', ?, ?, ?, 1, '', '', '', '', 1, 'member', ?, ?)",
        (
            (
                member_of(number),
                (at + timedelta(seconds=number % 3_000)).strftime(FORMAT),
                (at + timedelta(seconds=number % 3_000 + 3_600)).strftime(FORMAT),
                number % 900 + 1,
                SERVICE.isoformat(),
                at.strftime(FORMAT),
            )
            for number in numbers
        ),
    )


def grow(database: Path) -> None:
    """Add charged uses until there are 100,000 entries, the next 10,000 of the first member."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN IMMEDIATE")
    missing = ENTRIES - connection.execute("SELECT count(*) FROM billing_entry").fetchone()[0]
    _add_slips(connection, range(missing), lambda number: 1 if number < LINES else number % MEMBERS + 1)
    columns = "member_id, machine_id, tariff_id, service_date, price_class, charge_unit, charged_amount, cents"
    sample = connection.execute("SELECT charged_amount, cents, calculation FROM billing_charge LIMIT 1").fetchone()
    connection.execute(
        f"INSERT INTO billing_charge (usage_id, number, {columns}, calculation, created_at)"
        " SELECT id, 1, member_id, machine_id, 1, service_date, 'member', 'ha', ?, ?, ?, handed_back_at"
        " FROM booking_usage WHERE id NOT IN (SELECT usage_id FROM billing_charge) ORDER BY id",
        (sample[0], sample[1], sample[2]),
    )
    growth_ledger.post_all(connection)
    connection.execute("COMMIT")
    connection.close()
