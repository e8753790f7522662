"""1,000 invoices whole: issued one after another, their files made by the child process and stored (goal 60 s).

`python -m bench.invoices [--count 1000] [--lines 3]` (by hand) makes a ring with as many members, each with priced
uses, and prints the seconds by the clock, the processor time of this process and of its child, and the memory of this
process, which stands for the worker.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import create_app
from app.documents.composer import TextComposer
from app.documents.making import make_files
from app.extensions import db
from app.storage import migrate
from billing.charges.charges import charge_for
from billing.documents import terms
from billing.documents.drafts import drafts
from billing.documents.issuing import issue
from billing.documents.terms import TermsInput
from billing.models import Document, DocumentFile
from billing.models.party import RING
from billing.parties import party
from billing.parties.party import PartyInput
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Machine, Member, OpeningHours, Ring, Unit, Workshop
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement, UnreservedUse

BENCH = Actor(job="bench")
ADDRESS = {"address_street": "Hauptstr. 1", "address_postcode": "82418", "address_town": "Murnau"}
GOAL_SECONDS = 60


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock, and of processor time of this process and of its children; peak of its memory in MB."""

    clock_s: float
    own_s: float
    child_s: float
    memory_mb: float


def main() -> None:
    """Measure and print; ends with 1 where the goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=1_000)
    options.add_argument("--lines", type=int, default=3)
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as name:
        app = create_app({"BASE_URL": "http://127.0.0.1:8000"}, instance_path=Path(name))
        migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
        with app.app_context():
            total = _run(db.session(), wanted.count, wanted.lines)
            db.session.remove()
            db.engine.dispose()
    print(f"issue to file: {total:.1f} s by the clock, goal {GOAL_SECONDS} s")
    if total > GOAL_SECONDS:
        raise SystemExit(1)


def _run(session: Session, count: int, lines: int) -> float:
    today = datetime.now(UTC).date()
    _fill(session, count, lines, today)
    parts: list[tuple[str, Callable[[], object]]] = [
        ("preview", lambda: drafts(session, today)),
        ("issue", lambda: _issue_all(session, today)),
        ("files", lambda: _make_all(session)),
    ]
    total = 0.0
    for name, work in parts:
        found = _measured(work)
        total += found.clock_s if name != "preview" else 0
        print(
            f"{name}: {found.clock_s:.1f} s, processor time {found.own_s:.1f} s, of the child {found.child_s:.1f} s, "
            f"memory at most {found.memory_mb:.0f} MB"
        )
        session.expunge_all()
    issued, made = (session.scalar(select(func.count()).select_from(one)) for one in (Document, DocumentFile))
    if not issued == made == count:
        raise ValueError(f"{issued} issued, {made} made, {count} wanted")
    return total


def _measured(work: Callable[[], object]) -> Measured:
    clock, own, child = time.monotonic(), time.process_time(), _child_seconds()
    work()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(time.monotonic() - clock, time.process_time() - own, _child_seconds() - child, memory)


def _child_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _issue_all(session: Session, today: date) -> None:
    composer, now = TextComposer(session), datetime.now(UTC)
    for member_id in session.scalars(select(Member.id).order_by(Member.id)).all():
        verb = partial(issue, session, member_id, today, composer, on=today, by=BENCH, now=now)
        in_write_transaction(session, verb)


def _make_all(session: Session) -> None:
    while make_files(session):
        session.expunge_all()


def _fill(session: Session, count: int, lines: int, today: date) -> None:
    """Enter a ring with members who each have priced uses."""
    now = datetime.now(UTC)
    with write_transaction(session):
        machine = _enter_ring(session)
        session.add_all(Member(number=f"M-{n:05}", name=f"Hof {n}", **ADDRESS) for n in range(count))
        details = PartyInput(iban="DE02120300000000202051", tax_number="119/815/08151", vat_id="DE136695976")
        party.change_party(session, RING, details, by=BENCH, now=now)
        party.set_regime(session, RING, "regular", date(today.year - 2, 1, 1), by=BENCH, now=now)
        said = TermsInput(use_code="standard", share_code="standard", advance_code="standard")
        terms.change_terms(session, said, by=BENCH, now=now)
        tariff = TariffEntry(date(today.year - 1, 1, 1), prices={"member": Decimal(140), "guest": Decimal(160)})
        enter_tariff(session, machine, tariff, by=BENCH, now=now)
    for member_id in session.scalars(select(Member.id).order_by(Member.id)).all():
        with write_transaction(session):
            for number in range(lines):
                begin = now - timedelta(days=20 - number)
                span = TimeSpan(begin, begin + timedelta(hours=2))
                use = UnreservedUse(
                    machine, member_id, span, Measurement(amount=100 + member_id + number), allow_overlap=True
                )
                slip = usage.record_usage(session, use, by=BENCH, now=now).slip
                charge_for(session, slip.id, by=BENCH, now=now)
        session.expunge_all()


def _enter_ring(session: Session) -> int:
    workshop = Workshop(slug="hall", name="Hall", timezone="Europe/Berlin")
    session.add_all([Ring(id=1, name="Bench", **ADDRESS), workshop])
    session.flush()
    session.add_all(
        OpeningHours(workshop_id=workshop.id, weekday=day, opens_minute=0, closes_minute=1440) for day in range(7)
    )
    machine = Machine(
        workshop_id=workshop.id, slug="m", name="Combine", horizon_days=20_000, kind="harvester", charge_unit="ha"
    )
    session.add(machine)
    session.flush()
    session.add(Unit(machine_id=machine.id, number=1))
    session.flush()
    return machine.id


if __name__ == "__main__":
    main()
