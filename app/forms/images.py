"""Uploaded pictures: checked, turned upright, scaled down, and stripped of their metadata."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from werkzeug.datastructures import FileStorage

if TYPE_CHECKING:  # Pillow is loaded when the first picture comes
    from PIL.Image import Image

EDGE_PX_MAX = 1280
PIXELS_MAX = 50_000_000
MEDIA_TYPE = "image/jpeg"

LOGO_PX = (480, 96)  # three times what the header shows, for dense screens
LOGO_MEDIA_TYPE = "image/png"


class NotAPicture(ValueError):
    """The file is no picture that can be shown, or is far too large."""


def scaled_jpeg(upload: FileStorage) -> bytes:
    """Return an uploaded JPEG, PNG or WebP as a JPEG of at most 1,280 pixels an edge. Raises NotAPicture.

    The picture is encoded again, so nothing but its pixels survives.
    """
    picture = _upright(upload, "RGB")
    picture.thumbnail((EDGE_PX_MAX, EDGE_PX_MAX))
    out = BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def scaled_logo(upload: FileStorage) -> bytes:
    """Return an uploaded JPEG, PNG or WebP as a PNG of at most 480 by 96 pixels. Raises NotAPicture.

    What was transparent stays so. Nothing but the pixels survives.
    """
    logo = _upright(upload, "RGBA")
    logo.thumbnail(LOGO_PX)
    logo.info.clear()  # a PNG would carry colour profile and text along
    out = BytesIO()
    logo.save(out, "PNG", optimize=True)
    return out.getvalue()


def _upright(upload: FileStorage, mode: str) -> Image:
    """Return the picture upright, in a mode of Pillow: RGB, or RGBA to keep what is transparent."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(upload.stream, formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise NotAPicture
            return ImageOps.exif_transpose(picture).convert(mode)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture from error
