"""A field for a picture: checked and scaled down during validation, before the database is locked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.forms.images import NotAPicture, scaled_jpeg


class PictureField(FileField):
    """A JPEG, PNG or WebP file. scale_down: turns it into what is stored."""

    picture: bytes | None = None  # after validation; None where no file was chosen

    def __init__(self, label: Any, scale_down: Callable[[FileStorage], bytes] = scaled_jpeg, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.scale_down = scale_down

    def pre_validate(self, form: BaseForm) -> None:
        """Scale the picture down. Raises ValidationError for a file that is no picture."""
        if self.data:
            try:
                self.picture = self.scale_down(self.data)
            except NotAPicture as error:
                raise ValidationError(_("This file is not an image. Choose a JPEG, PNG or WebP file.")) from error
