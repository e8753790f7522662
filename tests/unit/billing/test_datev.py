"""The DATEV batch, byte by byte as the golden file; characters, amounts and days that DATEV would not read."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from billing.exports.datev import BatchHeader, BatchRow, NotForDatev, batch, document_key, transliterated

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "EXTF_golden.csv"
NOVEMBER = date(2026, 11, 30)
HEADER = BatchHeader(
    created_at=datetime(2026, 11, 30, 18, 0),  # noqa: DTZ001 - the wall clock of whoever exports
    adviser=1001,
    client=1,
    fiscal_year_start=date(2026, 1, 1),
    first_day=date(2026, 11, 1),
    last_day=NOVEMBER,
    label="Ring November 2026",
    chart="03",
    origin="MR",
    exported_by="Kasse",
    application="GOLDEN",
)
FEE = BatchRow(
    4624,
    "S",
    "10002",
    "8519",
    NOVEMBER,
    "V-2026-000042",
    "Umlage November 2026 Hof Maier",
    service_day=NOVEMBER,
    cost_centre="RING",
)
ROWS = (
    FEE,
    BatchRow(
        154963,
        "S",
        "10002",
        "70001",
        NOVEMBER,
        "G-2026-000017",
        "Mähdrusch 12,50 ha Huber an Maier",
        service_day=date(2026, 11, 14),
    ),
    BatchRow(145656, "S", "70002", "10002", NOVEMBER, "G-2026-000018", "Verrechnung Maier mit eigener Gutschrift"),
    BatchRow(13931, "S", "1200", "10002", NOVEMBER, "V-2026-000042", 'Lastschrift "November"', mandate="M-0002-1"),
)


def test_the_batch_is_the_golden_file_to_the_byte():
    made = b"".join(batch(HEADER, ROWS))
    assert made == GOLDEN.read_bytes()
    assert hashlib.sha256(made).hexdigest().startswith("7d6210f8")


def test_characters_outside_windows_1252_become_like_ones():
    assert transliterated("Łukasz → 🐄") == "Lukasz -> ?"
    assert transliterated("Groß, Müller, 5 €, čž") == "Groß, Müller, 5 €, cž"
    assert transliterated("a\r\nb\x00c") == "a bc"
    assert transliterated("12,50\u202fha\u00a0Weizen") == "12,50 ha Weizen"
    assert document_key("R-2026 ü.1;2") == "R-202612"


def test_a_text_of_sixty_characters_keeps_its_quotes():
    (*_rest, line) = batch(HEADER, [replace(FEE, text='"' * 80)])
    assert line.decode("cp1252").split(";")[13] == '"' + '""' * 60 + '"'


@pytest.mark.parametrize(
    "wrong",
    [
        replace(FEE, cents=0),
        replace(FEE, cents=-1),
        replace(FEE, day=date(2026, 12, 1)),
        replace(FEE, day=date(2025, 11, 1)),
    ],
)
def test_what_datev_would_not_read_is_refused(wrong):
    with pytest.raises(NotForDatev):
        list(batch(HEADER, [wrong]))
