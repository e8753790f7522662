"""What a wish says of uses under supervision that come first: how far its member is, and who may supervise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.reservations.checks import CheckView
from app.wording.induction_levels import supervised_label
from booking.queries import MachineCard, supervised_uses
from booking.reservations.wishes import Wish
from booking.times.wall_clock import local_day
from booking.use import operators


def with_first_uses(session: Session, view: CheckView, card: MachineCard, wish: Wish, *, now: datetime) -> CheckView:
    """Return the check of a wish with what to know of uses under supervision. Nothing else of it depends on that."""
    if view.reasons or card.induction_kind_id is None:
        return view
    day = local_day(wish.span.start, card.zone)
    found = supervised_uses.first_uses(session, wish.member_id, card.induction_kind_id, day)
    if not found:
        return view
    persons = [
        _("%(name)s %(how)s", name=name, how=supervised_label(done)) if name else supervised_label(done)
        for name, done in found
    ]
    trainers = operators.trainers_of(session, card.id, now=now)
    return replace(view, first_uses=_sentence("; ".join(persons), trainers))


def _sentence(how: str, trainers: tuple[str, ...]) -> str:
    if not trainers:
        return _("For now %(how)s. Nobody is a trainer for it yet: ask the workshop.", how=how)
    return _(
        "For now %(how)s. One of these has to be there at the hand-out: %(names)s.", how=how, names=", ".join(trainers)
    )
