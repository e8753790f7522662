"""The ribbon of a day as HTML, put together by hand: the catalogue has 24, which a template takes 2 ms to write.

Every text and address is escaped here and nowhere before. macros/times.html has the macro that pages call.
"""

from __future__ import annotations

from flask_babel import gettext as _
from markupsafe import Markup, escape

from app.wording.ribbon import COLUMNS, Ribbon, RibbonItem


def _start(columns: int) -> str:
    tens, units = divmod(columns, 10)
    return (f" qt{tens}" if tens else "") + (f" qu{units}" if units else "")


def _width(columns: int) -> str:
    tens, units = divmod(columns, 10)
    return (f" wt{tens}" if tens else "") + (f" wu{units}" if units else "")


STARTS = tuple(_start(columns) for columns in range(COLUMNS + 1))
WIDTHS = tuple(_width(columns) for columns in range(COLUMNS + 1))


def place(start: int, width: int = 0) -> str:
    """Return the classes of a place in time, in quarter-hours: tens and units of start and width, without zeros."""
    return STARTS[start] + WIDTHS[width]


def band_html(ribbon: Ribbon, label: str, css: str = "", button: str | None = None, *, is_own_wish: bool = True) -> str:
    """Return a day from 5 to 22 h as one bar.

    css: band-s (20 px), band-l (64 px). button: its name, where free time is a button of a form instead of a link.
    is_own_wish: whether the wish in it is that of who reads it.
    """
    items = [_item(one, button, is_own_wish=is_own_wish) for one in ribbon.items]
    if ribbon.now is not None:
        items.append(f'<li class="b-now{place(ribbon.now, 1)}" aria-hidden="true"></li>')
    name = f"band {css}" if css else "band"
    return Markup(f'<ol class="{name}" aria-label="{escape(label)}">{"".join(items)}</ol>')  # noqa: S704 - escaped


def _item(one: RibbonItem, button: str | None, *, is_own_wish: bool) -> str:
    at, title, texts = place(one.start, one.width), escape(one.words), _texts(one, is_own_wish=is_own_wish)
    if not one.href:
        return f'<li class="{one.css}{at}" title="{title}">{texts}</li>'
    if button and one.css == "b-f":
        value = f'name="{button}" value="{escape(one.href)}" data-quarters="{one.width}"'
        return f'<li class="d-grid{at}"><button class="b-f" {value} title="{title}">{texts}</button></li>'
    return f'<li class="d-grid{at}"><a class="{one.css}" href="{escape(one.href)}" title="{title}">{texts}</a></li>'


def _texts(one: RibbonItem, *, is_own_wish: bool) -> str:
    """Return what is seen, and what only readers have where it is longer."""
    if not one.short:
        return f'<span class="vh">{escape(one.words)}</span>'
    own = _("Your wish") if is_own_wish and "b-new" in one.css else ""
    wish = f'<span aria-hidden="true">{escape(own)}</span>' if own else ""
    return f'{wish}<span aria-hidden="true">{escape(one.short)}</span><span class="vh">{escape(one.words)}</span>'
