"""What a change of rules would mean, before it is stored: for machines, quotas and kinds of inductions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from app.api.fields import RequestModel, ResponseModel
from app.extensions import db
from booking.errors.schedule_errors import ANY, ReservationsOutside, Violation
from booking.kernel.transaction import write_transaction
from booking.rule_changes.season_preview import SeasonPreview

OUTSIDE_MAX = 200
Digest = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{16}$")]


class RuleChange(RequestModel):
    """What every change of rules has. preview: true stores nothing and returns what the change would mean.

    digest: of that preview; with it, the change is stored only while it still means the same, else the answer is 409
    `reservations_outside`.
    """

    preview: StrictBool = False
    digest: Digest | None = None

    @property
    def confirmed(self) -> str:
        """What was seen of its effects, as the use cases ask for it."""
        return ANY if self.digest is None else self.digest


class BrokenRules(ResponseModel):
    """A reservation, and the rules that it breaks."""

    reservation_id: int
    rules: list[str]


class RulePreview(ResponseModel):
    """What a change of rules would mean.

    refused: how many of the reservations of the last year that were looked at (asked) it would have refused, by
    how many members; is_cut: there are more, and those asked for last were looked at. examples: some of the refused
    ones. outside: reservations to come that would lie outside the rules and stay reserved, at most 200 of
    outside_count. digest: sent with the change, it stores nothing else than was shown.
    """

    asked: int
    refused: int
    members: int
    is_cut: bool
    examples: list[BrokenRules]
    outside: list[BrokenRules]
    outside_count: int = Field(ge=0)
    digest: str


def preview_of(found: ReservationsOutside) -> RulePreview:
    """Return the effects of a change that was refused because nobody has confirmed them."""
    season = found.season or SeasonPreview()
    return RulePreview(
        asked=season.asked,
        refused=season.refused,
        members=season.members,
        is_cut=season.is_cut,
        examples=[_broken(*one) for one in season.examples],
        outside=[_broken(*one) for one in list(found.broken.items())[:OUTSIDE_MAX]],
        outside_count=len(found.broken),
        digest=found.fingerprint,
    )


def previewed(look: Callable[[], object]) -> RulePreview:
    """Return what a change means that nobody has confirmed. look: raises ReservationsOutside if it means anything."""
    try:
        look()
    except _RolledBack:
        pass
    except ReservationsOutside as found:
        return preview_of(found)
    return preview_of(ReservationsOutside({}))


def tried(change: Callable[[], object]) -> None:
    """Carry a change out and roll it back; for previewed()."""
    with write_transaction(db.session()):
        change()
        raise _RolledBack


class _RolledBack(Exception):
    """Ends the transaction of a change that was only tried."""


def _broken(reservation_id: int, violations: Sequence[Violation]) -> BrokenRules:
    return BrokenRules(reservation_id=reservation_id, rules=list(dict.fromkeys(one.rule for one in violations)))
