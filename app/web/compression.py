"""Gzip for answers of text: pages, JSON, scripts, CSV files, and style sheets without their spaces and comments.

BREACH: who can make a browser ask for pages that repeat a guess of theirs beside a secret learns the secret from the
lengths. Our cookies are SameSite=Lax, so that other sites' requests in the background carry no session; and a name of
random length in the header of each gzip stream hides small differences.

A gzipped file with an ETag gets a weak one (other bytes, the same content), so that If-None-Match still holds. Answers
of the API with an ETag stay as they are: their tag is a revision that programs send back in If-Match.
"""

from __future__ import annotations

import re
import secrets
import struct
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from http import HTTPStatus

from flask import Flask, Response, request

from app.present import present_request

MEDIA_TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/problem+json",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
BYTES_MIN = 1_000  # less fits into one packet anyway
LEVEL = 5  # costs as much as 4 for 4 % less; higher levels cost twice as much for 1 to 2 % less
BEST = 9  # of the files of the program, which are compressed once
FILES = ("static", "openapi")  # endpoints, of what is the same for everybody
PADDING_MAX = 32
CSS_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
CSS_SPACES = re.compile(rb" ?([{};,]) ?")  # not around ":", where a space before it is a combinator
CSS_STRING = re.compile(rb"""("[^"\\n]*"|'[^'\\n]*')""")
_HEADER = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"  # deflate, with a name, no time, unknown system


def init_app(app: Flask) -> None:
    """Compress as the last step of a response. Call before all others: the first registered runs last."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """Compress a response if its kind, its size and the client allow it."""
    if response.mimetype not in MEDIA_TYPES or "Content-Encoding" in response.headers:
        return response
    tag, _is_weak = response.get_etag()
    if tag is not None and present_request().path.startswith("/api/"):
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 and response.status_code < 400:
        return response
    if request.accept_encodings["gzip"] <= 0 or request.method == "HEAD" or request.range is not None:
        return response
    return _streamed(response) if _is_generated(response) else _whole(response, tag)


def _is_generated(response: Response) -> bool:
    return response.is_streamed and not response.direct_passthrough


def _streamed(response: Response) -> Response:
    response.response = _gzip_stream(response.response)
    response.headers.remove("Content-Length")
    response.headers["Content-Encoding"] = "gzip"
    return response


def _whole(response: Response, tag: str | None) -> Response:
    content = _read_file(response) if response.direct_passthrough else response.get_data()
    if len(content) < BYTES_MIN:
        return response
    if _is_same_for_everybody(response):
        response.set_data(_static_file(content, is_style=response.mimetype == "text/css"))
    else:
        response.set_data(b"".join(_gzip_stream([content])))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.remove("Accept-Ranges")
    if tag is not None:
        response.set_etag(tag, weak=True)
    return response


def _read_file(response: Response) -> bytes:
    """Return the content of a static file, which is small, and close it."""
    response.direct_passthrough, file = False, response.response
    content = response.get_data()
    if hasattr(file, "close"):
        file.close()
    return content


def _is_same_for_everybody(response: Response) -> bool:
    """Return whether the answer may be kept. The page that says that there is no such file is its reader's."""
    return response.status_code == HTTPStatus.OK and (request.endpoint or "").rpartition(".")[2] in FILES


@lru_cache(maxsize=128)
def _static_file(content: bytes, *, is_style: bool) -> bytes:
    return b"".join(_gzip_stream([minified(content) if is_style else content], BEST))


def minified(style: bytes) -> bytes:
    """Return a style sheet without comments and needless white space, a tenth smaller when compressed.

    What stands in quotation marks stays as it is.
    """
    parts = CSS_STRING.split(CSS_COMMENT.sub(b"", style))
    return b"".join(part if number % 2 else _without_spaces(part) for number, part in enumerate(parts)).strip()


def _without_spaces(part: bytes) -> bytes:
    return CSS_SPACES.sub(rb"\1", re.sub(rb"\s+", b" ", part)).replace(b": ", b":").replace(b";}", b"}")


def _gzip_stream(parts: Iterable[bytes | str], level: int = LEVEL) -> Iterator[bytes]:
    """Yield a gzip stream of some parts."""
    compressor, checksum, length = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS), 0, 0
    try:
        yield _HEADER + b"x" * secrets.randbelow(PADDING_MAX) + b"\x00"
        for part in parts:
            content = part.encode() if isinstance(part, str) else part
            checksum, length = zlib.crc32(content, checksum), length + len(content)
            if compressed := compressor.compress(content):
                yield compressed
        yield compressor.flush() + struct.pack("<LL", checksum, length & 0xFFFFFFFF)
    finally:
        if hasattr(parts, "close"):
            parts.close()
