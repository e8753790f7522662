"""Errors of billing: a code and values each. Their messages are in app/wording/errors/billing.py."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError


class NothingUsed(DomainError):
    """No weight is above zero, so there is no fair division. facts: total_cents, key (of a cost group)."""

    code = "nothing_used"


class NoShares(DomainError):
    """Nobody holds shares of a pool on a day, so that nobody would owe an advance. facts: shares_on."""

    code = "no_shares"


class NothingToAllocate(DomainError):
    """The pool has no unallocated cost in the period. facts: pool_id."""

    code = "nothing_to_allocate"


class MixedUnits(DomainError):
    """The slips of the period count in different units (hours, hectares), which cannot be added up.

    facts: units (list of codes).
    """

    code = "mixed_units"


class StalePreview(DomainError):
    """Costs, slips or shares changed since the preview was shown. Nothing was posted."""

    code = "stale_preview"


class AlreadyReversed(DomainError):
    """The allocation has been reversed, or is a reversal itself. facts: id."""

    code = "already_reversed"


class CostAllocated(DomainError):
    """The cost is part of an allocation: it can be changed only after a reversal, and never deleted. facts: id."""

    code = "cost_allocated"


class UnknownKind(DomainError):
    """The pool has no rule for this kind of cost. facts: kind, kinds (list)."""

    code = "unknown_kind"


class KindInUse(DomainError):
    """A kind of cost cannot be removed from the pool while it has unallocated costs. facts: kind."""

    code = "kind_in_use"


class WrongTiers(DomainError):
    """The tiers of a tariff do not price each amount once.

    facts: line (its name, "" for the use itself), amount (small units) at which it is, charge_unit.
    """


class TiersOverlap(WrongTiers):
    """Two tiers of a line price the same amount, or two begin at the same one."""

    code = "tiers_overlap"


class TierGap(WrongTiers):
    """A tier ends where no other begins."""

    code = "tier_gap"


class TierClasses(WrongTiers):
    """A tier or a line has prices for other price classes than the tariff."""

    code = "tier_classes"


class SameName(DomainError):
    """Two lines of a tariff, or two of its surcharges, have one name. facts: name."""

    code = "same_name"


class MembershipEnded(DomainError):
    """Shares from a day after the end of the membership would count for nothing. facts: left_on."""

    code = "membership_ended"


class WrongAmount(DomainError):
    """A number is outside its limits. facts: field, lowest, highest, actual."""

    code = "wrong_amount"


class WrongText(DomainError):
    """A text is missing or too long. facts: field, limit (characters), actual."""

    code = "wrong_text"


class WrongPeriod(DomainError):
    """The period ends before it starts, or is longer than ten years, or a day is not possible.

    facts: field ("period", else that of the day, which is period_from), period_from, period_until.
    """

    code = "wrong_period"


class PeriodTooLong(DomainError):
    """A report of days is asked for more days than one has. facts: days_max."""

    code = "period_too_long"


class TooManyRows(DomainError):
    """The table has more rows than a worksheet can hold; CSV has no such limit. facts: limit."""

    code = "too_many_rows"


class NameTaken(DomainError):
    """Another pool has this name. facts: name."""

    code = "name_taken"


class TariffInUse(DomainError):
    """The tariff has priced uses already, or would price some again. facts: charges (their number)."""

    code = "tariff_in_use"


class NotHandedBack(DomainError):
    """The slip has no amount yet: the machine is still out. facts: usage_id."""

    code = "not_handed_back"


class LedgerClosed(DomainError):
    """The ledger is not open yet, so that advances and fees cannot be posted, nor advances counted."""

    code = "ledger_closed"


class LedgerIsOpen(DomainError):
    """The ledger is open already; it is opened once. facts: opened_on (None: it was open from the beginning)."""

    code = "ledger_is_open"


class PeriodNotOpen(DomainError):
    """The posting date lies in a closed period, or in a soft-closed one and the login is no treasurer's.

    facts: posting_date.
    """

    code = "period_not_open"


class PeriodNotOver(DomainError):
    """The period has not ended yet, so that it cannot be closed. facts: name, last_day."""

    code = "period_not_over"


class EarlierPeriodOpen(DomainError):
    """An earlier period has entries and is not closed yet: periods are closed in their order. facts: name (its own)."""

    code = "earlier_period_open"


class WrongPeriodState(DomainError):
    """The period is closed, or already in the wanted state. facts: name, state."""

    code = "wrong_period_state"


class EventsUndelivered(DomainError):
    """Hand-backs of the period are not processed yet, so that a charge may be missing. facts: count."""

    code = "events_undelivered"


class OpenPoints(DomainError):
    """The checklist of the period has open points, and the caller did not accept them. facts: codes (list)."""

    code = "open_points"


class StaleClosing(DomainError):
    """Something was posted in the period, or the checklist changed, since it was shown. Nothing was closed."""

    code = "stale_closing"


class PeriodDivided(DomainError):
    """Periods of the other length were soft-closed or closed in this year. facts: name."""

    code = "period_divided"


class MemberWithoutEmail(DomainError):
    """No login of the member is enabled, and its record has no e-mail address. facts: id."""

    code = "member_without_email"


class WrongAccountNumber(DomainError):
    """An account number has 4 to 8 digits. facts: code, number."""

    code = "wrong_account_number"


class AccountNumberTaken(DomainError):
    """Two accounts would have the same number in a chart. facts: number."""

    code = "account_number_taken"


class ChargesAreIncome(DomainError):
    """The pool has no advances: its charges are income. facts: pool_id."""

    code = "charges_are_income"


class OtherPoolCounts(DomainError):
    """Another pool of the machine counts its charges already. facts: pool_id (the other one)."""

    code = "other_pool_counts"


class AdvanceCounted(DomainError):
    """An allocation counts the advance: it is reversed only after that allocation. facts: id, allocation_id."""

    code = "advance_counted"


class AlreadyCharged(DomainError):
    """Another transaction priced the slip at the same moment. facts: usage_id."""

    code = "already_charged"


class TariffNotFound(NotFound):
    """There is no such tariff."""

    code = "tariff_not_found"


class PoolNotFound(NotFound):
    """There is no such cost pool."""

    code = "pool_not_found"


class CostNotFound(NotFound):
    """There is no such cost."""

    code = "cost_not_found"


class AdvanceNotFound(NotFound):
    """There is no such advance."""

    code = "advance_not_found"


class AccountNotFound(NotFound):
    """There is no such account."""

    code = "account_not_found"


class PeriodNotFound(NotFound):
    """There is no such accounting period. facts: name."""

    code = "period_not_found"


class AllocationNotFound(NotFound):
    """There is no such allocation."""

    code = "allocation_not_found"
