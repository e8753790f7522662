"""The forms of a series: cancelling what is left of it, and deciding about it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, StringField

from app.forms.base_form import BaseForm
from app.forms.required import NOT_SENT, Required
from app.forms.span_form import REASON_LENGTH_MAX, MaxCharacters


class CancelRestForm(BaseForm):
    """Why what is left of a series is cancelled. revision: of the series when the form was opened."""

    revision = IntegerField(validators=[Required(NOT_SENT)])
    reason = StringField(_l("Reason"), [MaxCharacters(REASON_LENGTH_MAX)])


class DeclineForm(CancelRestForm):
    """Why all dates of a series that wait are declined."""

    reason = StringField(
        _l("Reason"), [Required(_l("A reason is needed: the member sees it.")), MaxCharacters(REASON_LENGTH_MAX)]
    )
