"""The catalogue: its filters, kept in the address, and its cards with state, price and the ribbon of today."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.pages.machines.states import MachineState, PoolDay, pool_day, state_now, state_today
from app.pages.plan.records_cache import machine_prices
from app.pages.ribbons import Reader, day_span, machine_ribbon
from app.web.paging import page_number
from app.web.sorting import Sorting
from app.wording import formats
from app.wording.folding import fold
from app.wording.ribbon import Ribbon
from app.wording.sorts import SORT_LABELS_MANY, sorts_count
from app.wording.whereabouts import still_out_sentence
from booking import queries
from booking.machine_sorts import MACHINE_SORTS
from booking.places.held_spans import MOMENT
from booking.queries import BoardRow, KindCount, MachineCard, MachineChoice, StillOut
from booking.queries.machines import MachineFilter
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

PER_PAGE = 24
SORTED_BY = ("workshop", "name", "kind")
CHIPS_SHOWN = 6  # kinds beside each other, those with most machines; all are chosen from a list


Listed = TypeVar("Listed", MachineCard, MachineChoice)


@dataclass(frozen=True, slots=True)
class CatalogueFilters:
    """The filters of the catalogue, from the query of the address."""

    text: str
    workshop: str
    kind: str
    what: str  # a sort of machines
    only_mine: bool
    only_free: bool
    sorting: Sorting
    page: int

    @classmethod
    def of(cls, arguments: MultiDict[str, str]) -> CatalogueFilters:
        """Return the filters of a query string; nonsense counts as no filter."""
        return cls(
            text=arguments.get("q", "")[:100].strip(),
            workshop=arguments.get("workshop", ""),
            kind=arguments.get("kind", ""),
            what=arguments["what"] if arguments.get("what") in MACHINE_SORTS else "",
            only_mine=arguments.get("mine") == "1",
            only_free=arguments.get("free") == "1",
            sorting=Sorting.of(arguments, SORTED_BY, "workshop"),
            page=page_number(),
        )

    def is_narrowed(self) -> bool:
        """Return whether anything is filtered out."""
        return bool(self.as_arguments(sort=""))

    def as_arguments(self, **changes: str) -> dict[str, str]:
        """Return the query arguments of the same list, with some filters changed; "" takes one off."""
        filters = {
            "q": self.text,
            "workshop": self.workshop,
            "kind": self.kind,
            "what": self.what,
            "mine": "1" if self.only_mine else "",
            "free": "1" if self.only_free else "",
            "sort": self.sorting.argument or "",
        }
        return {name: value for name, value in (filters | changes).items() if value}


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter to tap: its label, the arguments of the list with it, whether it is on."""

    label: str
    arguments: Mapping[str, str]
    is_on: bool


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A machine with its price ("" without one), its state now and its day: a ribbon, or the places of a pool.

    late: that places of a pool should be back, or "".
    """

    card: MachineCard
    price: str
    state: MachineState
    ribbon: Ribbon | None = None
    pool: PoolDay | None = None
    late: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueList:
    """One page of the catalogue, and the sort of each machine on all pages."""

    items: tuple[CatalogueEntry, ...]
    sorts: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many there are on all pages."""
        return len(self.sorts)


@dataclass(frozen=True, slots=True)
class CatalogueReader:
    """Who reads: the member, and the workshops whose names it may know (None: of all).

    is_of_the_ring: visitors are not; they see neither prices nor the reason of a closure.
    """

    member_id: int | None
    workshop_ids: Collection[int] | None
    is_of_the_ring: bool

    def of(self, workshop_id: int) -> Reader:
        """Return the reader of the machines of a workshop."""
        knows_names = self.workshop_ids is None or workshop_id in self.workshop_ids
        return Reader(self.member_id, knows_names, self.is_of_the_ring)


def catalogue(session: Session, filters: CatalogueFilters, reader: CatalogueReader, *, now: datetime) -> CatalogueList:
    """Return one page of the catalogue, in a number of statements that does not depend on its length."""
    wanted: MachineFilter = {
        "workshop_slug": filters.workshop or None,
        "kind": filters.kind or None,
        "sort": filters.what or None,
        "inducted_member_id": reader.member_id if filters.only_mine else None,
    }
    shown = slice((filters.page - 1) * PER_PAGE, filters.page * PER_PAGE)
    is_narrowed = any(wish is not None for wish in wanted.values())  # all cards are remembered anyway
    if is_narrowed and not filters.text and not filters.only_free:  # nothing else is asked of those that are not shown
        choices = _in_order(queries.machine_choices(session, **wanted), filters.sorting)
        places = {one.id: place for place, one in enumerate(choices[shown])}
        found = queries.machine_cards(session, machine_ids=places, limit=None).items
        in_order = sorted(found, key=lambda card: places[card.id])
        return CatalogueList(_entries(session, in_order, reader, now), _sorts(choices))
    cards = queries.machine_cards(session, text=filters.text, limit=None, **wanted).items
    cards = tuple(_in_order(cards, filters.sorting))
    if not filters.only_free:
        return CatalogueList(_entries(session, cards[shown], reader, now), _sorts(cards))
    free = _free_now(session, cards, reader, now)
    return CatalogueList(_entries(session, free[shown], reader, now), _sorts(free))


