"""Cells as HTML, put together by hand: a page has thousands, and a template takes several times as long.

Short class names (static/css/board.css), no spaces between cells, and no end tags of cells, which HTML does without.
Every text and address is escaped here and nowhere before.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import escape

from app.pages.plan.cells import Cell


def cells_html(cells: Iterable[Cell]) -> str:
    """Return the cells of a row, one after the other."""
    return "".join([_cell_html(cell) for cell in cells])


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
    if not cell.href:
        more = f" id=r{cell.reservation_id}" if cell.reservation_id else ""  # its link was too close to another one
        return f"{start}<i{more}>{_texts(cell)}</i>"
    at = f' data-at="{cell.at}"' if cell.at else ""
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
