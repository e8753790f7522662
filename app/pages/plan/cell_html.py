"""Cells as HTML, put together by hand: a page has thousands, and a template takes several times as long.

Short class names (static/css/board.css), no spaces between cells, and no end tags of cells, which HTML does without.
Every text and address is escaped here and nowhere before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from markupsafe import escape

from app.pages.plan.cells import Cell
from app.pages.plan.printed import PrintedDay
from app.wording.formats import format_short_weekday


def cells_html(cells: Iterable[Cell]) -> str:
    """Return the cells of a row, one after the other."""
    return "".join([_cell_html(cell) for cell in cells])


def names_html(days: Sequence[PrintedDay], columns: int) -> str:
    """Return the line of paper with the names for which blocks have a number, "" without any."""
    if not days:
        return ""
    return f"<tr class=who><th><td colspan={columns}>{' · '.join(map(_day_html, days))}"


def _day_html(day: PrintedDay) -> str:
    numbered = (f"<b>{cell.number}</b> {', '.join(map(_name_html, cell.names))}" for cell in day.cells)
    return f"<b>{_escaped(format_short_weekday(day.date))}</b> {' · '.join(numbered)}"


def _name_html(name: tuple[str, str]) -> str:
    who, when = map(_escaped, name)
    return f"<bdi>{who}</bdi>{when and f' {when}'}"


@lru_cache(maxsize=4_096)  # the machines of a board say the same few things
def _escaped(text: str) -> str:
    return str(escape(text))


def _cell_html(cell: Cell) -> str:
    css = cell.css
    start = "<td" if cell.width == 1 else f"<td colspan={cell.width}"
    if not css:
        start += ">"
    elif " " in css:
        start += f' class="{css}">'
    else:
        start += f" class={css}>"
    if cell.is_plain:
        return f"{start}{_escaped(cell.name)}"
    # Free time: up to 400 links. HTML knows no character named "start", so its ampersand may stand as it is.
    address = str(escape(cell.href)).replace("&amp;start=", "&start=")
    if not css and cell.href:
        return f'{start}<a href="{address}">{_escaped(cell.name)}</a>'
    number = f" data-n={cell.number}" if cell.number else ""
    if not cell.href:
        # Its link was too close to another one. No id: a reservation may have two cells.
        more = f" data-r={cell.reservation_id}" if cell.reservation_id else ""
        return f"{start}<i{more}{number}>{_texts(cell)}</i>"
    at = f'{number} data-at="{cell.at}"' if cell.at else number
    return f'{start}<a href="{address}"{at}>{_texts(cell)}</a>'


def _texts(cell: Cell) -> str:
    """Return what is seen in elements of their own, and what only readers and the card have in <b>."""
    parts = []
    if cell.hidden:
        parts.append(f"<b>{_escaped(cell.hidden)} </b>")
    if cell.name:
        parts.append(f"<em>{_escaped(cell.name)}</em>")
    if cell.time:
        is_alone = not cell.name and " l" not in cell.css
        parts.append(_escaped(cell.time) if is_alone else f"<u>{_escaped(cell.time)}</u>")
    if cell.more:
        parts.append(f"<b> {_escaped(cell.more)}</b>")
    return "".join(parts)
