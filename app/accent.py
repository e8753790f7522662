"""The accent family of a ring: from its one colour the values that stay legible in the light and in the dark scheme.

Hue and chroma are the ring's, the lightness is bounded where words must be read, in OKLab (Björn Ottosson, 2020,
https://bottosson.github.io/posts/oklab/). Computed here and not by relative colours in CSS, so that older browsers get
them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import atan2, cos, hypot, sin

RGB = tuple[float, float, float]  # linear, 0 to 1
LAB = tuple[float, float, float]  # OKLab

BLACK_ON_ACCENT = 0.20  # lightness of words on the accent of the dark scheme
SURFACES = ("#ffffff", "#201e1a")  # of the light and the dark scheme, as in tokens.css
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
STEPS = 16  # of the bisection that brings a colour into sRGB: finer than one of 256 steps


def is_colour(text: str) -> bool:
    """Return whether a text is a colour as it is stored: #rrggbb."""
    return COLOUR.fullmatch(text) is not None


@lru_cache(maxsize=64)
def accent_family(colour: str) -> dict[str, tuple[str, str]]:
    """Return name of the token -> its value in the light and in the dark scheme. colour: #rrggbb."""
    lightness, a, b = _oklab(_linear(colour))
    chroma, hue = hypot(a, b), atan2(b, a)

    def light(lowest: float, highest: float) -> str:
        return _hex(_in_gamut(min(max(lightness, lowest), highest), chroma, hue))

    def dark(level: float, most: float) -> str:
        return _hex(_in_gamut(level, min(chroma, most), hue))

    accent = (light(0.34, 0.49), dark(0.80, 0.12))
    hero = (light(0.32, 0.45), dark(0.33, 0.08))
    return {
        "accent": accent,
        "accent-ink": ("#ffffff", dark(BLACK_ON_ACCENT, 0.04)),
        "accent-text": (light(0.34, 0.45), dark(0.84, 0.11)),
        "hero": hero,
        "accent-tint": _tints(accent, 0.09),
        "accent-tint-2": _tints(accent, 0.18),
        "accent-line": _tints(accent, 0.42),
        "hero-ink-2": (_mixed("#ffffff", hero[0], 0.82), _mixed("#ffffff", hero[1], 0.82)),
        "hero-line": (_mixed("#ffffff", hero[0], 0.24), _mixed("#ffffff", hero[1], 0.24)),
    }


def stylesheet(colour: str) -> str:
    """Return the family as a stylesheet: the light values, and both where the browser knows light-dark()."""
    family = accent_family(colour)
    plain = "".join(f"--{name}:{light};" for name, (light, _dark) in family.items())
    both = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in family.items())
    return f":root{{--ring:{colour};{plain}}}\n@supports (color:light-dark(#000,#fff)){{:root{{{both}}}}}\n"


def _tints(accent: tuple[str, str], share: float) -> tuple[str, str]:
    return _mixed(accent[0], SURFACES[0], share), _mixed(accent[1], SURFACES[1], share)


def _mixed(colour: str, other: str, share: float) -> str:
    """Return a colour mixed into another one, as color-mix(in oklab) does."""
    one, two = _oklab(_linear(colour)), _oklab(_linear(other))
    lightness, a, b = (share * x + (1 - share) * y for x, y in zip(one, two, strict=True))
    return _hex(_rgb((lightness, a, b)))


def _in_gamut(lightness: float, chroma: float, hue: float) -> RGB:
    """Return the colour with as much of the chroma as sRGB has at this lightness."""
    low, high = 0.0, chroma
    whole = _rgb((lightness, chroma * cos(hue), chroma * sin(hue)))
    if _is_in_gamut(whole):
        return whole
    for _step in range(STEPS):
        middle = (low + high) / 2
        fits = _is_in_gamut(_rgb((lightness, middle * cos(hue), middle * sin(hue))))
        low, high = (middle, high) if fits else (low, middle)
    return _rgb((lightness, low * cos(hue), low * sin(hue)))


def _is_in_gamut(rgb: RGB) -> bool:
    return all(-0.0005 <= part <= 1.0005 for part in rgb)


def _linear(colour: str) -> RGB:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _decoded(red), _decoded(green), _decoded(blue)


def _decoded(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _encoded(part: float) -> int:
    part = min(max(part, 0.0), 1.0)
    value = part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
    return round(value * 255)


def _hex(rgb: RGB) -> str:
    red, green, blue = (_encoded(part) for part in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _oklab(rgb: RGB) -> LAB:
    r, g, b = rgb
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _rgb(lab: LAB) -> RGB:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
