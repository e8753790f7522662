"""The blueprint of the desk, and what all its pages share."""

from __future__ import annotations

from datetime import date

from app.clock import now
from app.pages.costs import bp
from app.web.paging import page_number
from app.wording.billing import format_exact_amount
from app.wording.formats import as_zone
from app.wording.keys import part_of_words
from app.wording.tariffs import WorkingStep, beyond_estimate, included_step, working_steps
from billing.prices.pricing import PriceCalculation
from booking.queries.other_amounts import NamedAmount
from booking.times.wall_clock import local_day

PER_PAGE = 25
SUMMED_MAX = 250  # as in the list of slips


@bp.app_template_filter("format_exact_amount")
def exact_amount_filter(small: int, unit_code: str) -> str:
    """Format an exact amount; for every template, since the page of a slip shows calculations too."""
    return format_exact_amount(small, unit_code)


@bp.app_template_filter("part_of_words")
def part_of_words_filter(weight: int, weight_sum: int) -> str:
    """Format a weight as a part of the whole: 25.7845 %."""
    return part_of_words(weight, weight_sum)


@bp.app_template_filter("named_amount")
def named_amount_filter(one: NamedAmount) -> str:
    """Format an amount with its name: Pigs: 3 animals."""
    return f"{one.name}: {format_exact_amount(one.amount, one.charge_unit)}"


bp.add_app_template_global(beyond_estimate, "beyond_estimate")
bp.add_app_template_global(included_step, "included_step")


@bp.app_template_global("working_steps")
def steps_of(calculation: PriceCalculation) -> tuple[WorkingStep, ...]:
    """Return the working of a price with several lines; for every template."""
    return working_steps(calculation)


def today() -> date:
    """Return the present day by the ring's own clock."""
    return local_day(now(), as_zone(None))


def offset() -> int:
    """Return the offset of the requested page."""
    return (page_number() - 1) * PER_PAGE
