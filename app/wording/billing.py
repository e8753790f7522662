"""Words of the money that more than one page says: keys, bases, remarks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.wording.formats import UNIT_NAMES, amount, money, number
from billing.figures import Remark
from booking.charge_units import CHARGE_UNITS, to_decimal

KEY_WORDS: dict[str, Any] = {
    "use": _l("by use"),
    "shares": _l("by shares"),
    "head": _l("per head"),
}

BASIS_WORDS: dict[str, Any] = {
    "used": _l("what was used"),
    "larger": _l("the larger of booked and used"),
    "booked": _l("what was booked"),
}

PRICE_CLASS_WORDS: dict[str, Any] = {"member": _l("member"), "guest": _l("guest")}


def key_words(key: str) -> str:
    """How a pot is divided."""
    return str(KEY_WORDS[key])


def basis_words(basis: str) -> str:
    """What counts for the price."""
    return str(BASIS_WORDS[basis])


def remark_words(remark: Remark) -> str:
    """What the treasurer should look at before posting."""
    if remark.code == "still_out":
        return ngettext(
            "%(num)s machine of this period is still out; its use is not counted.",
            "%(num)s uses of this period are still open; they are not counted.",
            remark.count,
        )
    if remark.code == "disputed":
        return ngettext(
            "A member objects to %(num)s slip of this period; it counts as it stands.",
            "Members object to %(num)s slips of this period; they count as they stand.",
            remark.count,
        )
    if remark.code == "late_cost":
        return _("This period is allocated already. What came later is divided by the same keys and posted now.")
    return _(
        "The last allocation of this pool came to %(last)s: five times less or more. Is a figure mistyped?",
        last=money(remark.last_cents),
    )


def exact_amount(small: int, unit_code: str) -> str:
    """An amount of use with nothing rounded away: 12.50 ha, 0.125 t, 6 min 20 s, 0.33 place days (8 h)."""
    unit = CHARGE_UNITS[unit_code]
    if to_decimal(small, unit) * unit.small_per_unit == small:
        return amount(small, unit_code)
    if unit.small_unit != "seconds":
        return f"{number(Decimal(small) / unit.small_per_unit)} {UNIT_NAMES[unit_code]}"
    clock = _clock(small)
    return f"{amount(small, unit_code)} ({clock})" if unit.places_count else clock


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    parts = (
        _("%(hours)s h", hours=hours) if hours else "",
        _("%(minutes)s min", minutes=minutes) if minutes else "",
        _("%(seconds)s s", seconds=seconds) if seconds else "",
    )
    return " ".join(part for part in parts if part)
