"""The event log shows the day of service and the period of charges and allocations, in both languages."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from app.wording.events import timeless_texts

CHARGED = {"charge_id": 1, "usage_id": 2, "member_id": 3, "machine_id": 4, "cents": 500, "service_date": "2026-11-05"}
ALLOCATED = {"allocation_id": 1, "total_cents": 10_000, "period_from": "2026-11-01", "period_until": "2026-11-30"}


@pytest.mark.parametrize(
    ("facts", "language", "details"),
    [
        (CHARGED, "en", ["€5.00", "used on 5 Nov 2026"]),
        (CHARGED, "de", ["5,00\xa0€", "genutzt am 05.11.2026"]),
        (ALLOCATED, "en", ["€100.00", "period 1 Nov 2026 – 30 Nov 2026"]),
        (ALLOCATED, "de", ["100,00\xa0€", "Zeitraum 01.11.2026 – 30.11.2026"]),
        (CHARGED | {"service_date": None}, "en", ["€5.00"]),
    ],
)
def test_the_dates_of_an_event_are_shown(app, facts, language, details):
    with app.test_request_context(), force_locale(language):
        assert timeless_texts(facts) == details
