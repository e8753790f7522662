"""Days in a row as text: what they share once, and in English the day before the month, as everywhere else."""

from __future__ import annotations

from datetime import date

import pytest

from app.wording import periods


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["23–29 Nov 2026", "29 Nov – 5 Dec 2026"]), ("de", ["23.–29. Nov. 2026", "29. Nov. – 5. Dez. 2026"])],
)
def test_days_of_one_month_and_of_two(monkeypatch, language, words):
    monkeypatch.setattr(periods, "page_locale", lambda: language)
    spans = [(date(2026, 11, 23), date(2026, 11, 29)), (date(2026, 11, 29), date(2026, 12, 5))]

    written = [periods.format_days(*span).replace("\N{THIN SPACE}", " ") for span in spans]

    assert written == words
