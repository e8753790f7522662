"""What load balancers and compressing proxies change in a request, taken back.

Load balancers ask /healthz under an address of their own, or in HTTP/1.0 without any. Proxies that compress answers
mark or weaken their entity tags, and programs send these back: "1-gzip" (Apache), W/"1" (nginx), "1;gz" (LiteSpeed).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PROBES = ("/healthz", "/readyz", "/metrics")
_CODED = re.compile(r"(?P<tag>[^\"]*?)(?:--?|;)(?:gzip|gz|x-gzip|br|zstd|deflate|df)")
_QUOTED = re.compile(r'"([^"]{1,200})"')
IF_NONE_MATCH, LENGTH_MAX = "HTTP_IF_NONE_MATCH", 2_000


class IntermediaryMiddleware:
    """WSGI in front of the application: probes under the ring's own host, entity tags also without marks."""

    def __init__(self, inside: WSGIApplication, base_url: str) -> None:
        self._inside, self._host = inside, urlsplit(base_url).netloc

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] in PROBES:
            environ["HTTP_HOST"] = self._host
        elif IF_NONE_MATCH in environ:
            environ[IF_NONE_MATCH] = with_unmarked(environ[IF_NONE_MATCH])
        return self._inside(environ, start_response)


def unmarked(tag: str) -> str:
    """Return the text of an entity tag without the mark of a proxy that compresses."""
    found = _CODED.fullmatch(tag)
    return found["tag"] if found else tag


def with_unmarked(if_none_match: str) -> str:
    """Return the entity tags of a header and, after them, those that have a mark without it."""
    if len(if_none_match) > LENGTH_MAX:
        return if_none_match
    plain = [f'"{unmarked(tag)}"' for tag in _QUOTED.findall(if_none_match) if unmarked(tag) != tag]
    return ", ".join([if_none_match, *plain])
