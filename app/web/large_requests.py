"""The requests that may wait longer for the database: exports, imports and allocations."""

from __future__ import annotations

from flask import Flask

from app.present import present_request
from booking.kernel import deadlines

# Beginnings of endpoints.
LARGE = (
    "imports.",
    "admin.download_",
    "admin.make_backup_now",
    "costs.download_",
    "costs.allocate",
    "costs.post",
    "costs.reverse",
    "costs.shares_file",
    "api.export_",
    "api.allocate_costs",
)


def init_app(app: Flask) -> None:
    """Extend the deadlines before anything reads the database."""
    app.before_request_funcs.setdefault(None, []).insert(0, _extend)
    app.teardown_request(_restore)


def _extend() -> None:
    if _is_large():
        deadlines.extend(deadlines.LARGE)


def _restore(_error: BaseException | None) -> None:
    if _is_large():
        deadlines.restore()


def _is_large() -> bool:
    return (present_request().endpoint or "").startswith(LARGE)
