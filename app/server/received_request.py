"""A request as granian has received it: its WSGI environment without the body, whose it is, and which lane it takes."""

from __future__ import annotations

from typing import Any

from app.server.bodies import BodyRules, excess_of
from app.server.environment import environ_of
from app.server.lanes import SMALL_BYTES, lane_of


class Request:
    """One request: what granian received, whose it is, and which lane it takes."""

    __slots__ = (
        "began",
        "body_bytes",
        "client",
        "deadline",
        "environ",
        "future",
        "is_chunked",
        "is_given_up",
        "lane",
        "limit",
        "parts",
        "protocol",
        "received",
    )

    def __init__(self, scope: Any, protocol: Any, rules: BodyRules) -> None:
        self.protocol, self.environ = protocol, environ_of(scope)
        environ = self.environ
        path, peer = environ["PATH_INFO"], environ["REMOTE_ADDR"]
        self.client = rules.client_of(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
        self.is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        self.limit = rules.limit_of(path)
        self.body_bytes = self.limit if self.is_chunked else int(environ.get("CONTENT_LENGTH") or 0)
        self.lane = lane_of(environ["REQUEST_METHOD"], path, self.body_bytes)
        self.parts = bytearray()  # of a body that is received in parts
        self.began, self.received = 0.0, 0  # when, and how many bytes of it
        self.deadline, self.is_given_up = 0, False
        self.future: Any = None  # what is awaited of the body

    @property
    def is_too_large(self) -> bool:
        """Whether more is announced than may be sent."""
        return self.body_bytes > self.limit

    @property
    def comes_in_parts(self) -> bool:
        """Whether it is seen how its body arrives: what is small arrives at once or not."""
        return self.is_chunked or self.body_bytes > SMALL_BYTES

    @property
    def is_thrown_away(self) -> bool:
        """Whether it is received nevertheless, so that the sender reads the answer."""
        return self.is_too_large and self.body_bytes - self.limit <= excess_of(self.limit)

    def end(self) -> None:
        """Let go of the connection: granian closes it where the body was not read."""
        self.protocol = self.future = None
