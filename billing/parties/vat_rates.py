"""Rates of VAT by date: entered by the treasurer, never guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors.document_errors import VatRateUnknown
from billing.models import VatRate
from billing.parties.kept_vat import HeldRate, Kept, kept_charges, kept_fees, kept_lines
from booking.errors.schedule_errors import Violation
from booking.kernel.claims import insert_if_absent
from booking.kernel.events import Actor
from booking.records import records

STANDARD, REDUCED, FLAT_RATE = "standard", "reduced", "flat_rate"
CODES = (STANDARD, REDUCED, FLAT_RATE)
PERCENT_MAX = Decimal("99.99")


@dataclass(frozen=True, slots=True)
class RateInput:
    """A rate in percent from a day on. known_until: the last day for which it is known to hold; None: no end."""

    code: str
    percent: Decimal
    valid_from: date
    known_until: date | None = None


def rates(session: Session) -> tuple[RateInput, ...]:
    """Return all rates by code, the latest first."""
    found = session.scalars(select(VatRate).order_by(VatRate.code, VatRate.valid_from.desc()))
    return tuple(RateInput(row.code, row.percent, row.valid_from, row.known_until) for row in found)


def rate_on(session: Session, code: str, day: date) -> Decimal:
    """Return the rate in percent that holds on a day of service. Raises VatRateUnknown where none is entered."""
    return rate_among(rates(session), code, day)


def rate_among(known: Iterable[RateInput], code: str, day: date) -> Decimal:
    """Return the rate in percent on a day of service, of rates in the order of rates(). Raises VatRateUnknown."""
    rate = next((one for one in known if one.code == code and one.valid_from <= day), None)
    if rate is None or (rate.known_until is not None and rate.known_until < day):
        raise VatRateUnknown(vat_code=code, day=day)
    return rate.percent


def enter_rate(session: Session, entry: RateInput, *, by: Actor, now: datetime) -> None:
    """Enter a rate, or correct the one of the same code and first day. What is posted keeps the rate it was made with.

    Raises RecordRefused. What is posted already is asked about before: billing/charges/rate_entry.py.
    """
    records.refuse(check_rate(entry))
    key = (entry.code, entry.valid_from)
    values = {"percent": entry.percent, "known_until": entry.known_until}
    is_new = insert_if_absent(session, VatRate, code=entry.code, valid_from=entry.valid_from, **values)
    row = session.get_one(VatRate, key, with_for_update=True, populate_existing=True)
    if not records.write(row, values) and not is_new:
        return
    session.flush()
    records.note(session, "vat_rate", int(entry.valid_from.isoformat().replace("-", "")), entry.code, by, now)


def kept(session: Session, entry: RateInput) -> Kept:
    """Return what is posted for the days of a rate with another one, which it keeps."""
    known = rates(session)
    try:
        percent = rate_among(known, entry.code, entry.valid_from)
    except VatRateUnknown:
        return Kept(0, 0)  # nothing was taxed then
    if percent == entry.percent:
        return Kept(0, 0)
    later = [one.valid_from for one in known if one.code == entry.code and one.valid_from > entry.valid_from]
    rate = HeldRate(entry.code, percent, entry.valid_from, min(later, default=None))
    is_flat = entry.code == FLAT_RATE
    sums = kept_charges(session, rate, is_flat=is_flat) + kept_fees(session, rate, is_flat=is_flat)
    return Kept(sums, kept_lines(session, rate, is_flat=is_flat))


def check_rate(entry: RateInput) -> list[Violation]:
    """Return percent_range, percent_form (too fine), last_day_before_first, day_too_early, day_too_late."""
    violations = records.check_day("valid_from", entry.valid_from) + records.check_day("known_until", entry.known_until)
    if not 0 <= entry.percent <= PERCENT_MAX:
        violations.append(Violation("percent_range", "percent", limit=str(PERCENT_MAX), actual=str(entry.percent)))
    elif entry.percent != round(entry.percent, 2):
        violations.append(Violation("percent_form", "percent", actual=str(entry.percent)))
    if entry.code not in CODES:
        violations.append(Violation("missing", "code"))
    if entry.known_until is not None and entry.known_until < entry.valid_from:
        violations.append(
            Violation("last_day_before_first", "known_until", limit=entry.valid_from, actual=entry.known_until)
        )
    return violations
