"""Memory of the web processes while invoices are issued and their files are made: `python -m bench.invoice_memory`.

The ring of bench/billing.py runs as start.py runs it; this process issues 500 invoices as the worker's task would, the
ring's own worker makes their files, and a client asks the web processes meanwhile. Linux only, by hand.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from sqlalchemy import func, select

from app.extensions import db
from bench import billing
from bench.billing_ring import MEMBERS, fill, let_go, make_app
from bench.clients import UnexpectedResponse
from bench.serving import children, memory_mb, whole_ring
from billing.models import DocumentFile

REST_SECONDS, WAIT_SECONDS = 10, 300


def main() -> None:
    """Print the memory of each process before the run, and the most that it had while it went on."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--slips", type=int, default=1_000)
    slips = options.parse_args().slips
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as folder:
        instance = Path(folder) / "ring"
        fill(instance, slips)
        app = make_app(instance)
        with app.app_context():
            billing.price(db.session())
            let_go()
        with whole_ring({**os.environ, "RINGBUCH_INSTANCE": str(instance)}) as (pid, port), app.app_context():
            _ask(port)
            time.sleep(REST_SECONDS)
            before = _memory(pid)
            billing.invoice(db.session())
            most = dict(before)
            _follow(pid, port, most)
            let_go()
    for each, megabytes in before.items():
        sys.stdout.write(f"process {each}: {megabytes:.1f} MB before the run, at most {most[each]:.1f} MB in it\n")


def _follow(pid: int, port: int, most: dict[int, float]) -> None:
    """Look at the memory until all files are made."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        for each, megabytes in _memory(pid).items():
            most[each] = max(most.get(each, 0.0), megabytes)
        _ask(port)
        made = db.session().scalar(select(func.count()).select_from(DocumentFile))
        db.session().rollback()
        if made == MEMBERS:
            return
        time.sleep(1)
    raise UnexpectedResponse("The files were not made in time; nothing is printed.")


def _memory(pid: int) -> dict[int, float]:
    """Return process id -> megabytes, of the children of the supervisor with their own children."""
    return {child: memory_mb(child) for child in children(pid)}


def _ask(port: int) -> None:
    for _request in range(20):
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/login")
        connection.getresponse().read()
        connection.close()


if __name__ == "__main__":
    main()
