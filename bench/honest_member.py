"""An honest member beside attackers and heavy users, for half an hour. Run by hand: python -m bench.honest_member.

The ring of the demo with fifty machines more runs as start.py runs it, with its usual limits. A member in another
network logs in, looks, reserves, cancels and reads the calendar again and again: alone at first, then beside
bench/attackers.py, then alone again. Printed are both waits, what the attackers met, and what the ring took meanwhile.
Ends with 1 when the member was refused, or waited at p95 more than twice as long as alone and more than a second.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from bench.attackers import Target, attack
from bench.crowd import Answer, Client, at, token_in
from bench.filling import PASSWORD, FilledRing, add_to
from bench.load import ms, settle
from bench.serving import ROOT, postgresql, processor_seconds, whole_ring
from bench.vitals import HEADINGS, Watch

HONEST = "127.0.9.2"  # another network (/24) than the attackers'
DEVICE = "ringbuch_device"
QUIET_SECONDS, LOOKS = 60.0, 20
REST_SECONDS = 3.0
RATIO_MAX, SECONDS_MAX = 2.0, 1.0
REVISION = re.compile(r'name="revision" value="(\d+)"')
Waits = dict[str, list[float]]


class Member:
    """One who comes again and again; every second time in a browser that has never logged in."""

    def __init__(self, port: int, filled: FilledRing) -> None:
        self._port, self._filled = port, filled
        self._visits = 0
        self._device: dict[str, str] = {}
        self.refused: Counter[str] = Counter()

    async def come(self, seconds: float) -> Waits:
        """Visit the ring for this time; return how long each step was waited for."""
        waits: Waits = defaultdict(list)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                await self._visit(waits)
            except (TimeoutError, OSError, EOFError, IndexError) as error:
                self.refused[type(error).__name__] += 1
            await asyncio.sleep(REST_SECONDS)
        return waits

    async def _visit(self, waits: Waits) -> None:
        self._visits += 1
        is_known = bool(self._visits % 2 and self._device)
        client = Client(self._port, HONEST, dict(self._device) if is_known else {})
        page = self._note(waits, "log-in page", await client.get("/login"), 200)
        if page is None:
            return
        sent = {"csrf_token": token_in(page), "email": "m0@bench.example", "password": PASSWORD}
        step = "log in" if is_known else "log in, new device"
        if self._note(waits, step, await client.post_form("/login", sent), 303) is None:
            return
        self._device = {name: value for name, value in client.cookies.items() if name == DEVICE}
        for path in ("/today", "/plan", "/machines"):
            self._note(waits, path, await client.get(path), 200)
        await self._reserve(client, waits)
        self._note(waits, "calendar", await Client(self._port, HONEST).get(self._filled.feed_path), 200)
        client.close()

    async def _reserve(self, client: Client, waits: Waits) -> None:
        """Reserve an hour and cancel it again."""
        form = self._note(waits, "form", await client.get("/reservations/new"), 200)
        if form is None:
            return
        wish = self._wish() | {"csrf_token": token_in(form)}
        made = self._note(waits, "reserve", await client.post_form("/reservations/new", wish), 303)
        if made is None:
            return
        path = made.headers["location"][0].partition("?")[0]
        asked = self._note(waits, "question", await client.get(f"{path}/cancel"), 200)
        if asked is None:
            return
        found = REVISION.search(asked.body.decode())
        sent = {"csrf_token": token_in(asked), "revision": found[1] if found else "", "reason": ""}
        self._note(waits, "cancel", await client.post_form(f"{path}/cancel", sent), 303)

    def _wish(self) -> dict[str, str]:
        start = self._filled.monday + timedelta(days=40, hours=self._visits)
        when = {"date": start.strftime("%Y-%m-%d"), "time": start.strftime("%H:%M")}
        return when | {"machine": "m-1", "until": "length", "hours": "1", "minutes": "0", "places": "1", "purpose": ""}

    def _note(self, waits: Waits, step: str, answer: Answer, status: int) -> Answer | None:
        waits[step].append(answer.seconds)
        if answer.status == status:
            return answer
        self.refused[f"{step}: {answer.status}"] += 1
        return None


def main() -> None:
    """Run all three times and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1_800.0, help="beside the attackers")
    parser.add_argument("--rest", type=float, default=0.5, help="seconds that an attacker rests after an answer")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL server of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringbuch-honest-") as folder, ExitStack() as stack:
        filled = _demo(Path(folder) / "instance")
        environment = {"RINGBUCH_INSTANCE": str(filled.instance)}
        address = stack.enter_context(postgresql(Path(folder), filled.database)) if options.postgresql else ""
        if address:
            environment["RINGBUCH_DATABASE_URL"] = address
        pid, port = stack.enter_context(whole_ring({**os.environ, **environment}))
        settle(pid)
        member, watch = Member(port, filled), Watch(pid, filled.database, address)
        alone = asyncio.run(member.come(QUIET_SECONDS))
        _print_refusals("alone", member)
        used = processor_seconds(pid)
        beside, met = _beside_attackers(member, watch, port, filled, options.seconds, options.rest)
        used = processor_seconds(pid) - used
        _print_refusals("beside", member)
        after = asyncio.run(member.come(QUIET_SECONDS))
        print(watch.look().row(options.seconds + QUIET_SECONDS))
        _print_waits(alone, beside, after)
        _print_met(met)
        print(f"\n{used:.0f} s of the ring's processor time in {options.seconds:.0f} s")
    sys.exit(_verdict(member, alone, beside))


