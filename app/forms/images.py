"""Uploaded pictures: checked, turned upright, scaled down, and stripped of their metadata.

The size is judged from the header first (picture_headers.py). What may be decoded is decoded in a process of its own
(picture_worker.py), one at a time for each web process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore

from app.forms.picture_headers import Header, NotAPicture, pixels_only, read_header

EDGE_PX_MAX = 1280
MEDIA_TYPE = "image/jpeg"

LOGO_PX = (480, 96)  # three times what the header shows, for dense screens
LOGO_MEDIA_TYPE = "image/png"

WORKER = Path(__file__).with_name("picture_worker.py")
SECONDS_MAX = 20.0
WAIT_SECONDS, WAITING_MAX = 10.0, 8  # who waits holds a thread of the web server
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # no secrets of the ring

_one_at_a_time = BoundedSemaphore(1)
_places = BoundedSemaphore(1 + WAITING_MAX)


class PicturesBusy(Exception):
    """Too many pictures are being scaled down; nothing is wrong with this one."""


def scaled_jpeg(content: bytes) -> bytes:
    """Return a JPEG, PNG or WebP as a JPEG of at most 1,280 pixels an edge. Raises NotAPicture, PicturesBusy."""
    return _scaled(content, "JPEG", (EDGE_PX_MAX, EDGE_PX_MAX))


def scaled_logo(content: bytes) -> bytes:
    """Return a JPEG, PNG or WebP as a PNG of at most 480 by 96 pixels; what was transparent stays so.

    Raises NotAPicture, PicturesBusy.
    """
    return _scaled(content, "PNG", LOGO_PX)


def _scaled(content: bytes, result: str, box: tuple[int, int]) -> bytes:
    header = read_header(content)
    with _turn():
        return _run(header, pixels_only(content), result, box)


@contextmanager
def _turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise PicturesBusy
    try:
        if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
            raise PicturesBusy
        try:
            yield
        finally:
            _one_at_a_time.release()
    finally:
        _places.release()


def _run(header: Header, content: bytes, result: str, box: tuple[int, int]) -> bytes:
    command = [sys.executable, "-I", str(WORKER), header.kind, result, *map(str, box)]
    variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=content, capture_output=True, timeout=SECONDS_MAX, env=variables, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotAPicture from error
    if done.returncode != 0 or not done.stdout:
        raise NotAPicture
    return done.stdout
