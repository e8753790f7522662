"""Row 15: the plan for 400 reservations of a machine that broke down, in a group of 20, made and carried out.

`python -m bench.replanning` prints the processor time of the plan and of carrying it out, and the statements of both.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app
from app.extensions import db
from app.storage import migrate
from bench.clients import UnexpectedResponse
from bench.filling import BENCH
from billing.tariffs.price_comparison import PriceComparison
from booking import replan
from booking.closures import blockings
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, OpeningHours, Ring, Unit, Workshop
from booking.records import catalogue, groups
from booking.records.groups import GroupInput, RankedMachine
from booking.replan import LINES_MAX, Outcome
from booking.reservations import reservation_writer, reservations
from booking.reservations.wishes import Wish, new_uid
from booking.timespan import TimeSpan

MACHINES, MEMBERS, TWINS = 20, 60, 12  # the other 7 of the group are larger
NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class ReplanResult:
    """Processor time in seconds, and the statements of all of it. counts: lines by their outcome."""

    plan_s: float
    confirm_s: float
    statements: int
    counts: dict[Outcome, int]

    @property
    def seconds(self) -> float:
        """The plan that is shown, and its confirmation, which plans again."""
        return self.plan_s + self.confirm_s


def measure(folder: Path) -> ReplanResult:
    """Fill a ring in an empty folder, break a machine and plan for its reservations."""
    app = create_app({"BASE_URL": "http://127.0.0.1:8000"}, instance_path=folder)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        session = db.session()
        closure_id = fill(session)
        result = replan_once(session, closure_id)
        db.session.remove()
        db.engine.dispose()
    return result


def replan_once(session: Session, closure_id: int) -> ReplanResult:
    """Make the plan of a closure and carry it out."""
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    begin = time.process_time()
    plan = replan.make_plan(session, closure_id, now=NOW, is_dearer=PriceComparison(session))
    session.rollback()
    shown = time.process_time()
    with write_transaction(session):
        compare = PriceComparison(session)
        replan.confirm(session, closure_id, plan.digest, by=BENCH, now=NOW, is_dearer=compare)
    end = time.process_time()
    if sum(plan.counts.values()) < LINES_MAX:
        raise UnexpectedResponse(f"The plan has {plan.counts}; nothing is printed.")
    return ReplanResult(shown - begin, end - shown, len(statements), dict(plan.counts))


def fill(session: Session) -> int:
    """Enter a group of machines, all of them busy, and close the first; return the id of the closure."""
    with write_transaction(session):
        workshop = Workshop(slug="hall", name="Hall", timezone="Europe/Berlin")
        members = [Member(number=f"M-{n:03}", name=f"Member {n}") for n in range(MEMBERS)]
        session.add_all([Ring(id=1, name="Bench"), workshop, *members])
        session.flush()
        session.add_all(
            OpeningHours(workshop_id=workshop.id, weekday=day, opens_minute=0, closes_minute=1440) for day in range(7)
        )
        machines = [Machine(workshop_id=workshop.id, slug=f"m-{n}", name=f"Machine {n}") for n in range(MACHINES)]
        session.add_all(machines)
        session.flush()
        session.add_all(Unit(machine_id=machine.id, number=1) for machine in machines)
        session.flush()
        ids, member_ids = [one.id for one in machines], [one.id for one in members]
        ranked = tuple(RankedMachine(one, 1 if at <= TWINS else 2) for at, one in enumerate(ids))
        groups.make(session, workshop.id, GroupInput("Group", ranked), by=BENCH, now=NOW)
        for at, machine_id in enumerate(ids):
            _reserve(session, machine_id, member_ids, at)
        span = TimeSpan(NOW, NOW + (LINES_MAX + 1) * HOUR)
        return blockings.close(session, ids[0], span, "Tube", by=BENCH, now=NOW, around_reservations=True)


def _reserve(session: Session, machine_id: int, member_ids: list[int], at: int) -> None:
    """Reserve a machine each hour; the others leave out single hours, so that all kinds of lines occur."""
    terms = catalogue.bookable_machine(session, machine_id)
    new = []
    for hour in range(1, LINES_MAX + 1):
        if at and (hour * 7 + at) % 40 == 0:
            continue
        start = NOW + hour * HOUR
        tolerance = 480 if hour % 4 == 0 else 0
        member_id = member_ids[(hour + at) % MEMBERS]
        wish = Wish(machine_id, member_id, TimeSpan(start, start + HOUR), may_move_min=tolerance)
        new.append(reservations.new_reservation(wish, terms, new_uid(), NOW, approve=True))
    reservation_writer.enter(session, new, by=BENCH, now=NOW)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as name:
        result = measure(Path(name))
    counts = ", ".join(f"{outcome.value} {count}" for outcome, count in sorted(result.counts.items()))
    sys.stdout.write(
        f"{counts}\nplan {result.plan_s:.2f} s, confirm {result.confirm_s:.2f} s of processor time,"
        f" {result.statements} statements\n"
    )


if __name__ == "__main__":
    main()
