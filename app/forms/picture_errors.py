"""The refusal of a picture by a rate limit; its text is in app/wording/errors/auth.py."""

from __future__ import annotations

from booking.kernel.errors import Busy


class TooManyPictures(Busy):
    """The login has sent more pictures than EXPORT_LIMIT allows. facts: retry_after_seconds."""

    code = "too_many_pictures"
