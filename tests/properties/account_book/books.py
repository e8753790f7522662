"""A plain account book in cents, beside which test_account_book.py runs the program. It imports nothing of it.

Everything that is posted is an entry: a day and lines of (account, member or None, cents). Charges, allocations,
advances and documents point into the list of entries by its index.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

RECEIVABLES, USE_CHARGES, ALLOCATED_COSTS, ADVANCES = "receivables", "use_charges", "allocated_costs", "advances"
Line = tuple[str, int | None, int]  # account, member, cents


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    return (first_day(month) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def split(cents: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Divide by the largest remainder; of equal ones the lower member first."""
    whole = sum(weights.values())
    exact = {member: Fraction(abs(cents) * weight, whole) for member, weight in weights.items()}
    parts = {member: int(share) for member, share in exact.items()}
    for member in sorted(exact, key=lambda one: (parts[one] - exact[one], one))[: abs(cents) - sum(parts.values())]:
        parts[member] += 1
    return {member: -part if cents < 0 else part for member, part in parts.items()}


@dataclass
class Entry:
    posted_on: date
    since: date
    until: date
    lines: list[Line]
    reverses: int | None = None

    @property
    def content(self) -> tuple[date, date, date, tuple[Line, ...], bool]:
        in_order = tuple(sorted(self.lines, key=repr))
        return self.posted_on, self.since, self.until, in_order, self.reverses is not None


@dataclass
class Tariff:
    valid_from: date
    price: Fraction  # euro of a piece


@dataclass
class Charge:
    """A row of a slip, also the reversal of one. entry: None where it is of no cent."""

    machine: int
    member: int
    day: date
    cents: int
    tariff: Tariff
    amount: int
    entry: int | None = None


@dataclass
class Slip:
    machine: int
    member: int
    day: date
    amount: int
    objection_until: date
    charge: int | None = None  # the effective one
    is_unpriced: bool = False
    is_disputed: bool = False


@dataclass
class Cost:
    pool: int
    day: date
    kind: str
    cents: int
    allocation: int | None = None
    was_allocated: bool = False


@dataclass
class Advance:
    pool: int
    month: str
    lines: dict[int, int]
    entry: int
    is_reversed: bool = False


@dataclass
class Allocation:
    entry: int | None
    costs: list[int]
    charges: list[int]
    advances: set[tuple[int, int]]  # advance, member
    is_reversed: bool = False


@dataclass
class Document:
    member: int
    parts: list[int]  # entries whose lines of the member it has
    cents: int
    is_cancelled: bool = False


@dataclass
class Pool:
    machine: int
    counts: bool  # charges of the machine are advances
    shares: dict[int, int] = field(default_factory=dict)


