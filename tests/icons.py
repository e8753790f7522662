"""Make the icon sprite and the ring's icons: `python -m tests.icons` writes both into app/static/img.

The sprite has the symbols of Bootstrap Icons (MIT, from the wheel of Bootstrap-Flask) that templates and pages name:
the wheel's own file weighs 1.1 MB. The icons of home screens are PNG with a palette from ground to mark, so that the
server only replaces the palette (app/pages/home/app_icons.py).
"""

from __future__ import annotations

import re
from pathlib import Path

import flask_bootstrap
from PIL import Image, ImageDraw

SPRITE = Path("app/static/img/icons.svg")
WHEEL = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/icons/bootstrap-icons.svg"
SIZES = (180, 192, 512)
SHADES = 16
# What the pages of the design use; those that no page took in the end go.
# fmt: off
DESIGNED = frozenset((
    "arrow-counterclockwise", "arrows-expand-vertical", "bell", "calendar-check", "calendar2-plus",
    "calendar3-week", "chat-left-text", "check-circle-fill", "check-lg", "check2", "check2-all",
    "check2-circle", "check2-square", "chevron-left", "chevron-right", "clipboard-check", "clock",
    "clock-history", "cone-striped", "droplet", "envelope", "exclamation-circle", "exclamation-circle-fill",
    "exclamation-triangle", "funnel", "geo-alt", "geo-alt-fill", "hourglass-split",
    "house-door", "info-circle", "key", "lock", "patch-check", "people", "pie-chart", "play-circle-fill",
    "plus-lg", "printer", "question-circle", "receipt", "shop", "slash-circle", "speedometer2", "three-dots",
    "truck-front", "wallet2", "x-circle", "x-circle-fill",
))
# fmt: on
SYMBOL = re.compile(r'<symbol[^>]*?id="([^"]+)"[^>]*>(.*?)</symbol>', re.DOTALL)
PATH = re.compile(r' d="[^"]*"')
NUMBER = re.compile(r"-?(?:\d*\.\d+|\d+)")
NAMED = re.compile(r'\bicon(?:\(\s*|=)"([a-z0-9-]+)"')
CONDITIONAL = re.compile(r"\bicon\(([^()]*\belse\b[^()]*)\)")


def used_names() -> set[str]:
    """Return the icons that templates and pages name: icon("x"), icon("x" if y else "z"), icon="x"."""
    names: set[str] = set()
    for source in (*Path("app/templates").rglob("*.html"), *Path("app").rglob("*.py")):
        text = source.read_text(encoding="utf-8")
        names.update(NAMED.findall(text))
        for chosen in CONDITIONAL.findall(text):
            names.update(re.findall(r'"([a-z0-9-]+)"(?= if|\s*$)', chosen))
    return names


def names_in_sprite() -> set[str]:
    """Return the symbols that the file has."""
    return {name for name, _shape in SYMBOL.findall(SPRITE.read_text(encoding="utf-8"))}


def _shorter(shape: str) -> str:
    """Return a shape with its numbers to a hundredth of a unit: a sixtieth of a pixel at the size of words."""
    return PATH.sub(lambda path: NUMBER.sub(_to_hundredth, path[0]), shape)


def _to_hundredth(found: re.Match[str]) -> str:
    """Shorten a number, apart from its neighbours; two flags of an arc may be written before a number ("01.5")."""
    text = found[0]
    if len(text.partition(".")[2]) < 3 or text.startswith(("00", "01")):
        return text
    short = f"{float(text):.2f}".rstrip("0").rstrip(".")
    short = short.replace("0.", ".", 1) if short.startswith(("0.", "-0.")) else short
    before, after = found.string[found.start() - 1], found.string[found.end()]
    short = f" {short}" if before in "0123456789." and short[0] != "-" else short
    return f"{short} " if after == "." and "." not in short else short


def write_sprite() -> None:
    """Write the symbols in use."""
    shapes = dict(SYMBOL.findall(WHEEL.read_text(encoding="utf-8")))
    symbols = "\n".join(
        f'<symbol id="{name}" viewBox="0 0 16 16">{_shorter(shapes[name].strip())}</symbol>'
        for name in sorted(used_names() | DESIGNED)
    )
    SPRITE.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n', encoding="utf-8")


def write_app_icons() -> None:
    """Write the mark on its ground, in shades of grey that the palette replaces; the mark lies in the safe zone."""
    for size in SIZES:
        _mark(size).save(SPRITE.parent / f"icon-{size}.png", optimize=True)


def _mark(size: int) -> Image.Image:
    """Return the mark of Ringbuch: an open ring with an arrow's corner, as in macros/page.html."""
    scale = size * 4 / 46  # of 24 units of the mark, centred on 46
    drawing = Image.new("L", (size * 4, size * 4), 0)
    pen = ImageDraw.Draw(drawing)
    width = 2.6 * scale
    at = lambda x, y: ((x + 11) * scale, (y + 11) * scale)  # noqa: E731
    box = [*at(12 - 6.4 - 1.3, 10.6 - 6.4 - 1.3), *at(12 + 6.4 + 1.3, 10.6 + 6.4 + 1.3)]
    pen.arc(box, start=-31, end=270, fill=255, width=round(width))
    lower = [*at(12 - 6.4 - 1.3, 13.4 - 6.4 - 1.3), *at(12 + 6.4 + 1.3, 13.4 + 6.4 + 1.3)]
    pen.arc(lower, start=0, end=90, fill=255, width=round(width))
    pen.line([at(12, 4.2), at(18.2, 4.2), at(18.2, 10.2)], fill=255, width=round(width), joint="curve")
    for x, y in ((12, 4.2), (18.2, 4.2), (18.2, 10.2), (17.5, 7.3), (12, 19.8), (18.4, 13.4)):
        middle_x, middle_y = at(x, y)
        pen.ellipse([middle_x - width / 2, middle_y - width / 2, middle_x + width / 2, middle_y + width / 2], fill=255)
    small = drawing.resize((size, size), Image.Resampling.LANCZOS)
    indexed = small.point(lambda value: round(value * (SHADES - 1) / 255)).convert("P")
    indexed.putpalette([round(shade * 255 / (SHADES - 1)) for shade in range(SHADES) for _channel in range(3)])
    return indexed


if __name__ == "__main__":
    write_sprite()
    write_app_icons()
