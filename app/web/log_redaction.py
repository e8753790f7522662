"""Redaction of the logs: no secret of a calendar subscription appears in them."""

from __future__ import annotations

import logging
import re

# A mistyped address contains the secret too: without its end, or with another one.
_SECRET = re.compile(r"(/feeds/)(?:[^/\s\"'?]+(?=\.ics)|[^/\s\"'?.]{20,})")
_LOGS = ("werkzeug", "granian", "granian.access", "gunicorn.error", "gunicorn.access", "waitress")


class SecretRedactor(logging.Filter):
    """A filter that replaces secrets and drops no record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact secrets in the formatted line."""
        line = record.getMessage()
        if "/feeds/" in line:
            record.msg, record.args = _SECRET.sub(r"\1***", line), None
        return True


def redact_secrets(log_of_application: logging.Logger) -> None:
    """Add the filter to the loggers of the application and of the servers it runs under."""
    for log in (log_of_application, *(logging.getLogger(name) for name in _LOGS)):
        if not any(isinstance(each, SecretRedactor) for each in log.filters):
            log.addFilter(SecretRedactor())