@dataclass
class Books:
    today: date
    pools: dict[int, Pool] = field(default_factory=dict)
    tariffs: dict[int, list[Tariff]] = field(default_factory=lambda: defaultdict(list))  # machine -> the newest last
    slips: dict[int, Slip] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)  # slips that wait to be priced
    charges: list[Charge] = field(default_factory=list)
    costs: dict[int, Cost] = field(default_factory=dict)
    allocations: dict[int, Allocation] = field(default_factory=dict)
    advances: dict[int, Advance] = field(default_factory=dict)
    documents: dict[int, Document] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    soft: set[str] = field(default_factory=set)
    closed_until: date = date.min

    # Periods and posting

    def takes(self, day: date, is_job: bool) -> date:
        """Return the posting date of a day: today where its period takes no entry."""
        if day >= self.today or day <= self.closed_until or (is_job and month_of(day) in self.soft):
            return self.today
        return day

    def post(
        self, since: date, until: date, lines: Iterable[Line], *, is_job: bool = False, reverses: int | None = None
    ) -> int | None:
        """Post an entry on the last day of its service; None where it has no line."""
        kept = [line for line in lines if line[2]]
        if not kept:
            return None
        assert sum(cents for _account, _member, cents in kept) == 0
        day = self.takes(until, is_job)
        if reverses is not None and day < self.entries[reverses].posted_on:
            day = self.takes(self.entries[reverses].posted_on, is_job)
        self.entries.append(Entry(day, since, until, kept, reverses))
        return len(self.entries) - 1

    def reverse(self, entry: int | None, *, is_job: bool = False, today: bool = False) -> int | None:
        if entry is None:
            return None
        old = self.entries[entry]
        opposite = [(account, member, -cents) for account, member, cents in old.lines]
        made = self.post(old.since, old.until, opposite, is_job=is_job, reverses=entry)
        assert made is not None
        if today:
            self.entries[made].posted_on = self.today
        return made

    # Pricing

    def tariff_on(self, machine: int, day: date) -> Tariff | None:
        valid = [one for one in self.tariffs[machine] if one.valid_from <= day]
        return max(valid, key=lambda one: one.valid_from) if valid else None

    def price(self, number: int, *, is_job: bool) -> None:
        """Price a slip, or price it again; what has no tariff keeps its charge unless another amount is on the slip."""
        slip = self.slips[number]
        present = None if slip.charge is None else self.charges[slip.charge]
        tariff = self.tariff_on(slip.machine, slip.day)
        if tariff is None:
            if present is not None and present.amount != slip.amount:
                self.take_back(slip, is_job)
            slip.is_unpriced = slip.charge is None
            return
        if present is not None and present.tariff is tariff and present.amount == slip.amount:
            return
        if present is not None:
            self.take_back(slip, is_job)
        exact = tariff.price * slip.amount * 100
        charge = Charge(slip.machine, slip.member, slip.day, int(exact + Fraction(1, 2)), tariff, slip.amount)
        account = ADVANCES if any(one.counts and one.machine == slip.machine for one in self.pools.values()) else None
        lines = [(RECEIVABLES, slip.member, charge.cents), (account or USE_CHARGES, None, -charge.cents)]
        charge.entry = self.post(slip.day, slip.day, lines, is_job=is_job)
        self.charges.append(charge)
        slip.charge, slip.is_unpriced = len(self.charges) - 1, False

    def take_back(self, slip: Slip, is_job: bool) -> None:
        old = self.charges[slip.charge]
        made = Charge(old.machine, old.member, old.day, -old.cents, old.tariff, old.amount)
        made.entry = self.reverse(old.entry, is_job=is_job)
        self.charges.append(made)
        slip.charge = None

    def deliver(self) -> None:
        for number in self.queue:
            self.price(number, is_job=True)
        self.queue.clear()

    def enter_tariff(self, machine: int, tariff: Tariff, *, reprices: bool) -> str | None:
        """Return the code of the refusal, or price what the tariff is for."""
        later = [one.valid_from for one in self.tariffs[machine] if one.valid_from > tariff.valid_from]
        until = min(later, default=date.max)
        priced = [
            (slip.day, number)
            for number, slip in self.slips.items()
            if slip.machine == machine and slip.charge is not None and tariff.valid_from <= slip.day < until
        ]
        if priced and not reprices:
            return "tariff_in_use"
        same = [number for number, one in enumerate(self.tariffs[machine]) if one.valid_from == tariff.valid_from]
        for number in same:
            del self.tariffs[machine][number]  # the higher version is valid
        self.tariffs[machine].append(tariff)
        waiting = [
            (slip.day, number)
            for number, slip in self.slips.items()
            if slip.machine == machine and slip.is_unpriced and slip.day >= tariff.valid_from
        ]
        for _day, number in (*sorted(priced), *sorted(waiting)):
            self.price(number, is_job=False)
        return None

    # Dividing costs

    def allocate(self, pool_id: int, month: str) -> str | Allocation:
        """Return the code of the refusal, or what is posted."""
        pool, since, until = self.pools[pool_id], first_day(month), last_day(month)
        costs = [
            number
            for number, one in self.costs.items()
            if one.pool == pool_id and one.allocation is None and since <= one.day <= until
        ]
        if not costs:
            return "nothing_to_allocate"
        used: Counter[int] = Counter()
        for slip in self.slips.values():
            if slip.machine == pool.machine and since <= slip.day <= until:
                used[slip.member] += slip.amount
        by_key = {
            "use": dict(used),
            "shares": pool.shares,
            "head": dict.fromkeys(pool.shares or [one for one, amount in used.items() if amount], 1),
        }
        parts: Counter[int] = Counter()
        bearers: set[int] = set()
        for key, weights in by_key.items():
            of_key = [self.costs[one].cents for one in costs if self.costs[one].kind == key]
            cents = sum(of_key)
            if not of_key:
                continue
            if not sum(weights.values()):
                if cents:
                    return "nothing_used"
                continue
            parts.update(split(cents, weights))
            bearers |= {member for member, weight in weights.items() if weight}
        charges, advances = self.counted(pool_id, since, until, bearers)
        lines = self.allocated_lines(parts, charges, advances)
        return Allocation(self.post(since, until, lines), costs, charges, advances)

    def counted(
        self, pool_id: int, since: date, until: date, bearers: set[int]
    ) -> tuple[list[int], set[tuple[int, int]]]:
        """Return the charges and the advances that count against the shares of members."""
        pool = self.pools[pool_id]
        if not pool.counts:
            return [], set()
        effective = [one for one in self.allocations.values() if not one.is_reversed]
        counted = {number for one in effective for number in one.charges}
        charges = [
            number
            for number, one in enumerate(self.charges)
            if one.machine == pool.machine and since <= one.day <= until and one.cents
            if one.member in bearers and number not in counted
        ]
        taken = {each for one in effective for each in one.advances}
        advances = {
            (number, member)
            for number, one in self.advances.items()
            if one.pool == pool_id and not one.is_reversed
            if since <= first_day(one.month) and last_day(one.month) <= until
            for member in one.lines
            if member in bearers
        }
        return charges, advances - taken

    def allocated_lines(
        self, parts: Mapping[int, int], charges: Iterable[int], advances: Iterable[tuple[int, int]]
    ) -> list[Line]:
        against: Counter[int] = Counter()
        for number in charges:
            against[self.charges[number].member] += self.charges[number].cents
        for number, member in advances:
            against[member] += self.advances[number].lines[member]
        lines: list[Line] = [(RECEIVABLES, member, cents) for member, cents in parts.items()]
        lines += [(RECEIVABLES, member, -cents) for member, cents in against.items()]
        return [*lines, (ALLOCATED_COSTS, None, -sum(parts.values())), (ADVANCES, None, sum(against.values()))]

    def reverse_allocation(self, number: int) -> str | None:
        one = self.allocations[number]
        if one.is_reversed:
            return "already_reversed"
        self.reverse(one.entry)
        one.is_reversed = True
        for cost in one.costs:
            self.costs[cost].allocation = None
        return None

    def is_counted(self, advance: int) -> bool:
        effective = [one for one in self.allocations.values() if not one.is_reversed]
        return any(number == advance for one in effective for number, _member in one.advances)

    # Documents

    def uninvoiced(self, member: int) -> list[int]:
        """Return the entries of which a member can get an invoice today."""
        documents = [one for one in self.documents.values() if not one.is_cancelled and one.member == member]
        invoiced = {part for one in documents for part in one.parts}
        found = [
            number
            for number, one in enumerate(self.entries)
            if one.until <= self.today and number not in invoiced and any(line[1] == member for line in one.lines)
            if not any(account == "equity_left" for account, *_rest in one.lines)  # what is set off is no service
        ]
        pairs = {self.entries[number].reverses for number in found} & set(found)
        return [number for number in found if number not in pairs and self.entries[number].reverses not in pairs]

    def owed(self, member: int, entries: Iterable[int] | None = None) -> int:
        """Return what a member owes, of all entries or of some."""
        wanted = range(len(self.entries)) if entries is None else entries
        return sum(cents for number in wanted for _account, who, cents in self.entries[number].lines if who == member)
