"""What a ring lends by its sort: the only place that chooses between machine, room, tool and person in a text.

A text about one of them is a row with a sentence for each sort, because German changes article, case and verb with
the noun ("der Raum ist belegt", "die Maschine ist unterwegs"). A text about machines in general says "machine"; a list
that may hold several sorts counts each of them (sorts_count), and its heads and choices name none ("What").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from babel.lists import format_list
from flask_babel import LazyString, get_locale, ngettext
from flask_babel import lazy_gettext as _l

from app.wording.sorts import mails, pages, states, use
from app.wording.sorts.text import by_code
from booking.machine_sorts import MACHINE, PERSON, ROOM, TOOL

SORT_LABELS: dict[str, LazyString] = {MACHINE: _l("Machine"), ROOM: _l("Room"), PERSON: _l("Person"), TOOL: _l("Tool")}
SORT_LABELS_MANY: dict[str, LazyString] = {
    MACHINE: _l("Machines"),
    ROOM: _l("Rooms"),
    PERSON: _l("Relief workers"),
    TOOL: _l("Tools"),
}


SORT_TEXTS = by_code((*states.STATES, *use.USE, *pages.PAGES, *mails.MAILS))


def sort_text(code: str, sort: str, **values: Any) -> str:
    """Return a text in the words of a sort, with the values of its placeholders."""
    text = str(SORT_TEXTS[code].of(sort))
    return text % values if values else text


def sort_label(sort: str) -> str:
    """Return the name of a sort: Machine, Room, Person, Tool."""
    return str(SORT_LABELS.get(sort, sort))


def sorts_count(sorts: Iterable[str]) -> str:
    """Return how many of each sort there are, the most first: "12 machines, 3 rooms and 1 relief worker"."""
    counted = [count_text(sort, count) for sort, count in Counter(sorts).most_common()]
    return format_list(counted, locale=get_locale()) if counted else count_text(MACHINE, 0)


def count_text(sort: str, count: int) -> str:
    """Return how many of a sort there are."""
    if sort == ROOM:
        return ngettext("%(num)s room", "%(num)s rooms", count)
    if sort == TOOL:
        return ngettext("%(num)s tool", "%(num)s tools", count)
    if sort == PERSON:
        return ngettext("%(num)s relief worker", "%(num)s relief workers", count)
    return ngettext("%(num)s machine", "%(num)s machines", count)
