"""A field for a picture: its size is checked with the other fields, and it is scaled down when all are valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_wtf.file import FileField
from werkzeug.exceptions import TooManyRequests
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.forms.images import scaled_jpeg
from app.forms.picture_errors import TooManyPictures
from app.forms.picture_headers import NotAPicture, TooManyPixels, read_header
from app.web import rate_limits
from booking.kernel.errors import Busy

Scale = Callable[[bytes, Path], bytes]


class PictureField(FileField):
    """A JPEG, PNG or WebP file. scale_down: turns it into what is stored; smaller: that into small ones, by name."""

    errors: Any
    picture: bytes | None = None  # after validation; None where no file was chosen
    small: Mapping[str, bytes] = MappingProxyType({})

    def __init__(
        self, label: Any, scale_down: Scale = scaled_jpeg, smaller: Mapping[str, Scale] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(label, **kwargs)
        self.scale_down, self.smaller = scale_down, smaller or {}
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
        """Scale the picture down, before the database is locked; return whether that was possible.

        Raises Busy, TooManyPictures.
        """
        if not self._content:
            return True
        try:
            rate_limits.count(rate_limits.EXPORTS)
            instance = Path(current_app.instance_path)
            self.picture = self.scale_down(self._content, instance)
            self.small = {name: scale(self.picture, instance) for name, scale in self.smaller.items()}
        except NotAPicture:
            self.errors = [*self.errors, _not_a_picture()]
        except TooManyRequests as refusal:
            wait_seconds = int(refusal.retry_after or 1)  # type: ignore[arg-type]
            self.errors = [*self.errors, _("You have sent many pictures in a short time. Choose it again in a minute.")]
            raise TooManyPictures(retry_after_seconds=wait_seconds) from refusal
        except Busy as refusal:
            self.errors = [*self.errors, _("Many pictures arrive at this moment. Choose it again and send once more.")]
            raise Busy(retry_after_seconds=refusal.facts["retry_after_seconds"]) from refusal
        return not self.errors


def _not_a_picture() -> str:
    return _("This file is not an image. Choose a JPEG, PNG or WebP file.")
