"""Secret addresses stand in no log: whatever writes a path of a subscription, the secret in it is blotted out."""

from __future__ import annotations

import logging
import re

# A mistyped address bears the secret as well: without its end, or with another one.
_SECRET = re.compile(r"(/feeds/)(?:[^/\s\"'?]+(?=\.ics)|[^/\s\"'?.]{20,})")
_LOGS = ("werkzeug", "granian", "granian.access", "gunicorn.error", "gunicorn.access", "waitress")


class BlotOutSecrets(logging.Filter):
    """A filter that changes lines and drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Blot out secrets in the finished line."""
        line = record.getMessage()
        if "/feeds/" in line:
            record.msg, record.args = _SECRET.sub(r"\1***", line), None
        return True


def keep_secrets(log_of_application: logging.Logger) -> None:
    """Join the filter to the logs of the application and of the servers it runs under."""
    for log in (log_of_application, *(logging.getLogger(name) for name in _LOGS)):
        if not any(isinstance(each, BlotOutSecrets) for each in log.filters):
            log.addFilter(BlotOutSecrets())
