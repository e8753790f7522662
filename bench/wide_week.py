"""Row 18 in one process: the week of 200 machines as a page against the anchor's page of 200 rows, processor time.

`python -m bench.wide_week` needs no server and no quiet machine; the row over HTTP is in `python -m bench`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bench.billing_ring import make_app
from bench.filling import fill
from bench.in_process import client_of, get, median_ms

RESERVATIONS, MACHINES, ROUNDS = 10_000, 200, 20


def measure(folder: Path) -> tuple[float, float]:
    """Return milliseconds of the week's page and of the anchor's."""
    filled = fill(folder, RESERVATIONS, MACHINES)
    os.environ["ANCHOR_DATABASE"] = str(folder / "anchor.sqlite")
    from bench import anchor

    bare = anchor.create_app().test_client()
    member = client_of(make_app(filled.instance), "m0@bench.example")
    address = f"/plan?view=week&date={filled.monday:%Y-%m-%d}"
    week, page = median_ms([lambda: get(member, address), lambda: get(bare, "/page")], ROUNDS)
    return week, page


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as folder:
        week, page = measure(Path(folder))
    sys.stdout.write(f"week {week:.1f} ms, anchor's page {page:.1f} ms, {week / page:.1f} x (goal 10, stretch 5)\n")


if __name__ == "__main__":
    main()
