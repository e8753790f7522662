"""The members of the ring, to be found by what a file says of one: number, e-mail address or name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.imports.lost_zeros import number_key
from app.wording.folding import fold
from booking.members.member_import import KnownMember

_WORDS = re.compile(r"[\s,]+")
_LAST_DIGITS = re.compile(r"(.*?)(\d+)", re.ASCII | re.DOTALL)

Numbers = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberIndex:
    """Members by number, and their numbers by what else identifies them."""

    members: Mapping[str, KnownMember]
    by_number_key: Mapping[str, Numbers]
    by_email: Mapping[str, Numbers]
    by_name: Mapping[str, Numbers]

    @classmethod
    def of(cls, members: Mapping[str, KnownMember]) -> MemberIndex:
        """Return the index of some members."""
        return cls(
            members,
            _grouped((number_key(number), number) for number in members),
            _grouped((known.stored.email.casefold(), number) for number, known in members.items()),
            _grouped((name_key(known.stored.name), number) for number, known in members.items()),
        )

    def similar_number(self, number: str) -> str:
        """Return the only stored number that differs in leading zeros, case, spaces or hyphens alone; else ""."""
        found = self.by_number_key.get(number_key(number), ())
        return found[0] if len(found) == 1 and number not in self.members else ""

    def numbers_of(self, email: str, name: str) -> Numbers:
        """Return the numbers of the members with an e-mail address, else with a name; the name decides among several.

        One number: found. Several: not certain. None: nobody.
        """
        by_email = self.by_email.get(email.casefold(), ()) if email else ()
        by_name = self.by_name.get(name_key(name), ()) if name else ()
        if len(by_email) > 1:
            return tuple(number for number in by_email if number in by_name) or by_email
        return by_email or by_name


def name_key(name: str) -> str:
    """Return a name without case, accents and the order of its words: "Huber, Anna" is "Anna Huber"."""
    return " ".join(sorted(filter(None, map(fold, _WORDS.split(name)))))


def following_number(taken: Iterable[str]) -> str:
    """Return the number after the highest one of the usual form: M-101 after M-100, 0043 after 0042."""
    parts = [match.groups() for number in taken if (match := _LAST_DIGITS.fullmatch(number))]
    if not parts:
        return "1"
    prefix = Counter(prefix for prefix, _digits in parts).most_common(1)[0][0]
    highest = max((digits for each, digits in parts if each == prefix), key=int)
    return f"{prefix}{int(highest) + 1:0{len(highest)}d}"


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, Numbers]:
    groups: dict[str, list[str]] = {}
    for key, number in pairs:
        if key:
            groups.setdefault(key, []).append(number)
    return {key: tuple(numbers) for key, numbers in groups.items()}
