"""Rows 20 to 22: a billing run of 10,000 slips and 500 members while pages are asked, and pages of a long ledger.

`python -m bench.billing` fills a ring, has the worker's code price 10,000 hand-backs, divides a bill by them, and
issues an invoice to each of 500 members; a second process asks pages of a member and of the treasurer meanwhile. Then
it grows the ledger to 100,000 entries, 10,000 of one member, and compares processor time with the anchor's page.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents.composer import TextComposer
from app.extensions import db
from app.worker.jobs import _deliver
from bench.billing_ring import ENTRIES, LINES, MEMBERS, SERVICE, SLIPS, TODAY, fill, grow, let_go, make_app
from bench.clients import UnexpectedResponse
from bench.filling import BENCH
from bench.in_process import client_of, get, median_ms
from billing.allocations import allocations, previews
from billing.documents import issuing
from billing.models import Charge, Document
from billing.subscribers import SUBSCRIPTIONS
from booking.kernel.transaction import in_write_transaction

PAGES = {"member": ("/today", "/plan", "/usage"), "karl": ("/costs/balances", "/costs/charges")}


@dataclass(frozen=True)
class RunResult:
    """Seconds by the clock and of processor time for each step, and seconds of each page that was asked meanwhile."""

    steps: dict[str, tuple[float, float]]
    pages: list[float]


@dataclass(frozen=True)
class LedgerResult:
    """Milliseconds of processor time: of pages with a long ledger, the desk among them, and of the anchor's page."""

    balance_ms: float
    trial_balance_ms: float
    desk_ms: float
    anchor_ms: float


def run(instance: Path, slips: int = SLIPS) -> RunResult:
    """Price, divide and invoice, while another process asks pages."""
    begun, ended = multiprocessing.Event(), multiprocessing.Event()
    waiting: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    reader = multiprocessing.Process(target=_read, args=(instance, begun, ended, waiting))
    reader.start()
    begun.wait()
    app, steps = make_app(instance), {}
    with app.test_request_context():
        session = db.session()
        for name, step in (("priced", price), ("divided", _divide), ("invoiced", invoice)):
            clock, processor = time.perf_counter(), time.process_time()
            step(session)
            steps[name] = (time.perf_counter() - clock, time.process_time() - processor)
        _require(session, slips)
        let_go()
    ended.set()
    pages = waiting.get()
    reader.join()
    return RunResult(steps, pages)


def compare_pages(instance: Path, rounds: int = 30) -> LedgerResult:
    """Grow the ledger, and ask its pages and that of the anchor in turn; the median of each."""
    grow(instance / "ring.sqlite")
    os.environ["ANCHOR_DATABASE"] = str(instance.parent / "anchor.sqlite")
    from bench import anchor

    bare = anchor.create_app().test_client()
    app = make_app(instance)
    karl = client_of(app, "karl@bench.example")
    asked: dict[str, Callable[[], object]] = {
        "balance": lambda: get(karl, "/costs/balances/1"),
        "trial": lambda: get(karl, "/costs/ledger"),
        "desk": lambda: get(karl, "/today"),
        "anchor": lambda: get(bare, "/page"),
    }
    return LedgerResult(*median_ms(list(asked.values()), rounds))


def price(session: Session) -> None:
    """Price what waits, as the worker does."""
    while _deliver(session, SUBSCRIPTIONS[0]):
        pass


def _divide(session: Session) -> None:
    def divide() -> None:
        digest = previews.preview_allocation(session, 1, SERVICE, SERVICE).digest
        allocations.post_allocation(session, 1, SERVICE, SERVICE, digest=digest, by=BENCH, now=datetime.now(UTC))

    in_write_transaction(session, divide)


def invoice(session: Session) -> None:
    """Issue to each member what is owed."""
    composer = TextComposer(session)
    for member_id in range(1, MEMBERS + 1):
        in_write_transaction(session, lambda member_id=member_id: _issue(session, member_id, composer))  # type: ignore[misc]


def _issue(session: Session, member_id: int, composer: TextComposer) -> None:
    issuing.issue(session, member_id, TODAY, composer, on=TODAY, by=BENCH, now=datetime.now(UTC))


def _require(session: Session, slips: int) -> None:
    priced = len(session.scalars(select(Charge.id)).all())
    issued = len(session.scalars(select(Document.id)).all())
    if (priced, issued) != (slips, MEMBERS):
        raise UnexpectedResponse(f"{priced} slips are priced and {issued} invoices issued; nothing is printed.")


def _read(instance: Path, begun: Event, ended: Event, answers: multiprocessing.Queue[list[float]]) -> None:
    """Ask pages of a member and of the treasurer until the run has ended, with a breath between them."""
    app, spent = make_app(instance), []
    asked = [
        (client_of(app, f"{who}@bench.example"), address) for who, addresses in PAGES.items() for address in addresses
    ]
    for client, address in asked:
        get(client, address)  # what is compiled once is not counted
    begun.set()
    while not ended.is_set():
        for client, address in asked:
            begin = time.perf_counter()
            get(client, address)
            spent.append(time.perf_counter() - begin)
            time.sleep(0.02)
    answers.put(spent)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--slips", type=int, default=SLIPS, help="at least 500; fewer for trying it")
    slips = options.parse_args().slips
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as folder:
        instance = Path(folder) / "ring"
        fill(instance, slips)
        _print_run(run(instance, slips))
        ledger = compare_pages(instance)
    balance, sums = (one / ledger.anchor_ms for one in (ledger.balance_ms, ledger.trial_balance_ms))
    sys.stdout.write(
        f"the anchor's page: {ledger.anchor_ms:.1f} ms of processor time\n"
        f"balance of a member with {LINES} lines: {ledger.balance_ms:.1f} ms, {balance:.2f} x (goal 3)\n"
        f"sums of all accounts over {ENTRIES} entries: {ledger.trial_balance_ms:.1f} ms, {sums:.2f} x\n"
        f"the treasurer's desk over {ENTRIES} slips: {ledger.desk_ms:.0f} ms\n"
    )


def _print_run(result: RunResult) -> None:
    for name, (clock, processor) in result.steps.items():
        sys.stdout.write(f"{name:9} {clock:6.1f} s, {processor:6.1f} s of processor time\n")
    clock, processor = (sum(one) for one in zip(*result.steps.values(), strict=True))
    pages = sorted(one * 1e3 for one in result.pages)
    sys.stdout.write(
        f"the run   {clock:6.1f} s, {processor:6.1f} s of processor time (goal 60)\n"
        f"{len(pages)} pages meanwhile: p50 {median(pages):.0f} ms, p95 {pages[len(pages) * 95 // 100]:.0f} ms,"
        f" slowest {pages[-1]:.0f} ms (goal 1,000)\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
