"""The confirming step of a form that changes rules or hours over reservations that were made before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField

from app.forms.base_form import BaseForm
from app.wording.rules import violation_sentence
from booking import queries
from booking.errors.schedule_errors import ReservationsOutside, Violation
from booking.kernel.errors import DomainError
from booking.queries import ReservationView

SHOWN_MAX = 25


@dataclass(frozen=True, slots=True)
class OutsideLine:
    """A reservation outside the rules, and why."""

    view: ReservationView
    sentence: str


def outside_line(view: ReservationView, violations: Sequence[Violation]) -> OutsideLine:
    """Return the line of a reservation that breaks rules."""
    return OutsideLine(view, " ".join(violation_sentence(violation, view.zone) for violation in violations))


class RuleChangeMixin(BaseForm):
    """A form that asks before it stores rules outside of which reservations lie.

    confirmed: the fingerprint of what was shown; sent with the second button. outside: what is to be confirmed.
    season_lines: of the last season, some that the new rules would have refused; set by outside_lines().
    """

    confirmed = HiddenField()
    tells_members = BooleanField(_l("Tell the members by e-mail, one for each of them"))

    outside: ReservationsOutside | None = None
    season_lines: tuple[OutsideLine, ...] = ()

    def show_refusal(self, refusal: DomainError) -> None:
        """Remember what is to be confirmed; any other refusal is shown as usual."""
        super().show_refusal(refusal)
        if isinstance(refusal, ReservationsOutside):
            self.outside = refusal

    def outside_lines(self, session: Session) -> tuple[OutsideLine, ...]:
        """Return the first reservations that are to be confirmed, in order of time."""
        if self.outside is None:
            return ()
        season = self.outside.season
        if season is not None:
            self.season_lines = _lines(session, dict(season.examples))
        return _lines(session, dict(islice(self.outside.broken.items(), SHOWN_MAX)))


def _lines(session: Session, broken: Mapping[int, Sequence[Violation]]) -> tuple[OutsideLine, ...]:
    found = queries.reservations_by_id(session, list(broken))
    return tuple(outside_line(view, broken[view.id]) for view in found)
