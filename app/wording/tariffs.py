"""Texts of tariffs: what their parts say, in sentences, and the lines of a price with its working."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.wording.billing import format_exact_amount
from app.wording.documents import CODE_LABELS
from app.wording.formats import format_money, format_number, format_price, format_short_weekday, format_unit_price
from app.wording.opening_hours import A_MONDAY, minute_text
from app.wording.parties import format_percent
from app.wording.units import UNIT_NAMES
from billing.prices.price_windows import DAY_MINUTES, EVERY_DAY, PriceWindow
from billing.prices.pricing import PriceCalculation
from billing.prices.slip_pricing import CHOSEN, Adjustment, SlipTerms
from billing.prices.tariff_parts import AdjustmentEntry, LineEntry, TariffParts, TierEntry
from billing.prices.working import CAP, FIXED, FLOOR, LINE, MINIMUM, PER_UNIT, PERCENT, USE, VAT, WorkingLine

KIND_LABELS: dict[str, Any] = {
    PERCENT: _l("per cent of the price"),
    FIXED: _l("euro per use"),
    PER_UNIT: _l("euro per unit of the use"),
}
APPLIES_LABELS: dict[str, Any] = {
    "always": _l("to each use"),
    "chosen": _l("where it is chosen (a variant)"),
    "times": _l("at some times"),
}
WEEKDAY_LABELS: dict[int, Any] = {
    EVERY_DAY: _l("every day"),
    0b0011111: _l("Monday to Friday"),
    0b1100000: _l("Saturday and Sunday"),
    0b0100000: _l("Saturday"),
    0b1000000: _l("Sunday"),
}
UNTAXED = ("exempt", "outside")  # codes of VAT without a rate
MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
TIER_LABELS: dict[str, Any] = {
    "graduated": _l("Each tier has its price: the first units keep the first price"),
    "volume": _l("The price of the tier reached holds for the whole amount"),
}


VAT_MODES: dict[str, Any] = {
    "included": _l("include VAT"),
    "added": _l("are without VAT: it is added"),
}


@dataclass(frozen=True, slots=True)
class WorkingStep:
    """One line of the working: a text and its figure. is_sum: the price itself."""

    text: str
    figure: str
    is_sum: bool = False


def working_steps(calculation: PriceCalculation, *, with_included: bool = True) -> tuple[WorkingStep, ...]:
    """Return the working of a price with several lines; () for a use with one price.

    with_included: below the price the VAT that it includes. Documents state it once, for all their lines.
    """
    if not calculation.lines:
        return ()
    steps = [step for line in calculation.lines for step in _steps(line, len(calculation.lines) > 1)]
    included = included_step(calculation) if with_included else None
    price = WorkingStep(_("Price"), format_money(calculation.cents), is_sum=True)
    return (*steps, price, included) if included else (*steps, price)


def included_step(calculation: PriceCalculation) -> WorkingStep | None:
    """Return what VAT a price includes; None where it includes none, or nothing is said of it."""
    vat = calculation.included_vat
    if vat is None:
        return None
    return WorkingStep(_("%(percent)s VAT included", percent=format_percent(vat.percent)), format_money(vat.cents))


def vat_sentence(tax_code: str | None, *, includes_vat: bool) -> str:
    """Return what a tariff says of VAT; "" for nothing."""
    if tax_code is None:
        return ""
    label = CODE_LABELS.get(tax_code, tax_code)
    if tax_code in UNTAXED:
        return str(label)
    return _("included, %(rate)s", rate=label) if includes_vat else _("added to the prices, %(rate)s", rate=label)


def _steps(line: WorkingLine, is_named: bool) -> Iterator[WorkingStep]:
    if line.kind in (USE, LINE):
        yield from _amount_steps(line, is_named)
    else:
        yield WorkingStep(_adjustment_text(line), format_money(line.cents))


def _amount_steps(line: WorkingLine, is_named: bool) -> Iterator[WorkingStep]:
    unit = line.charge_unit
    name = line_name(line.name, line.kind, unit) if is_named else _("Used")
    yield WorkingStep(name, format_exact_amount(line.used_amount, unit))
    if line.counted_amount != line.used_amount:
        yield WorkingStep(_("Counted"), format_exact_amount(line.counted_amount, unit))
    if line.stepped_amount != line.counted_amount:
        text = _("Rounded up to whole steps of %(step)s", step=format_exact_amount(line.step_amount, unit))
        yield WorkingStep(text, format_exact_amount(line.stepped_amount, unit))
    if line.charged_amount != line.stepped_amount:
        yield WorkingStep(_("Raised to the minimum amount of a use"), format_exact_amount(line.charged_amount, unit))
    if line.free_amount:
        yield WorkingStep(_("Free of charge"), "−" + format_exact_amount(line.free_amount, unit))
    for part in line.parts:
        exact = Fraction(part.unit_price) * part.amount / line.small_per_unit
        figure = format_money(line.cents) if len(line.parts) == 1 else _exact_price(exact)
        amount = format_exact_amount(part.amount, unit)
        yield WorkingStep(f"{amount} × {format_unit_price(part.unit_price, unit)}", figure)
    if len(line.parts) > 1:
        yield WorkingStep(_("Tiers together"), format_money(line.cents))


def _exact_price(exact: Fraction) -> str:
    return format_price(round(Decimal(exact.numerator) / exact.denominator, 4))


def _adjustment_text(line: WorkingLine) -> str:
    if line.kind == PERCENT:
        return _percent_text(line)
    if line.kind == VAT:
        assert line.percent is not None
        return _("%(percent)s VAT on %(sum)s", percent=format_percent(line.percent), sum=format_money(line.base_cents))
    if line.kind == FIXED:
        return line.name
    if line.kind == PER_UNIT:
        part = line.parts[0]
        amount = format_exact_amount(part.amount, line.charge_unit)
        return f"{line.name}: {amount} × {format_unit_price(part.unit_price, line.charge_unit)}"
    return _limit_text(line)


def _percent_text(line: WorkingLine) -> str:
    assert line.percent is not None
    percent = format_number(line.percent.normalize() + 0)
    values = {"name": line.name, "percent": percent, "sum": format_money(line.base_cents)}
    if line.share_seconds == line.of_seconds:
        return _("%(name)s: %(percent)s%% of %(sum)s", **values)
    return _(
        "%(name)s: %(percent)s%% of %(sum)s, for %(part)s of %(whole)s",
        **values,
        part=format_exact_amount(line.share_seconds, "hour"),
        whole=format_exact_amount(line.of_seconds, "hour"),
    )


def _limit_text(line: WorkingLine) -> str:
    if line.kind == MINIMUM:
        return _("Raised to the minimum price of a use, %(sum)s", sum=format_money(line.limit_cents))
    if line.kind == FLOOR:
        return _("A discount never pays out")
    assert line.kind == CAP
    text = ngettext(
        "At most %(sum)s a day",
        "At most %(sum)s a day, for %(num)s days",
        line.days,
        sum=format_money(line.limit_cents),
    )
    if line.earlier_cents:
        text += ", " + _("%(sum)s of it charged for earlier uses", sum=format_money(line.earlier_cents))
    return text


def line_name(name: str, kind: str, unit_code: str) -> str:
    """Return the name of a line; of the use itself, where it has none, that."""
    if name:
        return name
    return _("The use itself") if kind == USE else str(UNIT_NAMES[unit_code])


def part_sentences(parts: TariffParts, charge_unit: str, class_names: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a tariff has beyond its prices, a sentence for each. class_names: price class -> its name."""
    main = parts.main
    found = [*_tier_sentences("", main.tiers, charge_unit, class_names)]
    if main.tiers:
        found.append(f"{TIER_LABELS['volume' if main.is_volume else 'graduated']}.")
    if main.free_amount:
        found.append(_("Free in each use: %(amount)s.", amount=format_exact_amount(main.free_amount, charge_unit)))
    if main.month_free_amount:
        amount = format_exact_amount(main.month_free_amount, charge_unit)
        found.append(_("Free for each member in a month: %(amount)s.", amount=amount))
    for line in parts.lines:
        found += _line_sentences(line, class_names)
    found += [_adjustment_sentence(one) for one in parts.adjustments]
    return tuple(found)


