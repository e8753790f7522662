"""The stylesheets: two for all pages, more for the plan alone; every class is used, and none is missing."""

from __future__ import annotations

import re
from pathlib import Path

APP = Path(__file__).parents[3] / "app"
STYLES = APP / "static/css"
MAIL = APP / "templates/mail/letter.html"  # e-mail programs read no stylesheet: it has its own
TEMPLATES = [path for path in (APP / "templates").rglob("*.html") if path != MAIL]
COMMENT = re.compile(r"/\*.*?\*/|\{#.*?#\}", re.DOTALL)
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
CLASS = re.compile(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{]|\{(?![{%]))*)"|\bcss="([^"]*)"', re.DOTALL)
# Classes without a style of their own: scripts and tests find elements by them, or a macro writes one for each tone.
HOOKS = {"reserve", "send", "until", "note-info", "accent"}


def text_of(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def defined() -> set[str]:
    """Every class that a selector of the stylesheets names."""
    return named_in(" ".join(text_of(path) for path in STYLES.glob("*.css")))


def named_in(style: str) -> set[str]:
    return set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", style)))


def written(paths: list[Path] = TEMPLATES) -> set[str]:
    """Every class that a template writes out; what it puts together (state-{{ tone }}) left out."""
    found: set[str] = set()
    for path in paths:
        for attribute, argument in CLASS.findall(text_of(path)):
            words = JINJA.sub("\0", attribute or argument).split()
            found |= {word for word in words if re.fullmatch(r"[A-Za-z_][\w-]*", word)}
    return found


def test_every_class_of_the_templates_has_a_style_or_is_a_known_hook():
    assert written() - defined() - HOOKS == set()


def test_every_class_of_the_mail_has_its_style_for_dark_screens():
    styles = re.search(r"<style>(.*)</style>", text_of(MAIL), re.DOTALL)[1]

    assert written([MAIL]) == named_in(styles) - {"good", "wait", "stop"}  # one of the three, by the tone of the mail


def test_no_class_of_the_stylesheets_is_unused():
    sources = [
        *TEMPLATES,
        *(APP / "static/js").glob("*.js"),
        *(APP / "pages").rglob("*.py"),
        *(APP / "wording").rglob("*.py"),
    ]
    text = " ".join(text_of(path) for path in sources)
    words = set(re.findall(r"[A-Za-z_][\w-]*", text))
    begun = {
        start for start in re.findall(r"(?<![\w-])([a-z][a-z-]*)\{", text) if start.endswith("-") or len(start) < 3
    }

    assert {name for name in defined() - words if not name.startswith(tuple(begun))} == set()


def test_each_colour_of_a_chart_has_its_key():
    """Templates put these names together, so that the words of the sources do not show them."""
    assert {f"k-c{number}" for number in range(1, 5)} <= defined()


def test_the_layout_loads_tokens_and_components_and_the_plan_one_more():
    layout = text_of(APP / "templates/layout.html")
    loaded = [path.name for path in STYLES.glob("*.css")]

    assert re.findall(r"css/([\w.-]+)", layout) == ["tokens.css", "components.css"]
    assert sorted(loaded) == ["board.css", "components.css", "tokens.css", "wall.css"]
    assert "bootstrap" not in " ".join(text_of(path) for path in TEMPLATES)


def inside_of(css: str, start: int) -> str:
    """What stands between the bracket before `start` and the one that closes it."""
    depth = 1
    for at in range(start, len(css)):
        depth += (css[at] == "(") - (css[at] == ")")
        if depth == 0:
            return css[start:at]
    return css[start:]


def test_no_has_stands_inside_another():
    """Browsers drop the whole rule, and nothing says so."""
    for path in STYLES.glob("*.css"):
        css = text_of(path)
        nested = [found for found in re.finditer(r":has\(", css) if ":has(" in inside_of(css, found.end())]
        assert not nested, path.name
