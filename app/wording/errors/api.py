"""Texts and statuses of the errors of the API itself."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText(
        "idempotency_key_reused",
        409,
        _l("This key was used before"),
        _l("The Idempotency-Key was sent before with other content. Use a new key."),
    ),
    ErrorText(
        "token_read_only",
        403,
        _l("This token is read-only"),
        _l("This API token can read and not change anything. Use another token."),
    ),
    ErrorText(
        "too_many_tasks",
        409,
        _l("Too many open background tasks"),
        _l("This login has %(limit)s background tasks open already. Wait until one is done, then send the same again."),
    ),
)
