"""A web process whose SECRET_KEY is not that of the others answers nothing but probes and files, and says so.

Calendar files are answered before this check (feeds/fast_path.py), on purpose: their addresses are stored as plain
hashes and nothing in them is signed or encrypted, so every process gives the same bytes, whatever its key.
"""

from __future__ import annotations

from flask import Flask, current_app, request

from app.extensions import db, secret_box
from app.present import present_app
from app.storage import installation
from app.web.intermediaries import PROBES

IS_CHECKED = "ringbuch_key_is_checked"


def init_app(app: Flask) -> None:
    """Check the first request of each process that needs the key; `ring serve` has checked before."""
    app.before_request(require_own_key)


def require_own_key() -> None:
    """Raise SecretKeyDiffers where the database names another key; a match is cached."""
    if present_app().extensions.get(IS_CHECKED) or request.path in PROBES or is_file():
        return
    installation.require_own_key(db.session(), secret_box())
    current_app.extensions[IS_CHECKED] = True


def is_file() -> bool:
    """Return whether the request is for a static file."""
    return (request.endpoint or "static").rpartition(".")[2] == "static"
