"""What a search finds: machines, members and logins by words, reservations and slips by number or words.

Everybody finds what the pages behind the rows would show: machines, own reservations and slips, those of managed
workshops with their members; treasurers and administrators everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth import permissions
from app.pages.search.logins import LoginName, logins_by_words
from app.ring_card import ring_card
from booking import queries
from booking.errors.schedule_errors import NotFound, ReservationNotFound
from booking.kernel.search_patterns import LENGTH_MAX, is_text_in
from booking.queries import NAMES_MAX, Found, MachineCard, VisibilityScope

SHOWN_OF_EACH = 5  # on the page of all kinds
PER_PAGE = 20
PAGE_MAX = 50  # each page reads what stands on those before it
WORDS_MAX = 8
LENGTH_MIN = 2
KINDS = ("machines", "members", "logins", "reservations", "slips")

_NUMBER = re.compile(r"(?:^|\D)([0-9]{1,9})$")


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """The hits of one kind, a page of them; kind "number": the reservation and the slip of this number."""

    kind: str
    rows: Sequence[Any]
    has_more: bool = False


@dataclass(frozen=True)
class Search:
    """What was typed, and the one kind that is wanted ("" for all), a page of it."""

    session: Session
    text: str
    kind: str
    page: int

    @classmethod
    def of(cls, session: Session, text: str, kind: str, page: int) -> Search:
        """Return the search of an address; what is no kind is all of them."""
        return cls(session, text[:LENGTH_MAX].strip(), kind if kind in _kinds() else "", min(page, PAGE_MAX))

    @property
    def is_too_short(self) -> bool:
        """Whether a single character was typed that is no number."""
        return 0 < len(self.text) < LENGTH_MIN and self.number is None

    @property
    def number(self) -> int | None:
        """The number with which the text ends: "12", "No. 12", "#12"; None for another text."""
        found = _NUMBER.search(self.text)
        return int(found[1]) if found else None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that the login may find."""
        return _kinds()

    def groups(self) -> tuple[FoundGroup, ...]:
        """Return what is found, the surest first; kinds without a hit are left out."""
        if not self.text or self.is_too_short:
            return ()
        wanted = (self.kind,) if self.kind else self.kinds
        found = [FoundGroup("number", self._by_number())] if not self.kind else []
        found += [self._group(kind) for kind in wanted]
        return tuple(group for group in found if group.rows)

    def _group(self, kind: str) -> FoundGroup:
        find: Callable[[int, int], Sequence[Any]] = getattr(self, f"_{kind}")
        size = PER_PAGE if self.kind else SHOWN_OF_EACH
        rows = find(size + 1, (self.page - 1) * size if self.kind else 0)
        return FoundGroup(kind, rows[:size], len(rows) > size and (not self.kind or self.page < PAGE_MAX))

    def _machines(self, limit: int, offset: int) -> Sequence[MachineCard]:
        if not (permissions.is_of_the_ring() or ring_card().is_catalogue_public):
            return ()
        return self._matching_machines[offset : offset + limit]

    def _members(self, limit: int, offset: int) -> Sequence[queries.MemberName]:
        return self._named_members(self._words, limit, offset)

    def _logins(self, limit: int, offset: int) -> Sequence[LoginName]:
        return logins_by_words(self.session, self._words, limit=limit, offset=offset)

    def _reservations(self, limit: int, offset: int) -> Sequence[queries.ReservationView]:
        if not permissions.may("reservations.show"):
            return ()
        return queries.found_reservations(self.session, self._found, _scope(), limit=limit, offset=offset)

    def _slips(self, limit: int, offset: int) -> Sequence[queries.SlipView]:
        return queries.found_slips(self.session, self._found, _scope(), limit=limit, offset=offset)

    def _by_number(self) -> list[queries.ReservationView | queries.SlipView]:
        if self.number is None:
            return []
        found: list[queries.ReservationView | queries.SlipView] = []
        for endpoint, read, missing in (
            ("reservations.show", queries.reservation, ReservationNotFound),
            ("usage.show", queries.slip, NotFound),
        ):
            try:
                view = read(self.session, self.number)
            except missing:
                continue
            if permissions.may_touch(endpoint, member_id=view.member_id, workshop_id=view.workshop_id):
                found.append(view)
        return found

    @cached_property
    def _words(self) -> list[str]:
        return self.text.split()[:WORDS_MAX]

    @cached_property
    def _all_machines(self) -> tuple[MachineCard, ...]:
        return queries.machine_cards(self.session, limit=None).items

    @cached_property
    def _matching_machines(self) -> list[MachineCard]:
        """The machines with every word, those with all of them in the name first."""
        found = queries.machine_cards(self.session, text=" ".join(self._words), limit=None).items
        return sorted(found, key=lambda card: not _has_words(card, self._words))

    @cached_property
    def _found(self) -> list[Found]:
        return list(self._ways_to_history())

    def _ways_to_history(self) -> Iterator[Found]:
        """Yield members, machines, and members with machines ("anna laser") that the words name."""
        of_machines = [word for word in self._words if any(_has_words(card, [word]) for card in self._all_machines)]
        others = [word for word in self._words if word not in of_machines]
        machines = [card for card in self._all_machines if of_machines and _has_words(card, of_machines)]
        if machines and not others:
            yield Found(None, machines[:NAMES_MAX])
        if _may_find_members() and (members := self._ids_of_members(self._words)):
            yield Found(members, None)
        if _may_find_members() and machines and others and (members := self._ids_of_members(others)):
            yield Found(members, machines)

    def _ids_of_members(self, words: Collection[str]) -> list[int]:
        return [member.id for member in self._named_members(words, NAMES_MAX, 0)]

    def _named_members(self, words: Collection[str], limit: int, offset: int) -> tuple[queries.MemberName, ...]:
        workshops = None if permissions.reaches_all() else current_user.managed_workshop_ids
        return queries.members_by_words(self.session, words, workshop_ids=workshops, limit=limit, offset=offset)


def _kinds() -> tuple[str, ...]:
    hidden = set() if _may_find_members() else {"members"}
    if not permissions.may("admin.show_login"):
        hidden.add("logins")
    return tuple(kind for kind in KINDS if kind not in hidden)


def _may_find_members() -> bool:
    return permissions.reaches_all() or bool(current_user.managed_workshop_ids)


def _has_words(card: MachineCard, words: Collection[str]) -> bool:
    return all(is_text_in(word, card.name) for word in words)


def _scope() -> VisibilityScope:
    return VisibilityScope(permissions.reaches_all(), current_user.member_id, current_user.managed_workshop_ids)
