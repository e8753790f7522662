"""The mark of a request that nobody sent: it is neither counted nor logged."""

from __future__ import annotations

from flask import has_request_context, request

UNCOUNTED = "ringbuch.is_uncounted"  # in the WSGI environment: see app/server/warm_up.py


def is_uncounted() -> bool:
    """Return whether the present request is one that nobody sent."""
    return has_request_context() and UNCOUNTED in request.environ
