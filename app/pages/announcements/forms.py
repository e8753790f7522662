"""The form of an announcement."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, TextAreaField

from app.forms.base_form import BaseForm
from app.forms.required import Required
from app.forms.span_form import MaxCharacters
from booking.announcements import AnnouncementInput
from booking.models.announcement import TEXT_LENGTH_MAX
from booking.queries import WorkshopView

FOR_ALL = "all"


class AnnouncementForm(BaseForm):
    """What is announced, for whom, and until when."""

    text = TextAreaField(
        _l("What should everybody know?"),
        [Required(_l("Please write what everybody should know.")), MaxCharacters(TEXT_LENGTH_MAX)],
    )
    workshop = SelectField(_l("About"))
    last_day = DateField(_l("Last day"), [Required(_l("Please choose the last day."))])

    def offer(self, places: Sequence[WorkshopView], *, is_for_all: bool) -> None:
        """Fill in what can be chosen. Call before validation."""
        choices = [(FOR_ALL, _("the whole ring"))] if is_for_all else []
        self.workshop.choices = [*choices, *((str(place.id), place.name) for place in places)]

    def to_input(self) -> AnnouncementInput:
        """Return what was entered. Call only after validation."""
        assert self.last_day.data is not None  # a required field
        chosen = self.workshop.data
        workshop_id = None if chosen == FOR_ALL else int(chosen)
        return AnnouncementInput(workshop_id, self.text.data or "", self.last_day.data)
