"""Pictures from people: checked, turned upright, made small, stripped of where and when they were taken."""

from __future__ import annotations

from io import BytesIO

from werkzeug.datastructures import FileStorage

LONGEST_EDGE_PX = 1280
PIXELS_AT_MOST = 50_000_000
MEDIA_TYPE = "image/jpeg"


class NotAPicture(ValueError):
    """The file is no picture that can be shown, or far too large a one."""


def small_picture(upload: FileStorage) -> bytes:
    """A JPEG of at most 1,280 pixels an edge out of an uploaded JPEG, PNG or WebP. Raises NotAPicture.

    The picture is encoded anew, so nothing but its pixels survives.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(upload.stream, formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > PIXELS_AT_MOST:
                raise NotAPicture
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture from error
    upright.thumbnail((LONGEST_EDGE_PX, LONGEST_EDGE_PX))
    out = BytesIO()
    upright.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()
