"""The check of a wish for a group of machines: which machine it gets, what it costs, and why none can be had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.reservations import checks, waiting_links
from app.pages.reservations.checks import CheckView, RefusalReason
from app.pages.reservations.options import GROUP_PREFIX, ChosenGroup
from app.wording import formats
from app.wording.rules import rule_name, violation_sentence
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.estimates import Estimate, estimate_for
from booking import availability, queries
from booking.errors.schedule_errors import GroupRefused, GroupTaken, MachineRefusal, RequestRefused
from booking.kernel.errors import DomainError
from booking.queries import MachineCard
from booking.reservations import group_choice
from booking.reservations.group_choice import GroupWish
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import counts_of


class OtherPrice(Exception):
    """The machine that was shown is taken meanwhile, and the one chosen now has another price: nothing is stored."""

    def __init__(self, shown: MachineCard, chosen: MachineCard) -> None:
        super().__init__(shown.id, chosen.id)
        self.shown, self.chosen = shown, chosen

    @property
    def sentence(self) -> str:
        """What happened and what to do."""
        return _(
            "Meanwhile %(shown)s was taken. You would get %(machine)s now, at another price: look at it, then send it "
            "again.",
            shown=self.shown.name,
            machine=self.chosen.name,
        )


def check_view(session: Session, group: ChosenGroup, wish: Wish, *, now: datetime) -> tuple[MachineCard, CheckView]:
    """Return the machine of the group that a wish gets, and the check of the wish on it; the first one if none can."""
    try:
        machine_id = group_choice.choose(session, asked_of_group(session, group, wish), now=now)
    except (GroupTaken, GroupRefused) as refusal:
        return group.first, refusal_view(session, group, wish, refusal, now=now)
    card = group.cards[machine_id]
    on_it = group.wish(wish).on(machine_id)
    view = checks.check_view(session, card, on_it, now=now)
    notes = lacking_note(session, card, on_it), _price_note(session, group, on_it, view.estimate)
    return card, replace(view, machine_name=card.name, price_note=" ".join(filter(None, notes)))


def asked_of_group(session: Session, group: ChosenGroup, wish: Wish) -> GroupWish:
    """Return a wish for the group, with how many of the chosen variants the tariff of each machine lacks."""
    lacking = counts_of(LackingVariants(session), group.cards, wish.span.start, wish.choices)
    return replace(group.wish(wish), lacking=lacking)


def lacking_note(session: Session, card: MachineCard, wish: Wish) -> str:
    """Return that a machine lacks chosen variants and why it is given all the same; "" where it has them."""
    names = LackingVariants(session)(card.id, wish.span.start, wish.choices)
    if not names:
        return ""
    return _(
        "There is no “%(variants)s” on %(machine)s: no machine of the group that has all you chose can be had then.",
        machine=card.name,
        variants=", ".join(names),
    )


def note_of_entered(session: Session, group: ChosenGroup, reservation_id: int) -> str:
    """Return lacking_note() of a reservation of the group that was entered."""
    view = queries.reservation(session, reservation_id)
    card = group.cards.get(view.machine_id)
    wish = Wish(view.machine_id, view.member_id, view.span, view.places, choices=view.choices)
    return "" if card is None else lacking_note(session, card, wish)


def refusal_view(session: Session, group: ChosenGroup, wish: Wish, refusal: DomainError, *, now: datetime) -> CheckView:
    """Return why no machine of the group can be had, machine by machine, with the next times in the group."""
    refusals = refusal.refusals if isinstance(refusal, (GroupTaken, GroupRefused)) else ()
    reasons = [reason for one in refusals for reason in _reasons(session, group, wish, one)]
    if not reasons and isinstance(refusal, RequestRefused):  # the group was emptied meanwhile
        reasons = [
            RefusalReason(violation_sentence(one), rule_name(one.rule), checks.rule_address(one.rule))
            for one in refusal.violations
        ]
    near = availability.group_alternatives(session, asked_of_group(session, group, wish), now=now)
    found = availability.fewest_lacking_first(near, wish.choices, LackingVariants(session))
    card = group.first
    return CheckView(
        span_text=formats.format_span(wish.span, card.zone),
        length_text=checks.format_length(wish.span, card),
        reasons=tuple(reasons),
        choices=tuple(
            replace(
                checks.choice_of(other.machine_id, other.span, card),
                note=_note_of_other(session, group, other, wish),
            )
            for other in found
        ),
        workshop_phone=card.workshop_phone,
        waiting_href=_waiting_address(group, wish) if isinstance(refusal, GroupTaken) else "",
    )


def _note_of_other(session: Session, group: ChosenGroup, other: availability.Alternative, wish: Wish) -> str:
    """Return how another time differs from the wished one, and which chosen variants its machine lacks."""
    difference = checks.time_difference(other.span, wish.span, group.first)
    card = group.cards.get(other.machine_id)
    lacks = () if card is None else LackingVariants(session)(card.id, other.span.start, wish.choices)
    return checks.with_lacks(difference, lacks)


def _waiting_address(group: ChosenGroup, wish: Wish) -> str:
    return waiting_links.address(f"{GROUP_PREFIX}{group.id}", wish)


def require_price_shown(session: Session, group: ChosenGroup, shown_id: str | None, chosen_id: int, wish: Wish) -> None:
    """Raise OtherPrice where another machine was shown than the one that is chosen now, and its price differs."""
    cards = {str(card.id): card for card in group.cards.values()}
    shown, chosen = cards.get(shown_id or ""), group.cards.get(chosen_id)
    if shown is None or chosen is None or shown.id == chosen.id:
        return
    ask = group.wish(wish)
    prices = [estimate_for(session, card, ask.on(card.id)) for card in (shown, chosen)]
    if _terms(prices[0]) != _terms(prices[1]):
        raise OtherPrice(shown, chosen)


def _reasons(session: Session, group: ChosenGroup, wish: Wish, refused: MachineRefusal) -> Iterator[RefusalReason]:
    card = group.cards.get(refused.machine_id)
    if card is None:  # it came to the group while the form was sent
        return
    for reason in checks.reasons_of(session, refused.error, card, group.wish(wish).on(card.id)):
        yield replace(reason, sentence=f"{card.name}: {reason.sentence}")


def _price_note(session: Session, group: ChosenGroup, wish: Wish, estimate: Estimate | None) -> str:
    """Return that the machines of the group differ in price, with the prices; "" where they do not."""
    prices = {card.name: estimate_for(session, card, group.wish(wish).on(card.id)) for card in group.cards.values()}
    if all(_terms(other) == _terms(estimate) for other in prices.values()):
        return ""
    words = ", ".join(f"{name} {_price(other)}" for name, other in prices.items())
    return _("The machines of the group differ in price: %(prices)s.", prices=words)


def _terms(estimate: Estimate | None) -> tuple[object, ...] | None:
    return None if estimate is None else (estimate.charge_unit, estimate.terms)


def _price(estimate: Estimate | None) -> str:
    if estimate is None:
        return _("without a price")
    price = formats.format_unit_price(estimate.unit_price, estimate.charge_unit, adds_vat=estimate.terms.adds_vat)
    return price if estimate.terms.is_plain else _("%(price)s and further prices", price=price)
