"""The model of an exported table: columns by code, rows as plain values.

Headers, titles and the texts of codes are added by the caller, which knows the language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from billing.allocations.periods import Period

TEXT, CODE, YES_NO, DAY, INSTANT = "text", "code", "yes_no", "day", "instant"
WHOLE, DECIMAL, MONEY = "whole", "decimal", "money"

# Amounts of use in files whose rows may have different units; exact for all of them but time.
AMOUNT_DECIMALS = 3
PRICE_DECIMALS = 4

# Creation date in the properties of a file whose content has no date: never the clock, so that bytes repeat.
UNDATED = date(2020, 1, 1)

Cell = str | int | Decimal | date | datetime | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. All its cells are of its kind, or None.

    kind: text, code (one of a fixed set, each with a text), yes_no (a bool), day, instant (aware, by the clock that is
    to be shown), whole (integer), decimal (a number that is written with `decimals` decimals) or money (integer cents,
    shown in euro). sums_while: the column is summed, if each of these columns has only one value in the whole table;
    None: its sum makes no sense.
    """

    code: str
    kind: str
    decimals: int = 0
    sums_while: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows. name: code of its title. subject, days: what its rows are limited to, for the file's name.

    made_on: creation date in the file's properties. length: how many rows there are, at most; 0: few, not counted.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Iterator[Row]
    made_on: date
    subject: str = ""
    days: Period | None = None
    length: int = 0
