"""In a working nothing is rounded away."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from app.wording.billing import format_exact_amount


@pytest.mark.parametrize(
    ("small", "unit", "words"),
    [
        (1_250, "ha", "12.50 ha"),
        (380, "minute", "6 min 20 s"),
        (600, "minute", "10 min"),
        (5_400, "hour", "1 h 30 min"),
        (14_436, "hour", "4 h 36 s"),
        (-5_400, "hour", "-1 h 30 min"),
        (5_400, "engine_hour", "1.5 engine hours"),
        (3_920, "hour", "1 h 5 min 20 s"),
        (28_800, "place_day", "0.33 place days (8 h)"),
        (125, "t", "0.125 t"),
        (0, "hour", "0 min"),
    ],
)
def test_an_amount_is_shown_exactly(app, small, unit, words):
    with app.test_request_context(), force_locale("en"):
        assert format_exact_amount(small, unit) == words
