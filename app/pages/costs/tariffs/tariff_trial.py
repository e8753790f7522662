"""Trying what is in the form of a tariff: an example, and what the last year would have cost. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import request
from sqlalchemy.orm import Session

from app.forms.text_fields import text_of
from app.pages.costs.tariffs.tariff_form import TariffForm
from app.wording.billing import price_class_label
from billing.prices.pricing import PriceCalculation
from billing.prices.slip_pricing import SlipTerms, SlipUse
from billing.tariffs.tariff_trial import ClassCost, SeasonCost, last_season, price_example, terms_by_class
from booking.kernel.errors import DomainError
from booking.queries import MachineCard, price_classes
from booking.times.wall_clock import first_instant
from booking.timespan import TimeSpan

TRY = "try"  # the button that stores nothing
EXAMPLE_STARTS = time(8)


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """A price class, or all of them, in the season that was looked at."""

    label: str
    cost: ClassCost


@dataclass(frozen=True, slots=True)
class TariffTrial:
    """What a tariff would cost. examples: pairs of a class and a price; () where no amount was typed."""

    charge_unit: str
    examples: tuple[tuple[str, PriceCalculation], ...]
    season: SeasonCost
    rows: tuple[SeasonRow, ...]


def is_trial() -> bool:
    """Return whether the form was sent to be tried."""
    return TRY in request.form


def tried(session: Session, card: MachineCard, form: TariffForm, *, today: date) -> TariffTrial | None:
    """Return what the tariff in a form would cost; None where it is refused, with the reasons at the fields."""
    if not form.validate():
        return None
    entry = form.entry()
    try:
        terms = terms_by_class(session, entry, form.unit.code)
    except DomainError as refusal:
        form.show_refusal(refusal)
        return None
    names = {each.code: price_class_label(each) for each in price_classes(session)}
    prices = price_example(terms, _example(card, form, next(iter(terms.values()))))
    has_example = form.example.small is not None or any(row.example.small for row in form.line_rows)
    season = last_season(session, card, terms, until=today)
    return TariffTrial(
        form.unit.code,
        tuple((names[code], price) for code, price in prices.items()) if has_example else (),
        season,
        tuple(SeasonRow(names[code], season.by_class[code]) for code in names if code in season.by_class),
    )


def repriced(
    session: Session, card: MachineCard, form: TariffForm, later: Iterable[date], *, today: date
) -> SeasonCost | None:
    """Return what the uses that a tariff prices again were charged, and what they would be; None if it is refused.

    later: the days on which other tariffs of the machine begin. Call after a validation that found nothing.
    """
    entry = form.entry()
    ends = [day - timedelta(days=1) for day in later if day > entry.valid_from]
    try:
        terms = terms_by_class(session, entry, form.unit.code)
    except DomainError:
        return None
    return last_season(session, card, terms, since=entry.valid_from, until=min([today, *ends]))


def _example(card: MachineCard, form: TariffForm, terms: SlipTerms) -> SlipUse:
    """Return the example of a form: on the first day of the tariff from 8:00 on, with all variants."""
    assert form.valid_from.data
    amount = form.example.small or 0
    start = first_instant(datetime.combine(form.valid_from.data, EXAMPLE_STARTS), card.zone)
    seconds = amount if form.unit.from_clock else 3_600
    return SlipUse(
        amount,
        amount if form.unit.from_clock else None,
        amounts={text_of(row.name): row.example.small for row in form.line_rows if row.example.small},
        choices=frozenset(terms.choices),
        span=TimeSpan(start, start + timedelta(seconds=max(seconds, 1))),
        zone=card.zone,
    )
