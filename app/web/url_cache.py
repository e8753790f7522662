"""URLs of a request as remembered: Werkzeug takes 60 microseconds for each, and a page has thirty and more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.globals import _cv_request

from app.web.session_cookie import CookieSessions

URLS_MAX, URL_LENGTH_MAX = 2_000, 300  # what is longer has a text in it that somebody typed, and is asked for once
PLAIN = (str, int, type(None))  # exactly: True equals 1 and would find its URL

Key = tuple[Any, ...]


class CachingFlask(Flask):
    """Flask that remembers the paths it has built within requests. What a path depends on is in the key."""

    session_interface = CookieSessions()

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._urls: dict[Key, str] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or hook as it is: none is asynchronous, and Flask would look at 24 for each request."""
        return func

    def url_for(self, /, endpoint: str, **values: Any) -> str:  # type: ignore[override]
        """Return the URL of an endpoint."""
        context = _cv_request.get(None)  # what the proxy request_ctx looks up, in four steps more
        adapter = context.url_adapter if context is not None else None
        is_plain = all(type(value) in PLAIN for value in values.values()) and values.get("_scheme") is None
        if context is None or adapter is None or not is_plain:  # a whole address depends on the host as well
            return super().url_for(endpoint, **values)
        blueprint = context.request.blueprint if endpoint.startswith(".") else None
        key = (endpoint, blueprint, adapter.script_name, adapter.default_method, *sorted(values.items()))
        url = self._urls.get(key)
        if url is None:
            url = super().url_for(endpoint, **values)
            if len(self._urls) >= URLS_MAX:
                self._urls.clear()
            if len(url) <= URL_LENGTH_MAX:
                self._urls[key] = url
        return url
