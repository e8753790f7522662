"""Errors of bills, keys and what pools count: a code and values each."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound, RulesBroken
from booking.kernel.errors import DomainError


class UnusualCost(RulesBroken):
    """The bill is ten times the usual amount, or of a day far ahead; it is stored once exactly its amount is confirmed.

    Rules: unusual_amount (limit: the usual amount, actual: this one, in euro cents), service_day_far (limit: a year
    from now, actual: the day of service).
    """

    code = "unusual_cost"


class NothingCounted(DomainError):
    """What a pool should count has no machine."""

    code = "nothing_counted"


class TooManyMachines(DomainError):
    """A pool counts so many single machines that a group, a workshop or the ring should be chosen. facts: most."""

    code = "too_many_machines"


class CapTooLow(DomainError):
    """All who bear anything may not bear the whole sum together. facts: members (how many), cap (a fraction)."""

    code = "cap_too_low"


class ScopeNotFound(NotFound):
    """Nothing was chosen for this day. facts: id (of the pool), day."""

    code = "scope_not_found"


class KeyRefused(RulesBroken):
    """A key cannot divide costs like this.

    Rules: part_twice, parts_percent_sum, minimum_without_use, meter_unit_missing, cap_out_of_range, percents_unused,
    percents_sum, member_twice, member_unknown.
    """

    code = "key_refused"


class KeyNotFound(NotFound):
    """There is no such key of the pool. facts: id."""

    code = "key_not_found"


class UnknownKey(DomainError):
    """A kind of cost is to be divided by a key that the pool does not have. facts: key."""

    code = "unknown_key"


class MeterNotFound(NotFound):
    """There is no such meter. facts: id."""

    code = "meter_not_found"


class ReadingRefused(RulesBroken):
    """A reading does not fit those around it, or an allocation used it.

    Rules: reading_below_last, reading_above_next, reading_in_future, reading_holds_change, reading_used (limit: the
    last day of the allocation, actual: its id).
    """

    code = "reading_refused"


class ReadingNotFound(NotFound):
    """The meter was not read on this day, or the reading was withdrawn. facts: id (of the meter), day."""

    code = "reading_not_found"


class KindRecurs(DomainError):
    """A kind of cost cannot be removed from the pool while a recurring cost has it. facts: kind, name (of the cost)."""

    code = "kind_recurs"


class RecurringCostNotFound(NotFound):
    """There is no such recurring cost. facts: id."""

    code = "recurring_cost_not_found"


class GroupCountedTwice(DomainError):
    """A pool counts the group, and another one a machine that it would get. Nothing was changed. facts: none."""

    code = "group_counted_twice"


class RecurringCostUsed(DomainError):
    """A proposal was answered, so that its days cannot change any more, nor can it be deleted. facts: id."""

    code = "recurring_cost_used"


class NotProposed(DomainError):
    """No period of the recurring cost begins on this day, or it has not begun yet, or is over. facts: begins_on."""

    code = "not_proposed"


class PeriodAnswered(DomainError):
    """The proposal of a period was answered otherwise. facts: begins_on, cost_id (None: it was dismissed)."""

    code = "period_answered"
