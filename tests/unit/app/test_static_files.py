"""What browsers load: the sprite has what pages name, and styles and fonts stay within their budget."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from app.web.compression import minified
from tests.icons import DESIGNED, names_in_sprite, used_names

STATIC = Path("app/static")
WORD = re.compile(rb"[^\s{}:;,]+")
COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)


def test_the_sprite_has_the_icons_that_pages_name_and_no_others():
    """After a new name: `python -m tests.icons`."""
    assert used_names() - names_in_sprite() == set()
    assert names_in_sprite() - used_names() - DESIGNED == set()


def test_tokens_and_components_stay_within_their_budget():
    styles = b"".join((STATIC / "css" / name).read_bytes() for name in ("tokens.css", "components.css"))

    assert len(styles) <= 75_000
    assert len(gzip.compress(styles)) <= 16_000


def test_what_every_page_loads_leaves_half_of_250_kb_for_its_own_words_and_pictures():
    loaded = ["css/tokens.css", "css/components.css", "img/icons.svg", "fonts/figtree-5.3.0-latin.woff2"]
    loaded += ["js/weekdays.js", "js/once.js", "js/search.js"]

    assert sum((STATIC / name).stat().st_size for name in loaded) <= 130_000


def test_the_font_stays_within_its_budget_and_has_its_licence():
    fonts = list((STATIC / "fonts").glob("*.woff2"))

    assert len(fonts) == 2
    assert sum(file.stat().st_size for file in fonts) < 120_000
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts/OFL.txt").read_text(encoding="utf-8").upper()


def test_only_the_tokens_name_colours():
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "css/components.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    named = set(re.findall(r"#[0-9a-f]{3,6}\b", text))

    # The white of logos, codes and the hero's button, black on paper, and the six colours that the set-up proposes.
    assert named <= {"#fff", "#000", "#1e1c18", "#14532d", "#2fb5a0", "#1d4ed8", "#8f1d3f", "#d9a400", "#111"}


def test_no_page_has_a_style_of_its_own():
    with_style = [
        str(file)
        for file in Path("app/templates").rglob("*.html")
        if "mail/" not in file.as_posix() and re.search(r"\sstyle=|<style", file.read_text(encoding="utf-8"))
    ]

    assert with_style == []


def test_style_sheets_are_sent_without_what_no_browser_needs():
    """Only spaces and comments go: the selectors, the declarations and what stands in quotation marks stay."""
    style = b'/* a "note" */\n.a :is(b, i) > u::after {\n  content: " ; " attr(x) "/";  margin: 0 calc(1px + 2px);\n}\n'
    assert minified(style) == b'.a :is(b,i) > u::after{content:" ; " attr(x) "/";margin:0 calc(1px + 2px)}'

    for path in (STATIC / "css").glob("*.css"):
        content = path.read_bytes()
        short = minified(content)
        assert minified(short) == short
        assert WORD.findall(short) == WORD.findall(COMMENT.sub(b"", content))
        assert len(gzip.compress(short)) < 0.93 * len(gzip.compress(content))