def _free_now(
    session: Session, cards: Sequence[MachineCard], reader: CatalogueReader, now: datetime
) -> Sequence[MachineCard]:
    """Return the machines that are free at this moment, by what holds them then: their day is read of those shown."""
    board, _last_change = _board(session, cards, TimeSpan(now, now + MOMENT), now)
    return [
        card
        for card, row, late in board
        if state_now(row, card.zone, late, now=now, reader=reader.of(card.workshop_id)).code == "free"
    ]


def _sorts(cards: Iterable[MachineCard | MachineChoice]) -> tuple[str, ...]:
    return tuple(card.sort for card in cards)


def groups(entries: Sequence[CatalogueEntry], sorting: Sorting) -> Iterator[tuple[str, Sequence[CatalogueEntry]]]:
    """Yield headings with their machines, in the order of the list: the workshops or kinds; by name one without."""
    headings = {"workshop": lambda card: card.workshop_name, "kind": lambda card: card.kind or _("Without a kind")}
    heading_of = headings.get(sorting.column, lambda _card: "")
    for heading, group in groupby(entries, lambda entry: heading_of(entry.card)):
        yield heading, list(group)


def _in_order(cards: Sequence[Listed], sorting: Sorting) -> Sequence[Listed]:
    """Return the machines by workshop, by name or by kind: "Ä" beside "A"."""
    if sorting.column == "workshop":
        return cards if not sorting.is_descending else cards[::-1]
    names = sorted(cards, key=lambda card: fold(card.name))
    if sorting.column == "kind":
        names.sort(key=lambda card: (not card.kind, fold(card.kind)))
    return names[::-1] if sorting.is_descending else names


def sentence(sorts: Sequence[str], workshop_count: int) -> str:
    """Return how many machines of each sort there are, and what the ribbon is."""
    machines = sorts_count(sorts)
    places = ngettext("at %(num)s workshop", "at %(num)s workshops", workshop_count)
    return _("%(machines)s %(places)s. The bar shows today.", machines=machines, places=places)


def chips(
    filters: CatalogueFilters, kinds: Collection[KindCount], sorts: Collection[str], *, has_member: bool
) -> Iterator[Chip]:
    """Yield what can be tapped: all, free now, what the member may run, the sorts if there are several, the kinds."""
    yield Chip(_("All"), {}, not filters.is_narrowed())
    free = "" if filters.only_free else "1"
    yield Chip(_("Free now"), filters.as_arguments(free=free), filters.only_free)
    if has_member:
        mine = "" if filters.only_mine else "1"
        yield Chip(_("What I may run"), filters.as_arguments(mine=mine), filters.only_mine)
    for sort in sorts if len(sorts) > 1 else ():
        is_on = sort == filters.what
        yield Chip(str(SORT_LABELS_MANY[sort]), filters.as_arguments(what="" if is_on else sort), is_on)
    for one in sorted(kinds, key=lambda each: -each.machines)[:CHIPS_SHOWN]:
        is_on = one.kind == filters.kind
        yield Chip(one.kind, filters.as_arguments(kind="" if is_on else one.kind), is_on)


def _entries(
    session: Session, cards: Sequence[MachineCard], reader: CatalogueReader, now: datetime
) -> tuple[CatalogueEntry, ...]:
    ring = formats.as_zone(None)
    board, last_change = _board(session, cards, day_span(local_day(now, ring), ring), now)
    prices: Mapping[int, str] = {}
    if board and reader.is_of_the_ring:
        prices = machine_prices(session, reader.member_id, last_change, now)
    return tuple(
        _entry(card, row, late, prices.get(card.id, ""), reader.of(card.workshop_id), now) for card, row, late in board
    )


def _board(
    session: Session, cards: Sequence[MachineCard], span: TimeSpan, now: datetime
) -> tuple[list[tuple[MachineCard, BoardRow, StillOut | None]], int]:
    """Return what holds machines during a span and what of them should be back; the last change of a master record."""
    if not cards:
        return [], 0
    ids = {card.id for card in cards}
    outline = queries.board_outline(session, span)  # of all machines: it is remembered
    rows = {row.machine.id: row for row in queries.filled_board(session, outline, ids, now=now).rows}
    late = queries.still_out(session, now, machine_ids=ids)
    held = [(card, rows[card.id], late.get(card.id)) for card in cards if card.id in rows]
    return held, outline.last_record_change


def _entry(
    card: MachineCard, row: BoardRow, late: StillOut | None, price: str, reader: Reader, now: datetime
) -> CatalogueEntry:
    day = local_day(now, card.zone)
    state = state_now(row, card.zone, late, now=now, reader=reader)
    if card.places > 1:
        sentence = still_out_sentence(late, card.zone, now, card.sort) if late else ""
        return CatalogueEntry(card, price, state, pool=pool_day(row, day, card.zone, now=now), late=sentence)
    ribbon = machine_ribbon(row, day, card.zone, now=now, reader=reader, has_links=False)  # a card is one link
    return CatalogueEntry(card, price, state_today(state, ribbon, card.zone, now), ribbon)
