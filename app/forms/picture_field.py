"""A picture sent with a form: checked and made small while the form is validated, before any database is locked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.forms.images import NotAPicture, small_picture


class PictureField(FileField):
    """A JPEG, PNG or WebP file. made_small: how it becomes what is stored."""

    picture: bytes | None = None  # after validation; None where no file was chosen

    def __init__(self, label: Any, made_small: Callable[[FileStorage], bytes] = small_picture, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.made_small = made_small

    def pre_validate(self, form: BaseForm) -> None:
        """Raises ValidationError for a file that is no picture."""
        if self.data:
            try:
                self.picture = self.made_small(self.data)
            except NotAPicture as error:
                raise ValidationError(_("This file is no picture. Choose a JPEG, PNG or WebP file.")) from error
