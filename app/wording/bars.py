"""Figures -> places of bars in a chart, in per cent; macros/charts.html draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

TOP, BASE = 12.0, 86.0  # per cent of the height: the highest bar, the line that bars stand on
LEFT = 7.0
NICE = (1, 2, 2.5, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a column: its class and its place."""

    css: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, the words above it, its bars and its middle."""

    label: str
    words: str
    middle: float
    top: float
    bars: tuple[Bar, ...]


def stacked(columns: Sequence[tuple[str, str, Sequence[tuple[str, int]]]], *, left: float = LEFT) -> tuple[Column, ...]:
    """Return columns whose parts stand on each other: label, words above, parts as (class, value)."""
    most = max((sum(value for _css, value in parts) for _label, _words, parts in columns), default=0) or 1
    step = (100 - left) / max(len(columns), 1)
    return tuple(_stack(column, left + step * at, step, (BASE - TOP) / most) for at, column in enumerate(columns))


def twins(columns: Sequence[tuple[str, str, Sequence[tuple[str, int]]]], *, left: float = 0.0) -> tuple[Column, ...]:
    """Return columns whose parts stand behind each other, the first behind: last year, this year."""
    most = max((value for _label, _words, parts in columns for _css, value in parts), default=0) or 1
    step, scale = (100 - left) / max(len(columns), 1), (BASE - TOP) / most
    found = []
    for at, (label, words, parts) in enumerate(columns):
        x, width = left + step * (at + 0.15), step * 0.7
        bars = tuple(Bar(css, _r(x), _r(BASE - value * scale), _r(width), _r(value * scale)) for css, value in parts)
        top = min((bar.y for bar in bars), default=BASE)
        found.append(Column(label, words, _r(x + width / 2), _r(top - 3), bars))
    return tuple(found)


def shares(parts: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    """Return parts beside each other that make up a whole: (class, value)."""
    whole = sum(value for _css, value in parts) or 1
    bars, x = [], 0.0
    for css, value in parts:
        bars.append(Bar(css, _r(x), 0, _r(100 * value / whole), 100))
        x += 100 * value / whole
    return tuple(bars)


def spark(values: Sequence[int]) -> tuple[Bar, ...]:
    """Return a sparkline: the last value at the right."""
    most, step = max(values, default=0) or 1, 100 / max(len(values), 1)
    return tuple(
        Bar("", _r(step * at), _r(100 - 100 * value / most), _r(step * 0.7), _r(100 * value / most))
        for at, value in enumerate(values)
    )


def grid(most: int, lines: int = 2) -> tuple[tuple[float, float], ...]:
    """Return round values from 0 up to the highest with their places: (value, y)."""
    if most <= 0:
        return ((0, BASE),)
    size = 10 ** floor(log10(most / lines))
    step = max(nice * size for nice in NICE if nice * size <= most / lines)
    return tuple((step * at, _r(BASE - step * at * (BASE - TOP) / most)) for at in range(lines + 1))


def _stack(column: tuple[str, str, Sequence[tuple[str, int]]], x: float, step: float, scale: float) -> Column:
    label, words, parts = column
    bars, height = [], 0.0
    for css, value in parts:
        if value:
            height += value * scale
            bars.append(Bar(css, _r(x + step * 0.2), _r(BASE - height), _r(step * 0.6), _r(value * scale)))
    return Column(label, words, _r(x + step / 2), _r(BASE - height - 3), tuple(bars))


def _r(value: float) -> float:
    return round(value, 2)
