"""The rules of the waiting list as text. Each is named by its field, so it needs only a sentence."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.formats import format_minutes
from app.wording.rules.text import ViolationText

WAITING_RULES = (
    ViolationText(
        code="waiting_days",
        sentence=_l(
            "One may wait for a time within %(limit)s days at most; these are %(actual)s. Choose an earlier end."
        ),
    ),
    ViolationText(
        code="waiting_entries",
        sentence=_l(
            "A member may be on the waiting list %(limit)s times at once. Leave it somewhere before you join it again."
        ),
    ),
    ViolationText(
        code="waiting_window",
        sentence=_l(
            "This length (%(actual)s) does not fit there within the opening hours. Choose more days, another part of "
            "the day or a shorter time."
        ),
        number=lambda minutes, _zone: format_minutes(minutes),
    ),
)
