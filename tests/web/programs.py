"""A program that speaks to the API with a token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.auth import api_tokens
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

UNKNOWN_ID = 999_999


class Program:
    """Speaks to /api/v1 as one login."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self._app, self._token = app, token
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def copy(self) -> Program:
        """The same program once more, for another thread."""
        return Program(self._app, self._token)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self._client.get(f"/api/v1{path}", query_string=query or None, headers=self._headers, buffered=True)

    def post(self, path: str, content: Any = None, **headers: str) -> TestResponse:
        return self._send("POST", path, content, headers)

    def put(self, path: str, content: Any = None, **headers: str) -> TestResponse:
        return self._send("PUT", path, content, headers)

    def patch(self, path: str, content: Any = None, **headers: str) -> TestResponse:
        return self._send("PATCH", path, content, headers)

    def send(self, method: str, path: str, raw: bytes = b"", **headers: str) -> TestResponse:
        """Exactly these octets."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(f"/api/v1{path}", method=method, data=raw, headers={**self._headers, **named})

    def _send(self, method: str, path: str, content: Any, headers: dict[str, str]) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(f"/api/v1{path}", method=method, json=content, headers={**self._headers, **named})


def token_of(session: Session, user_id: int, *, now: datetime, is_read_only: bool = False) -> str:
    """A new API token of a login."""
    with write_transaction(session):
        return api_tokens.create(session, user_id, label="test", is_read_only=is_read_only, by=SOMEBODY, now=now)


def program_of(app: Flask, session: Session, user_id: int, *, now: datetime) -> Program:
    """A program with a token of a login."""
    return Program(app, token_of(session, user_id, now=now))


def wish(machine_id: int, start: float = 1, end: float = 3, **more: Any) -> dict[str, Any]:
    """The content of a reservation, from hour to hour after MONDAY."""
    starts_at, ends_at = MONDAY + timedelta(hours=start), MONDAY + timedelta(hours=end)
    return {"machine_id": machine_id, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), **more}


def times(start: float, end: float) -> dict[str, Any]:
    """The content of a move."""
    return {name: value for name, value in wish(0, start, end).items() if name != "machine_id"}


def rows(session: Session, table: Any) -> int:
    """How many there are."""
    count = session.scalar(select(func.count()).select_from(table))
    session.rollback()
    return count