def beyond_estimate(terms: SlipTerms, *, is_estimated: bool, choices: Collection[str] = ()) -> tuple[str, ...]:
    """Return what a use may cost beyond what is estimated, a sentence for each. is_estimated: the use itself is.

    choices: the variants that are chosen; they are in the estimate.
    """
    unit = terms.charge_unit
    tiers = terms.line.tiers[1:] if terms.line is not None and not is_estimated else ()
    found = [
        _(
            "Beyond %(amount)s: %(prices)s.",
            amount=format_exact_amount(start, unit),
            prices=format_unit_price(price, unit),
        )
        for start, price in tiers
    ]
    lines = (line for line in terms.lines if not (is_estimated and line.from_clock))
    found += [f"{line.name}: {format_unit_price(line.tiers[0][1], line.charge_unit)}." for line in lines]
    for one in terms.adjustments:
        is_chosen = one.applies == CHOSEN and one.name in choices
        if not is_estimated or (one.applies == CHOSEN and not is_chosen):
            found.append(_adjustment_sentence(one, is_chosen=is_chosen))
    return (*found, _("VAT is added to these prices.")) if found and terms.adds_vat else tuple(found)


def _prices(prices: Mapping[str, Decimal], unit: str, class_names: Mapping[str, str]) -> str:
    found = ((prices[code], name) for code, name in class_names.items() if code in prices)
    return ", ".join(f"{format_unit_price(price, unit)} ({name})" for price, name in found)


