"""Forms that enter something new: the same one, sent twice or gone back to, counts once."""

from __future__ import annotations

import secrets
import uuid

from flask_wtf import FlaskForm
from wtforms import HiddenField

FORM_SPACE = uuid.UUID("5f0d9a3e-6d54-4f1a-9f9b-0f2d8f5b7c11")  # names of what comes from forms


class KeyedForm(FlaskForm):
    """A form with a key of its own, by which a second sending is recognised."""

    form_key = HiddenField()

    def fresh_key(self) -> None:
        """Give a form that is shown for the first time its key."""
        self.form_key.data = secrets.token_urlsafe(16)

    def name_of(self, *parts: object) -> str | None:
        """What this form enters, as a name: the same key with the same parts gives the same. None without a key."""
        if not self.form_key.data:
            return None
        return str(uuid.uuid5(FORM_SPACE, " ".join(map(str, (self.form_key.data, *parts)))))
