"""The WSGI environment of a request that granian received."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class HeaderKeys(dict[str, str]):
    """Names of headers as keys of the WSGI environment; a bounded number is remembered."""

    def __missing__(self, name: str) -> str:
        key = "HTTP_" + name.upper().replace("-", "_")
        if len(self) < 256:
            self[name] = key
        return key


KEYS = HeaderKeys({"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"})
ENVIRONMENT: WSGIEnvironment = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


def environ_of(scope: Any) -> WSGIEnvironment:
    """Return the WSGI environment of a request, without its body."""
    environ = ENVIRONMENT.copy()
    environ["SERVER_NAME"], _, environ["SERVER_PORT"] = scope.server.rpartition(":")
    address, _, environ["REMOTE_PORT"] = scope.client.rpartition(":")
    environ["REMOTE_ADDR"] = address.strip("[]")
    environ["SERVER_PROTOCOL"] = "HTTP/1.0" if scope.http_version == "1" else "HTTP/" + scope.http_version
    environ["REQUEST_METHOD"] = scope.method
    environ["PATH_INFO"] = scope.path.encode().decode("latin-1")
    environ["QUERY_STRING"] = scope.query_string
    environ["wsgi.url_scheme"] = scope.scheme
    for name, value in scope.headers.items():
        if "_" in name:  # in WSGI it would pass for the header with a hyphen, which proxies set
            continue
        key = KEYS[name]
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
