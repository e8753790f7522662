"""Every kind of line of a price explains itself, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask_babel import force_locale

from app.wording.tariffs import working_steps
from billing.prices.price_vat import VatTerms
from billing.prices.price_windows import PriceWindow
from billing.prices.pricing import PriceTerms
from billing.prices.slip_pricing import Adjustment, LineTerms, SlipTerms, SlipUse, price_slip
from booking.timespan import TimeSpan

HOUR = 3_600
NIGHT = PriceWindow(from_minute=22 * 60, until_minute=6 * 60)
USE = LineTerms("", "hour", ((0, Decimal(10)), (2 * HOUR, Decimal(8))), step_amount=HOUR, free_amount=HOUR)
KILOMETRES = LineTerms("Anfahrt", "km", ((0, Decimal("0.50")),), minimum_amount=10_000)
ADJUSTMENTS = (
    Adjustment("Nacht", "percent", Decimal(50), "times", NIGHT),
    Adjustment("Fahrer", "per_unit", Decimal(20)),
    Adjustment("Reinigung", "fixed", Decimal(5)),
)


# A cap, and VAT that is added; each line of the use, of the kilometres, and of what is added to both.
CAPPED = {
    "de": [
        "Die Nutzung selbst: 3 h 30 min",
        "Aufgerundet auf volle Schritte von 1 h: 4 h",
        "Frei: −1 h",
        "2 h × 10,00 € je Stunde: 20,00 €",
        "1 h × 8,00 € je Stunde: 8,00 €",
        "Staffeln zusammen: 28,00 €",
        "Anfahrt: 4,0 km",
        "Angehoben auf die Mindestmenge je Nutzung: 10,0 km",
        "10,0 km × 0,50 € je km: 5,00 €",
        "Nacht: 50 % von 33,00 €, für 2 h von 4 h: 8,25 €",
        "Fahrer: 4 h × 20,00 € je Stunde: 80,00 €",
        "Reinigung: 5,00 €",
        "Höchstens 90,00 € je Tag: -36,25 €",
        "19 % USt. auf 90,00 €: 17,10 €",
        "Preis: 107,10 €",
    ],
    "en": [
        "The use itself: 3 h 30 min",
        "Rounded up to whole steps of 1 h: 4 h",
        "Free of charge: −1 h",
        "2 h × €10.00 per hour: €20.00",
        "1 h × €8.00 per hour: €8.00",
        "Tiers together: €28.00",
        "Anfahrt: 4.0 km",
        "Raised to the minimum amount of a use: 10.0 km",
        "10.0 km × €0.50 per km: €5.00",
        "Nacht: 50% of €33.00, for 2 h of 4 h: €8.25",
        "Fahrer: 4 h × €20.00 per hour: €80.00",
        "Reinigung: €5.00",
        "At most €90.00 a day: -€36.25",
        "19% VAT on €90.00: €17.10",
        "Price: €107.10",
    ],
}
RAISED = {
    "de": [
        "Angehoben auf den Mindestpreis einer Nutzung, 500,00 €: 472,00 €",
        "Preis: 500,00 €",
        "darin 19 % USt.: 79,83 €",
    ],
    "en": ["Raised to the minimum price of a use, €500.00: €472.00", "Price: €500.00", "19% VAT included: €79.83"],
}


def steps_of(terms, use, app, language):
    with app.app_context(), force_locale(language):
        steps = working_steps(price_slip(terms, use))
        return [f"{step.text}: {step.figure}".replace("\N{NO-BREAK SPACE}", " ") for step in steps]


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_line_of_a_price_explains_itself(app, language):
    begin = datetime(2026, 6, 1, 20, 0, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    use = SlipUse(
        3 * HOUR + 1_800,
        amounts={"Anfahrt": 4_000},
        span=TimeSpan(begin, begin + timedelta(hours=4)),
        zone=ZoneInfo("Europe/Berlin"),
    )
    main = PriceTerms(Decimal(10), HOUR, step_amount=HOUR)
    capped = SlipTerms(main, "hour", USE, (KILOMETRES,), ADJUSTMENTS, 9_000, VatTerms(Decimal(19), is_included=False))
    raised = SlipTerms(
        PriceTerms(Decimal(10), HOUR, step_amount=HOUR, minimum_cents=50_000),
        "hour",
        USE,
        vat=VatTerms(Decimal(19), is_included=True),
    )

    assert steps_of(capped, use, app, language) == CAPPED[language]
    assert steps_of(raised, use, app, language)[-3:] == RAISED[language]
