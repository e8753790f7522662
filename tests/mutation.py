"""Which small changes to the rules of schedule and money does no test notice? `python -m tests.mutation --help`.

Each mutant is tried alone in a copy of the source tree, with the few test files that are meant for its module, on
SQLite, until the first test fails. Mutants that no test fails on are printed. Not in CI; docs/mutation.md holds the
table of a run and says what was left alive and why.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "instance", "docs", "bench", "browser", ".artifacts")
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider")
PURE = ("--noconftest", "--hypothesis-profile=ci")
BASELINE_SECONDS_MAX = 600
ON_SQLITE = ("--without-postgresql", "--without-browser", "--hypothesis-seed=0")


@dataclass(frozen=True, slots=True)
class Target:
    """A module and the tests that are meant to notice its mutants; options: for pytest."""

    module: str
    tests: tuple[str, ...]
    options: tuple[str, ...] = ON_SQLITE


WAITING_LIST = (
    "tests/integration/schedule/test_offer_verbs.py",
    "tests/integration/schedule/test_offer_chances.py",
    "tests/integration/schedule/test_offers_again.py",
    "tests/integration/schedule/test_waiting_verbs.py",
)
TARGETS = (
    Target(
        "booking/rules/lending_rules.py",
        ("tests/unit/booking/test_rules.py", "tests/unit/booking/test_rules_of_machines.py"),
        PURE,
    ),
    Target("booking/reservations/lifecycle.py", ("tests/unit/booking/test_steps_of_a_reservation.py",), PURE),
    Target(
        "booking/places/occupancies.py",
        (
            "tests/integration/schedule/test_no_double_booking.py",
            "tests/integration/schedule/test_closures.py",
            "tests/integration/schedule/test_held_places.py",
            "tests/integration/schedule/test_equal_places.py",
            "tests/integration/schedule/test_breakdown.py",
            "tests/integration/schedule/test_changing_reservations.py",
        ),
    ),
    Target(
        "booking/use/usage.py",
        ("tests/integration/machines/test_usage_verbs.py", "tests/integration/machines/test_reported_use.py"),
    ),
    Target(
        "billing/prices/pricing.py",
        ("tests/unit/billing/test_price_of_a_use.py", "tests/properties/test_price_cents.py"),
        PURE,
    ),
    Target(
        "billing/split.py",
        ("tests/unit/billing/test_golden_splits.py", "tests/properties/test_split_cents.py"),
        PURE,
    ),
    Target(
        "billing/prices/slip_pricing.py",
        ("tests/unit/billing/test_price_of_a_slip.py", "tests/properties/test_price_slip.py"),
        PURE,
    ),
    Target("billing/prices/price_windows.py", ("tests/unit/billing/test_price_of_a_slip.py",), PURE),
    Target("billing/documents/vat.py", ("tests/unit/billing/test_vat_sums.py",), PURE),
    Target("billing/period_names.py", ("tests/integration/money/test_accounting_periods.py",)),
    Target("billing/ledger/posting_days.py", ("tests/integration/money/test_accounting_periods.py",)),
    Target(
        "booking/members/second_persons.py",
        ("tests/integration/machines/test_second_persons.py", "tests/web/workshop/test_second_person.py"),
    ),
    Target("booking/times/recurrence.py", ("tests/unit/booking/test_recurrence.py",), PURE),
    Target(
        "booking/members/prerequisites.py",
        ("tests/unit/booking/test_prerequisites.py", "tests/web/workshop/test_induction_kinds.py"),
    ),
    Target("booking/rules/move_rules.py", ("tests/unit/booking/test_move_rules.py",), PURE),
    Target("booking/waiting/matching.py", ("tests/unit/booking/test_waiting_matching.py",), PURE),
    Target("booking/waiting/offering.py", WAITING_LIST),
    Target("booking/waiting/answers.py", (*WAITING_LIST, "tests/integration/machines/test_second_persons.py")),
    Target(
        "booking/exchanges/accepting.py",
        ("tests/integration/schedule/test_exchange_verbs.py", "tests/integration/schedule/test_exchange_rules.py"),
    ),
    Target("booking/rules/quota_rules.py", ("tests/unit/booking/test_quota_rules.py",), PURE),
    Target("booking/quotas/quota_tally.py", ("tests/integration/schedule/test_quota_use.py",)),
    Target("booking/replan/planning.py", ("tests/integration/schedule/test_replan_plans.py",)),
)


class BaselineFailed(RuntimeError):
    """The tests of a module fail without any mutation, so they tell nothing about mutants."""


@dataclass(slots=True)
class Result:
    """What became of the mutants of one module. count: of all there are; outcomes: of those that were tried."""

    target: Target
    count: int
    outcomes: Counter[str] = field(default_factory=Counter)
    survivors: list[str] = field(default_factory=list)

    def row(self) -> str:
        """One row of the table, in Markdown."""
        tried = self.outcomes.total()
        killed, survived, timed_out = (self.outcomes[name] for name in ("killed", "survived", "timed out"))
        return f"| {self.target.module} | {self.count} | {tried} | {killed} | {survived} | {timed_out} |"


HEADER = "| module | mutants | tried | killed | survived | timed out |\n|---|---|---|---|---|---|"


def try_mutants(root: Path, target: Target, mutants: Sequence[Mutant], *, seconds: float, until: float) -> Result:
    """Try mutants of a module in a tree that may be changed, and no new one after an instant of time.monotonic().

    seconds: of processor time, the limit of one mutant on top of three times what the tests take without a mutation.
    Processor time, so that a busy machine is not mistaken for an endless loop; one that waits has ten times as long.

    Raises BaselineFailed.
    """
    path = root / target.module
    original = path.read_text(encoding="utf-8")
    result = Result(target, len(mutants_of(original)))
    if time.monotonic() > until:
        return result
    used_before = _processor_seconds()
    if (outcome := _run(root, target, BASELINE_SECONDS_MAX)) != "survived":
        raise BaselineFailed(f"{target.module}: without a mutation, {' '.join(target.tests)}: {outcome}")
    seconds += 3 * (_processor_seconds() - used_before)
    for mutant in mutants:
        if time.monotonic() > until:
            break
        _write(path, mutant.source)
        outcome = _run(root, target, seconds)
        result.outcomes[outcome] += 1
        if outcome != "killed":
            head = f"{target.module}:{mutant.line} ({mutant.change}, {outcome})"
            result.survivors.append(f"{head}\n{mutant.diff(original)}")
    _write(path, original)
    return result


def _write(path: Path, source: str) -> None:
    path.write_text(source, encoding="utf-8")
    # Compiled code is judged by the size and the second of its source, and a mutant may share both with the one before.
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _run(root: Path, target: Target, seconds: float) -> str:
    """Run the tests of a module: killed (one failed), survived or timed out. seconds: of processor time."""
    command = (*PYTEST, *target.options, *target.tests)
    limit = math.ceil(seconds)
    limited = ("sh", "-c", f'ulimit -t {limit} && exec "$@"', "sh", *command)
    try:
        ended = subprocess.run(limited, cwd=root, capture_output=True, timeout=10 * limit, check=False)
    except subprocess.TimeoutExpired:
        return "timed out"
    if -ended.returncode in (signal.SIGXCPU, signal.SIGKILL):
        return "timed out"
    return "killed" if ended.returncode else "survived"


def _processor_seconds() -> float:
    """Return what all ended child processes have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _results(arguments: argparse.Namespace) -> Iterator[Result]:
    until = time.monotonic() + arguments.minutes * 60
    chosen = [target for target in TARGETS if arguments.module in (None, target.module)]
    with TemporaryDirectory(prefix="ringbuch-mutation-") as folder:
        root = Path(folder) / "tree"
        shutil.copytree(ROOT, root, ignore=NOT_COPIED)
        for target in chosen:
            mutants = mutants_of((root / target.module).read_text(encoding="utf-8"))
            if arguments.limit is not None and arguments.limit < len(mutants):
                mutants = random.Random(arguments.seed).sample(mutants, arguments.limit)
            yield try_mutants(root, target, mutants, seconds=arguments.seconds, until=until)


def main() -> None:
    """Try the mutants and print the survivors, then the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--module", choices=[target.module for target in TARGETS], help="this one only")
    parser.add_argument("--limit", type=int, help="at most so many mutants of each module, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20, help="time limit of one mutant, see try_mutants")
    parser.add_argument("--minutes", type=float, default=20, help="begin no new mutant after so long")
    rows = [HEADER]
    try:
        for result in _results(parser.parse_args()):
            for survivor in result.survivors:
                print(survivor, end="\n\n", flush=True)
            rows.append(result.row())
    finally:  # whatever ends the run, what was found so far is told
        print(*rows, sep="\n")


if __name__ == "__main__":
    main()