def _tier_sentences(name: str, tiers: Sequence[TierEntry], unit: str, class_names: Mapping[str, str]) -> Iterator[str]:
    for tier in tiers:
        amount = format_exact_amount(tier.from_amount, unit)
        text = _("Beyond %(amount)s: %(prices)s.", amount=amount, prices=_prices(tier.prices, unit, class_names))
        yield f"{name}: {text}" if name else text


def _line_sentences(line: LineEntry, class_names: Mapping[str, str]) -> Iterator[str]:
    unit = line.charge_unit
    text = f"{line.name}: {_prices(line.prices, unit, class_names)}"
    if line.step_amount > 1:
        text += ", " + _("in steps of %(step)s", step=format_exact_amount(line.step_amount, unit))
    if line.minimum_amount:
        text += ", " + _("at least %(sum)s", sum=format_exact_amount(line.minimum_amount, unit))
    if line.free_amount and line.free_times == 1:
        text += ", " + _("the first %(amount)s free", amount=format_exact_amount(line.free_amount, unit))
    elif line.free_amount:
        text += ", " + _("the first %(amount)s of each way free", amount=format_exact_amount(line.free_amount, unit))
    if line.is_required:
        text += ", " + _("always to be entered")
    yield text + "."
    yield from _tier_sentences(line.name, line.tiers, unit, class_names)


def _adjustment_sentence(one: AdjustmentEntry | Adjustment, *, is_chosen: bool = False) -> str:
    number = format_number(one.value.normalize() + 0)
    if one.kind == PERCENT:
        value = _("%(number)s%%", number=number)
    elif one.kind == FIXED:
        value = _("%(price)s per use", price=format_price(one.value))
    else:
        value = _("%(price)s per unit of the use", price=format_price(one.value))
    when = window_text(one.window) if one.window is not None else str(APPLIES_LABELS[one.applies])
    if is_chosen:
        when = _("chosen")
    return f"{one.name}: {value}, {when}."


def window_text(window: PriceWindow) -> str:
    """Return when a time is: Monday to Friday, 22:00 – 6:00, 1.12. – 28.2."""
    parts = [weekdays_text(window.weekdays)]
    if (window.from_minute, window.until_minute) != (0, DAY_MINUTES):
        parts.append(f"{minute_text(window.from_minute)} – {minute_text(window.until_minute)}")
    if (window.from_day, window.until_day) != (101, 1231):
        parts.append(f"{season_day(window.from_day)} – {season_day(window.until_day)}")
    return ", ".join(parts)


def weekdays_text(weekdays: int) -> str:
    """Return the weekdays of a time."""
    if weekdays in WEEKDAY_LABELS:
        return str(WEEKDAY_LABELS[weekdays])
    days = (A_MONDAY.replace(day=1 + day) for day in range(7) if weekdays >> day & 1)
    return ", ".join(format_short_weekday(day) for day in days)


def season_day(number: int) -> str:
    """Return 1.12. of a day of a season, as it is typed."""
    return f"{number % 100}.{number // 100}."


def parse_season_day(text: str) -> int | None:
    """Return the number of a day typed as 1.12.; None for any other text."""
    day, _dot, month = text.strip().rstrip(".").partition(".")
    if not (day.isdecimal() and month.isdecimal() and len(day) <= 2 and len(month) <= 2):
        return None
    if not 1 <= int(month) <= len(MONTHS) or not 1 <= int(day) <= MONTHS[int(month) - 1]:
        return None
    return int(month) * 100 + int(day)
