"""Errors of bills, keys and what pools count: a code and values each."""

from __future__ import annotations

from booking.errors import NotFound, RulesBroken
from booking.kernel.errors import DomainError


class UnusualCost(RulesBroken):
    """The bill is ten times the usual amount or more; it is stored once exactly this amount is confirmed.

    Rule: unusual_amount (limit: the usual amount, actual: this one, in euro cents).
    """

    code = "unusual_cost"


class NothingCounted(DomainError):
    """What a pool should count has no machine."""

    code = "nothing_counted"


class TooManyMachines(DomainError):
    """A pool counts so many single machines that a group, a workshop or the ring should be chosen. facts: most."""

    code = "too_many_machines"


class ScopeNotFound(NotFound):
    """Nothing was chosen for this day. facts: id (of the pool), day."""

    code = "scope_not_found"
