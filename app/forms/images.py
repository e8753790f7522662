"""Uploaded pictures: checked, turned upright, scaled down, and stripped of their metadata.

The size is judged from the header first (picture_headers.py). What may be decoded is decoded in a process of its own
(picture_worker.py), one at a time among all web processes of the ring on this machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import BoundedSemaphore

from app.background.bounded_program import BoundedProgram, ProgramFailed, ProgramStuck
from app.forms.picture_headers import Header, NotAPicture, pixels_only, read_header
from booking.kernel.errors import Busy
from booking.kernel.write_lock import write_lock_of

EDGE_PX_MAX = 1280
MEDIA_TYPE = "image/jpeg"

PHOTO_MEDIA_TYPE = "image/webp"  # of a machine
PHOTO_PX, CARD_PX, THUMB_PX = 960, 480, 112

LOGO_PX = (480, 96)  # three times what the header shows, for dense screens
LOGO_MEDIA_TYPE = "image/png"

DECODER = BoundedProgram(
    Path(__file__).with_name("picture_worker.py"),
    memory_bytes_max=320 * 1024 * 1024,
    processor_seconds_max=15,
    seconds_max=20.0,
)
WAIT_SECONDS, WAITING_MAX = 10.0, 8  # who waits holds a thread of the web server
RETRY_AFTER_SECONDS = 5
LOCK_NAME = "pictures"  # of the lock files in the instance folder

_one_at_a_time = BoundedSemaphore(1)
_places = BoundedSemaphore(1 + WAITING_MAX)


def scaled_jpeg(content: bytes, instance: Path) -> bytes:
    """Return a JPEG, PNG or WebP as a JPEG of at most 1,280 pixels an edge. Raises NotAPicture, Busy."""
    return _scaled(content, instance, "JPEG", (EDGE_PX_MAX, EDGE_PX_MAX))


def scaled_photo(content: bytes, instance: Path) -> bytes:
    """Return a JPEG, PNG or WebP as a WebP of at most 960 pixels an edge. Raises NotAPicture, Busy."""
    return _scaled(content, instance, "WEBP", (PHOTO_PX, PHOTO_PX))


def square_thumb(content: bytes, instance: Path) -> bytes:
    """Return the middle of a JPEG, PNG or WebP as a WebP of 112 pixels square. Raises NotAPicture, Busy."""
    return _scaled(content, instance, "THUMB", (THUMB_PX, THUMB_PX))


def card_photo(content: bytes, instance: Path) -> bytes:
    """Return a JPEG, PNG or WebP as a WebP of at most 480 pixels an edge. Raises NotAPicture, Busy."""
    return _scaled(content, instance, "WEBP", (CARD_PX, CARD_PX))


def scaled_logo(content: bytes, instance: Path) -> bytes:
    """Return a JPEG, PNG or WebP as a PNG of at most 480 by 96 pixels; what was transparent stays so.

    Raises NotAPicture, Busy.
    """
    return _scaled(content, instance, "PNG", LOGO_PX)


def _scaled(content: bytes, instance: Path, result: str, box: tuple[int, int]) -> bytes:
    header = read_header(content)
    with _turn(instance):
        return _run(header, pixels_only(content), result, box)


@contextmanager
def _turn(instance: Path) -> Iterator[None]:
    deadline = time.monotonic() + WAIT_SECONDS
    if not _places.acquire(blocking=False):
        raise Busy(retry_after_seconds=RETRY_AFTER_SECONDS)
    try:
        if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
            raise Busy(retry_after_seconds=RETRY_AFTER_SECONDS)
        try:
            with _among_processes(instance, deadline - time.monotonic()):
                yield
        finally:
            _one_at_a_time.release()
    finally:
        _places.release()


def _among_processes(instance: Path, wait_seconds: float) -> AbstractContextManager[None]:
    """Return the lock that all web processes share; none where the instance folder is read-only."""
    if not os.access(instance, os.W_OK):
        return nullcontext()
    return write_lock_of(instance / LOCK_NAME).acquire(max(0.0, wait_seconds))


def _run(header: Header, content: bytes, result: str, box: tuple[int, int]) -> bytes:
    try:
        return DECODER.output(content, header.kind, result, *map(str, box))
    except ProgramFailed as error:
        raise NotAPicture from error
    except ProgramStuck as error:
        raise Busy(retry_after_seconds=RETRY_AFTER_SECONDS) from error
