"""The text of a rule: one object per rule, from which every page, message and the API read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from flask_babel import LazyString

from app.wording.formats import Zone, format_day, format_span
from booking.errors.schedule_errors import Violation
from booking.rules.lending_rules import MachineRules

Number = Callable[[Any, Zone], str]
Fact = tuple[str, str]


def plain(value: Any, _zone: Zone) -> str:
    """Return a number or a short text of a violation as it is."""
    return str(value)


def name_or_day(value: Any, zone: Zone) -> str:
    """Return the name of an induction as it is, and a day in words."""
    return format_day(value, zone) if isinstance(value, date) else str(value)


@dataclass(frozen=True, slots=True)
class Variant:
    """Another sentence for some of the violations of a rule. actual: how it formats the actual number."""

    applies_to: Callable[[Violation], bool]
    sentence: LazyString
    actual: Number | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationText:
    """The sentence about a broken rule.

    sentence: with the placeholders %(limit)s, %(actual)s and %(span)s, the numbers and the time of the violation.
    number: how it formats them; their unit is documented in booking/rules/lending_rules.py.
    """

    code: str
    sentence: LazyString
    number: Number = plain
    variants: tuple[Variant, ...] = ()

    def sentence_for(self, violation: Violation, zone: Zone) -> str:
        """Return the sentence about one violation, with its numbers."""
        variant = next((one for one in self.variants if one.applies_to(violation)), None)
        sentence = variant.sentence if variant else self.sentence
        actual = (variant and variant.actual) or self.number
        numbers = {
            "limit": "" if violation.limit is None else self.number(violation.limit, zone),
            "actual": "" if violation.actual is None else actual(violation.actual, zone),
            "span": "" if violation.span is None else format_span(violation.span, zone),
        }
        return str(sentence) % numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText(ViolationText):
    """A rule of reserving as people read it.

    name: its heading on the help page and on the page of a machine. help_text: why it exists and how it counts.
    way_out: what a member can do. import_way_out: what a manager can do about a line of an imported file;
    None for a rule that does not bind imported reservations.
    """

    name: LazyString
    help_text: LazyString
    way_out: LazyString
    import_way_out: LazyString | None = None


@dataclass(frozen=True, slots=True)
class MachineRuleText:
    """The texts of one rule.

    label: of its field in the form. name: in the event log. column: its head in a table; aliases: further heads,
    the German one among them. fact: title and text on the machine's page, the text "" where it is left out.
    sentence: what the form of a reservation says about it, "" for nothing. refusal: of a wish that breaks it.
    """

    label: LazyString
    name: LazyString
    column: LazyString
    aliases: tuple[str, ...]
    fact: Callable[[MachineRules], Fact] | None = None
    sentence: Callable[[MachineRules], str] | None = None
    refusal: RuleText | None = None


Text = TypeVar("Text", bound=ViolationText)


def by_code(texts: Iterable[Text]) -> dict[str, Text]:
    """Return the texts by their codes. Raises ValueError for a code that has two texts."""
    found: dict[str, Text] = {}
    for text in texts:
        if found.setdefault(text.code, text) is not text:
            raise ValueError(f"rule {text.code} has two texts")
    return found
