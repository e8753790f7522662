"""A field for a picture: its size is checked with the other fields, and it is scaled down when all are valid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_wtf.file import FileField
from werkzeug.exceptions import TooManyRequests
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.forms.images import PicturesBusy, scaled_jpeg
from app.forms.picture_headers import NotAPicture, TooManyPixels, read_header
from app.web import rate_limits


class PictureField(FileField):
    """A JPEG, PNG or WebP file. scale_down: turns it into what is stored."""

    errors: Any
    picture: bytes | None = None  # after validation; None where no file was chosen

    def __init__(self, label: Any, scale_down: Callable[[bytes], bytes] = scaled_jpeg, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.scale_down = scale_down
        self._content = b""

    def pre_validate(self, form: BaseForm) -> None:
        """Raise ValidationError for a file that is no picture or has too many pixels. Nothing is decoded yet."""
        if not self.data:
            return
        self._content = self.data.read()
        try:
            read_header(self._content)
        except NotAPicture as error:
            raise ValidationError(_not_a_picture()) from error
        except TooManyPixels as error:
            raise ValidationError(
                _(
                    "This picture has %(actual)s megapixels, at most %(limit)s are possible. Save it smaller, then "
                    "choose it again.",
                    actual=error.megapixels,
                    limit=error.megapixels_max,
                )
            ) from error

    def scale(self) -> bool:
        """Scale the picture down, before the database is locked; return whether that was possible."""
        if not self._content:
            return True
        try:
            rate_limits.count(rate_limits.EXPORTS)
            self.picture = self.scale_down(self._content)
        except NotAPicture:
            self.errors = [*self.errors, _not_a_picture()]
        except (PicturesBusy, TooManyRequests):
            self.errors = [*self.errors, _("Many pictures arrive at this moment. Choose it again and send once more.")]
        return not self.errors


def _not_a_picture() -> str:
    return _("This file is not an image. Choose a JPEG, PNG or WebP file.")
