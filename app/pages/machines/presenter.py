"""What the pages of the machines show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.web.paging import page_number
from app.wording import formats
from app.wording.rules import violation_sentence
from app.wording.rules.machine import rule_facts
from app.wording.whereabouts import still_out_sentence
from billing import charges
from booking import availability, queries
from booking.errors import RecordRefused
from booking.members import STANDARD_PRICE_CLASS
from booking.price_classes import price_class_on
from booking.queries import ClosureView, MachineCard
from booking.timespan import TimeSpan
from booking.wall_clock import local_day, to_wall

DAYS_AHEAD = 14
SPANS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class CatalogueFilters:
    """The filters of the catalogue, from the query of the address."""

    text: str
    workshop: str
    kind: str
    only_mine: bool
    page: int

    @classmethod
    def of(cls, arguments: MultiDict[str, str]) -> CatalogueFilters:
        """Return the filters of a query string; nonsense counts as no filter."""
        return cls(
            text=arguments.get("q", "")[:100].strip(),
            workshop=arguments.get("workshop", ""),
            kind=arguments.get("kind", ""),
            only_mine=arguments.get("mine") == "1",
            page=page_number(),
        )

    def is_narrowed(self) -> bool:
        """Return whether anything is filtered out."""
        return bool(self.text or self.workshop or self.kind or self.only_mine)

    def as_arguments(self) -> dict[str, str]:
        """Return the query arguments for another page of the same list."""
        filters = {"q": self.text, "workshop": self.workshop, "kind": self.kind, "mine": "1" if self.only_mine else ""}
        return {name: value for name, value in filters.items() if value}


@dataclass(frozen=True, slots=True)
class FreeSpan:
    """A span in which the machine is free, and the address of the form filled in with its start."""

    span: TimeSpan
    address: str


@dataclass(frozen=True, slots=True)
class MachinePage:
    """A machine, its rules as (title, text), the next spans in which it is free. price: "" without a tariff.

    closed: the closure that is on now. still_out: that it should be back, or "".
    """

    card: MachineCard
    rules: tuple[tuple[str, str], ...]
    free: tuple[FreeSpan, ...]
    price: str = ""
    closed: ClosureView | None = None
    still_out: str = ""


def machine_page(session: Session, card: MachineCard, *, price: str, now: datetime) -> MachinePage:
    """Return the page of a machine: the free spans of two weeks are long enough for the shortest reservation."""
    late = still_out_sentences(session, [card], now=now).get(card.id, "")
    if card.is_retired:
        return MachinePage(card, _facts_of(card), (), still_out=late)
    window = TimeSpan(now, now + timedelta(days=DAYS_AHEAD))
    spans = availability.free_spans(session, card.id, window, now=now)
    free = tuple(_free(card, span) for span in list(spans)[:SPANS_SHOWN])
    closed = queries.closure_now(session, card.id, now=now)
    return MachinePage(card, _facts_of(card), free, price, closed, late)


def still_out_sentences(session: Session, cards: Collection[MachineCard], *, now: datetime) -> dict[int, str]:
    """Return which of the machines should be back, as sentences by their ids; one statement."""
    late = queries.still_out(session, now, machine_ids=[card.id for card in cards])
    return {card.id: still_out_sentence(late[card.id], card.zone, now) for card in cards if card.id in late}


def price_text(session: Session, card: MachineCard, member_id: int | None, *, now: datetime) -> str:
    """Return today's price of a use: for the member's price class; for a login without a member the standard class."""
    day = local_day(now, card.zone)
    tariff = charges.tariff_on(session, card.id, day)
    if tariff is None:
        return ""
    price_class = STANDARD_PRICE_CLASS if member_id is None else price_class_on(session, member_id, day)
    terms = charges.terms_of(session, tariff, price_class)
    if terms is None:
        return ""
    text = formats.format_unit_price(terms.unit_price, tariff.charge_unit)
    if terms.minimum_cents:
        text += ", " + _("at least %(sum)s", sum=formats.format_money(terms.minimum_cents))
    return text


def qr_svg(address: str) -> bytes:
    """Return an address as a QR code, large enough to scan from an arm's length."""
    import segno

    image = BytesIO()
    segno.make(address, error="q", micro=False).save(image, kind="svg", scale=8, border=4, xmldecl=False)
    return image.getvalue()


def reasons(refusal: RecordRefused) -> str:
    """Return all reasons of a refusal in one text."""
    return " ".join(violation_sentence(violation) for violation in refusal.violations)


def _facts_of(card: MachineCard) -> tuple[tuple[str, str], ...]:
    """Return what the page shows under "Rules": first who decides and who may use the machine."""
    facts = {name: (title, text) for name, title, text in rule_facts(card.rules)}
    return (
        (_("Places"), str(card.places) if card.places > 1 else ""),
        facts.pop("needs_approval"),
        (_("Induction"), card.induction_kind or _("not needed")),
        *facts.values(),
    )


def _free(card: MachineCard, span: TimeSpan) -> FreeSpan:
    start = to_wall(span.start, card.zone)
    address = url_for(
        "reservations.new", machine=card.slug, date=start.date().isoformat(), start=start.strftime("%H:%M")
    )
    return FreeSpan(span, address)
