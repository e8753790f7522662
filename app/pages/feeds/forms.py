"""What a new calendar subscription shall show."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app.forms.base_form import BaseForm
from app.forms.required import Required
from calendars.tokens import BUSY, FULL, MACHINE, MINE, WORKSHOP, FeedWish

LABEL_LENGTH_MAX = 80


class FeedForm(BaseForm):
    """One choice: a scope with its object, or with how much of it is shown."""

    shows = SelectField(_l("What it shows"), [Required(_l("Please choose what the subscription shows."))])
    label = StringField(
        _l("Note for yourself"), [Length(max=LABEL_LENGTH_MAX)], filters=[lambda text: (text or "").strip()]
    )

    def __init__(self, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shows.choices = choices

    def wish(self, member_id: int | None, language: str) -> FeedWish:
        """Return the requested subscription. Call only after validation."""
        scope, _, rest = self.shows.data.partition(":")
        return FeedWish(
            privacy=rest if scope == MINE else BUSY,
            member_id=member_id if scope == MINE else None,
            machine_id=int(rest) if scope == MACHINE else None,
            workshop_id=int(rest) if scope == WORKSHOP else None,
            label=(self.label.data or "").strip(),
            language=language,
        )


MINE_FULL, MINE_BUSY = f"{MINE}:{FULL}", f"{MINE}:{BUSY}"
