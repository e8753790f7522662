"""Texts of billing that several pages share: keys, bases, price classes, warnings."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_amount, format_money, format_number
from app.wording.units import CLOCK_UNITS
from billing.allocations.preview_models import PreviewWarning
from booking.charge_units import CHARGE_UNITS, to_decimal
from booking.queries import PriceClassView

KEY_LABELS: dict[str, Any] = {
    "use": _l("by use"),
    "shares": _l("by shares"),
    "head": _l("per head"),
    "own": _l("by a key of the pool"),
}

KEY_EXPLANATIONS: dict[str, Any] = {
    "use": _l("The members with a use in the period of the allocation, each in proportion to the amount used."),
    "shares": _l(
        "The members who hold shares of this pool on the service date of the bill, each in proportion to their shares. "
        "The period changes nothing."
    ),
    "head": _l(
        "Each member who holds shares of this pool on the service date of the bill bears the same part, however many "
        "shares. If nobody holds shares on that day: each member with a use in the period."
    ),
}

BASIS_LABELS: dict[str, Any] = {
    "used": _l("the amount used"),
    "larger": _l("the larger of the amounts reserved and used"),
    "booked": _l("the reserved amount"),
}


def key_label(key: str) -> str:
    """Return the text of a key."""
    return str(KEY_LABELS[key])


def key_explanation(key: str) -> str:
    """Return who bears costs with a key, and in what proportion."""
    return str(KEY_EXPLANATIONS[key])


def basis_label(basis: str) -> str:
    """Return the text of a basis."""
    return str(BASIS_LABELS[basis])


def price_class_label(price_class: PriceClassView) -> str:
    """Return the name of a price class in the language of the page."""
    return price_class.name_de if getattr(get_locale(), "language", "en") == "de" else price_class.name_en


def price_label(price_class: PriceClassView) -> str:
    """Return the label of the prices for a class."""
    return _("Price (%(price_class)s)", price_class=price_class_label(price_class))


MEMBER_WARNINGS: dict[str, Any] = {
    "leavers": _l("These members bear a part although their membership ends before the end of the period:"),
    "guests": _l("These guests of the ring bear a part like members. The pool can leave guests out:"),
    "guests_left_out": _l("These guests bear nothing, because the pool leaves guests out; the others bear their part:"),
    "meters_unread": _l("The meters of these members were not read in this period, so that they count nothing:"),
    "shares_ended": _l("The shares of these members ended with the membership and no longer count:"),
    "charges_not_counted": _l(
        "These members owe charges or advances of this period but bear none of the costs, so that nothing is counted "
        "for them:"
    ),
}


def warning_text(warning: PreviewWarning) -> str:
    """Return the text of a warning of a preview. With member_ids, their names follow it."""
    if warning.code in MEMBER_WARNINGS:
        return str(MEMBER_WARNINGS[warning.code])
    if warning.code == "advances_beyond":
        return ngettext(
            "%(num)s advance is not counted, because it is for a period that reaches beyond this one.",
            "%(num)s advances are not counted, because they are for periods that reach beyond this one.",
            warning.count,
        )
    return _slip_warning(warning) if warning.code in ("still_out", "disputed") else _history_warning(warning)


def _slip_warning(warning: PreviewWarning) -> str:
    if warning.code == "still_out":
        return ngettext(
            "%(num)s machine of this period is still out; its use is not counted.",
            "%(num)s uses of this period are still open; they are not counted.",
            warning.count,
        )
    return ngettext(
        "A member objects to %(num)s slip of this period; it counts as it stands.",
        "Members object to %(num)s slips of this period; they count as they stand.",
        warning.count,
    )


def _history_warning(warning: PreviewWarning) -> str:
    if warning.code == "late_cost":
        return _(
            "This period has already been allocated. Costs entered later are allocated by the same keys and posted now."
        )
    return _(
        "The last allocation of this pool was %(last)s; this one differs by a factor of five or more. "
        "Is an amount mistyped?",
        last=format_money(warning.last_cents),
    )


def format_exact_amount(small: int, unit_code: str) -> str:
    """Format an amount of use without rounding: 12.50 ha, 0.125 t, 6 min 20 s, 0.33 place days (8 h)."""
    unit = CHARGE_UNITS[unit_code]
    is_exact = small % 60 == 0 if unit_code in CLOCK_UNITS else to_decimal(small, unit) * unit.small_per_unit == small
    if is_exact:
        return format_amount(small, unit_code)
    clock = _clock(small)
    return f"{format_amount(small, unit_code)} ({clock})" if unit.places_count else clock


def too_fine_sentence(unit_code: str) -> str:
    """Return that an amount is finer than its unit is counted, with the finest step."""
    unit = CHARGE_UNITS[unit_code]
    if unit.decimals_at_most == 0:
        return _("Only whole numbers are counted here.")
    step = _clock(1) if unit.small_unit == "seconds" else format_amount(1, unit_code)
    return _("The finest step that is counted here is %(step)s.", step=step)


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    parts = (
        _("%(hours)s h", hours=format_number(hours)) if hours else "",
        _("%(minutes)s min", minutes=minutes) if minutes else "",
        _("%(seconds)s s", seconds=seconds) if seconds else "",
    )
    return " ".join(part for part in parts if part)
