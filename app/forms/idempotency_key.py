"""Forms that enter something new: the same form, sent twice or returned to, counts once."""

from __future__ import annotations

import secrets
import uuid

from wtforms import HiddenField

from app.forms.base_form import BaseForm

FORM_NAMESPACE = uuid.UUID("5f0d9a3e-6d54-4f1a-9f9b-0f2d8f5b7c11")


class IdempotencyKeyMixin(BaseForm):
    """A form with a key of its own, by which a second sending is recognised."""

    form_key = HiddenField()

    def issue_key(self) -> None:
        """Give a form that is shown for the first time its key."""
        self.form_key.data = secrets.token_urlsafe(16)

    def derive_id(self, *parts: object) -> str | None:
        """Return an id of what the form enters: the same key and parts give the same id. None without a key."""
        if not self.form_key.data:
            return None
        return str(uuid.uuid5(FORM_NAMESPACE, " ".join(map(str, (self.form_key.data, *parts)))))