def _demo(instance: Path) -> FilledRing:
    """Make the demo ring with the machines and members of the bench."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "ring", "demo"]
    environment = {**os.environ, "RINGBUCH_INSTANCE": str(instance)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return add_to(instance)


def _beside_attackers(
    member: Member, watch: Watch, port: int, filled: FilledRing, seconds: float, rest_seconds: float
) -> tuple[Waits, Counter[tuple[str, str]]]:
    """Let the attackers begin in a process of their own; return what the member waited, and what they met."""
    target = Target(port, filled.monday, filled.machine_ids, filled.api_tokens, filled.feed_paths)
    here, there = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=attack, args=(target, seconds, rest_seconds, there), daemon=True)
    print(HEADINGS)
    print(watch.look().row(0), flush=True)
    process.start()
    waits: Waits = defaultdict(list)
    begin = time.monotonic()
    for number in range(1, LOOKS + 1):
        until = begin + seconds * number / LOOKS
        for step, found in asyncio.run(member.come(max(0.0, until - time.monotonic()))).items():
            waits[step] += found
        print(watch.look().row(time.monotonic() - begin), flush=True)
    met: Counter[tuple[str, str]] = here.recv()
    process.join()
    return waits, met


def _print_waits(alone: Waits, beside: Waits, after: Waits) -> None:
    print("\n| step | alone p50, p95 | beside: times | p50 | p95 | longest | afterwards p95 |" + "\n|" + "---|" * 7)
    for step, waited in beside.items():
        print(
            f"| {step} | {_at(0.5, alone[step])}, {_at(0.95, alone[step])} | {len(waited)} | {_at(0.5, waited)} "
            f"| {_at(0.95, waited)} | {_at(1, waited)} | {_at(0.95, after[step])} |"
        )


def _at(quantile: float, waited: Sequence[float]) -> str:
    return ms(at(quantile, list(waited))) if waited else "-"


def _print_met(met: Counter[tuple[str, str]]) -> None:
    print("\n| attackers | answers |\n|---|---|")
    for kind in sorted({kind for kind, _answer in met}):
        answers = {answer: count for (of, answer), count in met.items() if of == kind}
        told = ", ".join(f"{count} x {answer}" for answer, count in sorted(answers.items(), key=lambda one: -one[1]))
        print(f"| {kind} | {told} |")


def _print_refusals(when: str, member: Member) -> None:
    print(f"\nThe honest member {when}: refused {dict(member.refused) or 'never'} so far\n", flush=True)


def _verdict(member: Member, alone: Waits, beside: Waits) -> int:
    slow = [
        step
        for step, waited in beside.items()
        if at(0.95, waited) > max(SECONDS_MAX, RATIO_MAX * at(0.95, alone[step] or [0.0]))
    ]
    print(f"waited too long for: {', '.join(slow) or 'nothing'}")
    return int(bool(slow or member.refused))


if __name__ == "__main__":
    main()
