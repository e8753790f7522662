"""A form as it was sent, with its files, or the JSON of a program, as bytes and back."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from io import BytesIO

from flask import Request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

# The page that took it over has checked them; the latter is the password, which is stored nowhere.
NOT_CARRIED = ("csrf_token", "confirmation")
JSON_MARK = b"json:"  # the other kind of body begins with "[["


def packed(request: Request) -> bytes:
    """Return the form of a request; b"" where there is none."""
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in NOT_CARRIED]
    files = []
    for name, file in request.files.items(multi=True):
        file.stream.seek(0)  # the view may have read it
        files.append((name, file.filename or "", file.mimetype, b64encode(file.stream.read()).decode()))
        file.stream.seek(0)
    if not fields and not files:
        return b""
    return zlib.compress(json.dumps([fields, files]).encode())


def packed_json(content: str) -> bytes:
    """Return the JSON of a program, which its endpoint has validated."""
    return zlib.compress(JSON_MARK + content.encode())


def json_of(body: bytes) -> bytes | None:
    """Return the JSON in packed bytes; None for a form."""
    content = zlib.decompress(body) if body else b""
    return content.removeprefix(JSON_MARK) if content.startswith(JSON_MARK) else None


def fill(request: Request, body: bytes) -> None:
    """Give a request the form in packed bytes, as if it had been sent with it."""
    fields, files = json.loads(zlib.decompress(body)) if body and json_of(body) is None else ([], [])
    stored = [
        (name, FileStorage(BytesIO(b64decode(content)), file_name, name, content_type))
        for name, file_name, content_type, content in files
    ]
    # Werkzeug reads the body where these are not there yet.
    request.__dict__["form"] = ImmutableMultiDict([(name, text) for name, text in fields])
    request.__dict__["files"] = ImmutableMultiDict(stored)
