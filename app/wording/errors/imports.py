"""Texts and statuses of the errors of imports."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "import_in_use",
        409,
        _l("Cannot be taken back"),
        _l("The import cannot be taken back: records depend on it, or another import was stored meanwhile."),
    ),
)
