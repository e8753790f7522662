"""The accent family: whatever colour a ring chooses, words on it and in it can be read in both schemes."""

from __future__ import annotations

import colorsys
import re
from pathlib import Path

import pytest

from app.accent import SURFACES, accent_family, stylesheet

TOKENS = Path("app/static/css/tokens.css").read_text(encoding="utf-8")
GREYS_AND_EDGES = [
    "#000000",
    "#ffffff",
    "#808080",
    "#ffff00",
    "#00ffff",
    "#ff00ff",
    "#ff0000",
    "#00ff00",
    "#0000ff",
    "#d9a400",
]
PROPOSED = ["#14532d", "#8f1d3f", "#1d4ed8", "#111111", "#2fb5a0"]
COLOURS = [
    *GREYS_AND_EDGES,
    *PROPOSED,
    *(
        "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue / 24, lightness, saturation))
        for hue in range(24)
        for lightness, saturation in (
            (0.1, 1),
            (0.25, 0.6),
            (0.4, 1),
            (0.5, 0.3),
            (0.6, 1),
            (0.75, 0.7),
            (0.9, 1),
            (0.97, 0.4),
        )
    ),
]
# word, ground, ratio
PAIRS = [
    ("accent-ink", "accent", 4.5),
    *(("accent-text", ground, 4.5) for ground in ("paper", "surface", "surface-2", "accent-tint", "accent-tint-2")),
    ("hero-ink", "hero", 4.5),
    ("hero-ink-2", "hero", 4.5),
    ("accent", "surface", 3),
]
FIXED = [
    *(("ink", ground, 4.5) for ground in ("paper", "surface", "surface-2", "overlay")),
    *(("ink-2", ground, 4.5) for ground in ("paper", "surface", "surface-2", "overlay")),
    *((name, f"{name}-tint", 4.5) for name in ("wait", "stop", "info", "good", "shut")),
    *((name, "surface", 4.5) for name in ("wait", "stop", "good")),
    ("surface", "wait", 4.5),
    ("taken-ink", "taken", 4.5),
    *((name, "surface", 3) for name in ("ink-3", "field", "now", "c2", "c3")),
]


def luminance(colour: str) -> float:
    """The relative luminance of WCAG."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    """The ratio of WCAG."""
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def neutrals() -> dict[str, tuple[str, str]]:
    """The tokens of tokens.css that are two colours."""
    found = re.findall(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
    return {name: (light, dark) for name, light, dark in found}


def below(tokens: dict[str, tuple[str, str]], pairs: list[tuple[str, str, float]]) -> list[str]:
    """The pairs that are too close to each other, in either scheme."""
    return [
        f"{word} on {ground}, {scheme}: {found:.2f}"
        for word, ground, ratio in pairs
        for at, scheme in enumerate(("light", "dark"))
        if (found := contrast(tokens[word][at], tokens[ground][at])) < ratio
    ]


def test_words_stay_legible_with_every_colour_that_a_ring_may_choose():
    assert len(set(COLOURS)) >= 200
    fixed = neutrals() | {"hero-ink": ("#ffffff", "#ffffff")}
    assert fixed["surface"] == SURFACES

    assert {colour: found for colour in COLOURS if (found := below(fixed | accent_family(colour), PAIRS))} == {}


def test_the_fixed_colours_are_legible_on_their_grounds():
    assert below(neutrals(), FIXED) == []


def test_tokens_start_with_the_family_of_the_default_colour():
    assert {name: neutrals()[name] for name in accent_family("#14532d") if name in neutrals()} == accent_family(
        "#14532d"
    )


@pytest.mark.parametrize("colour", ["#14532d", "#d9a400"])
def test_the_stylesheet_has_plain_values_first_for_browsers_without_light_dark(colour):
    css = stylesheet(colour)

    assert css.index("--accent:#") < css.index("@supports") < css.index("light-dark(#")
