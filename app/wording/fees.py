"""Texts of fees: kinds, and the working that a fee opens to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.wording.formats import format_length, format_money, format_number, format_price
from app.wording.tariffs import WorkingStep
from billing.fees.deposits import DepositEntry
from billing.fees.missed_working import MissedFee
from billing.fees.terms import TermsEntry
from billing.fees.working import PricedFee, Working
from billing.queries.fees import FeeView
from billing.queries.materials import MaterialView
from billing.rounding import half_up

KIND_LABELS: dict[str, Any] = {
    "no_show": _l("No-show"),
    "late_cancel": _l("Late cancellation"),
    "dues": _l("Membership dues"),
    "material": _l("Material"),
    "other": _l("Other fee"),
    "deposit": _l("Deposit"),
}

# What to do where a fee was taken back by mistake.
_MISSED = _l(
    "The reversal itself cannot be taken back, and this fee is not made again: if it is to be owed after all, enter it "
    "as another fee."
)
_ENTERED = _l("The reversal itself cannot be taken back: enter the fee again.")
ONCE_REVERSED: dict[str, Any] = {
    "no_show": _MISSED,
    "late_cancel": _MISSED,
    "dues": _l(
        "The reversal itself cannot be taken back: call the membership dues again, who owes them already is left out."
    ),
    "material": _ENTERED,
    "other": _ENTERED,
    "deposit": _l("The reversal itself cannot be taken back, and no second deposit is asked for this use."),
}

MOVE_LABELS: dict[str, Any] = {
    "receipt": _l("Goods received"),
    "sale": _l("Sold"),
    "return": _l("Given back"),
    "count": _l("Stocktaking"),
}


def quantity_text(quantity: Decimal, unit: str) -> str:
    """Return a quantity with its unit, in the language of the page."""
    return f"{format_number(quantity)} {unit}".strip()


def material_choice(material: MaterialView) -> str:
    """Return how a material reads where one is chosen: its price and its stock."""
    return _(
        "%(name)s, %(price)s for 1 %(unit)s (%(stock)s in stock)",
        name=material.name,
        price=format_price(material.unit_price),
        unit=material.unit,
        stock=quantity_text(material.in_stock, material.unit),
    )


def fee_kind_label(kind: str) -> str:
    """Return the kind of a fee."""
    return str(KIND_LABELS[kind])


def fee_text(fee: FeeView) -> str:
    """Return what a fee is for: what was typed, else its kind."""
    return fee.text or fee_kind_label(fee.kind)


def cancel_sentence(working: MissedFee) -> str:
    """Return what cancelling now would cost."""
    if working.is_free:
        return _(
            "Cancelling now is late, but this time it costs nothing: it is one of those that are free in twelve months."
        )
    facts = {
        "sum": format_money(working.cents),
        "percent": working.percent,
        "price": format_money(working.base_cents),
    }
    if working.is_capped:
        return _(
            "Cancelling now costs %(sum)s, the most that is owed: %(percent)s%% of the planned price of %(price)s "
            "would be more. Time that others take instead is deducted.",
            **facts,
        )
    return _(
        "Cancelling now costs %(sum)s: %(percent)s%% of the planned price of %(price)s. Time that others take "
        "instead is deducted.",
        **facts,
    )


def fee_steps(working: Working) -> tuple[WorkingStep, ...]:
    """Return the working of a fee, its sum last."""
    steps = _missed_steps(working) if isinstance(working, MissedFee) else _priced_steps(working)
    return (*steps, WorkingStep(_("Fee"), format_money(working.cents), is_sum=True))


def _missed_steps(working: MissedFee) -> Iterator[WorkingStep]:
    yield WorkingStep(_("Planned price"), format_money(working.base_cents))
    if working.notice_seconds is not None:
        yield WorkingStep(_("Cancelled before the start"), format_length(max(0, working.notice_seconds)))
    share = half_up(Fraction(working.base_cents * working.percent, 100))
    yield WorkingStep(_("%(percent)s%% of it", percent=working.percent), format_money(share))
    if working.is_capped:
        yield WorkingStep(_("At most"), format_money(working.cap_cents or 0))
    if working.refilled_seconds:
        left = format_length(working.seconds - working.refilled_seconds)
        yield WorkingStep(
            _("Not used by others"), _("%(left)s of %(all)s", left=left, all=format_length(working.seconds))
        )


def _priced_steps(working: PricedFee) -> tuple[WorkingStep, ...]:
    if working.quantity == 1 and not working.unit:
        return ()
    return (
        WorkingStep(_("Quantity"), quantity_text(working.quantity, working.unit)),
        WorkingStep(_("Price for one"), format_price(working.unit_price)),
    )


def deposit_sentence(entry: DepositEntry) -> str:
    """Return what a machine asks when it is handed out."""
    if not entry.cents:
        return _("No deposit is asked.")
    if entry.is_set_off:
        return _("A deposit of %(sum)s at hand-out; it is set off against the charge.", sum=format_money(entry.cents))
    return _(
        "A deposit of %(sum)s at hand-out; it goes back when the machine comes back.", sum=format_money(entry.cents)
    )


def terms_sentences(entry: TermsEntry) -> list[str]:
    """Return what missing a reservation costs, as sentences."""
    found = []
    if entry.no_show_percent:
        found.append(_("No-show: %(percent)s%% of the planned price.", percent=entry.no_show_percent))
    for hours, percent in entry.notices:
        found.append(
            ngettext(
                "Cancelled less than %(num)s hour before the start: %(percent)s%% of the planned price.",
                "Cancelled less than %(num)s hours before the start: %(percent)s%% of the planned price.",
                hours,
                percent=percent,
            )
        )
    if not found:
        return [_("Missing a reservation costs nothing.")]
    if entry.base_cents:
        found.append(
            _("Where the price is known only after the use, it counts as %(sum)s.", sum=format_money(entry.base_cents))
        )
    if entry.cap_cents:
        found.append(_("At most %(sum)s.", sum=format_money(entry.cap_cents)))
    if entry.free_times:
        found.append(
            ngettext(
                "The first one in twelve months costs nothing.",
                "The first %(num)s in twelve months cost nothing.",
                entry.free_times,
            )
        )
    found.append(_("Time that others take instead is deducted: the fee is fixed when the reserved time is over."))
    return found
