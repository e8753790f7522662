"""/workshop/inductions/<id>/level: a manager says that somebody may run machines alone from now on."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.pages.declaration import POST, page
from app.pages.workshop import bp
from app.wording.errors import sentence_of
from app.wording.induction_levels import level_label, supervised_label
from booking.errors.schedule_errors import WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.members import induction_levels
from booking.queries import InductionView, supervised_uses
from booking.rules.persons import Level


@dataclass(frozen=True, slots=True)
class LevelShown:
    """The level of an induction in the list. words: "" for alone. is_proposed: all uses under supervision are done."""

    words: str = ""
    is_supervised: bool = False
    is_proposed: bool = False


@page(bp, "/inductions/<int:induction_id>/alone", methods=POST, access=Access(manager=ALL, admin=ALL))
def raise_level(induction_id: int) -> ResponseReturnValue:
    """Enter that a person may run machines alone, after uses under supervision. A second click changes nothing."""
    session, by = db.session(), current_actor()
    try:
        in_write_transaction(
            session, lambda: induction_levels.set_level(session, induction_id, Level.ALONE, by=by, now=now())
        )
    except WrongStatus as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("From now on without supervision."))
    return redirect(url_for(".list_inductions"), code=303)


def levels_shown(listed: tuple[InductionView, ...]) -> dict[int, LevelShown]:
    """Return the levels of inductions by their ids, with how many uses under supervision are done."""
    shown = {one.id: LevelShown(level_label(one.level)) for one in listed if one.level == Level.TRAINER}
    for induction_id, done in supervised_uses.progress(db.session(), listed).items():
        shown[induction_id] = LevelShown(supervised_label(done), True, 0 < done.needed <= done.done)
    return shown
