"""Texts of fees: kinds, and the working that a fee opens to."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_money, format_number, format_price
from app.wording.tariffs import WorkingStep
from billing.fees.working import PricedFee, Working

KIND_LABELS: dict[str, Any] = {
    "no_show": _l("No-show"),
    "late_cancel": _l("Late cancellation"),
    "dues": _l("Membership dues"),
    "material": _l("Material"),
    "other": _l("Other fee"),
}


def fee_kind_label(kind: str) -> str:
    """Return the kind of a fee."""
    return str(KIND_LABELS[kind])


def fee_steps(working: Working) -> tuple[WorkingStep, ...]:
    """Return the working of a fee, its sum last."""
    return (*_priced_steps(working), WorkingStep(_("Fee"), format_money(working.cents), is_sum=True))


def _priced_steps(working: PricedFee) -> tuple[WorkingStep, ...]:
    if working.quantity == 1 and not working.unit:
        return ()
    quantity = f"{format_number(working.quantity)} {working.unit}".strip()
    return (
        WorkingStep(_("Quantity"), quantity),
        WorkingStep(_("Price for one"), format_price(working.unit_price)),
    )
