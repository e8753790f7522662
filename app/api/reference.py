"""The OpenAPI document and its reference page, without resources from other hosts.

Making the document leaves 13 MB in the process that does it, because Pydantic keeps the schemas of all models. So
`ring serve` forks a process that makes it, leaves it in a file in memory that the web processes have open, and ends.
Any other process makes it when it is first asked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Response, json, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup

from app.api import problems
from app.api.document import SCHEMAS, STATUS_DESCRIPTIONS, document
from app.api.endpoints import JSON, bp
from app.auth import permissions
from app.auth.permissions import EVERYBODY

COMPLETE = b"\n"  # JSON has no line break here
_file: int | None = None


@dataclass(frozen=True)
class Entry:
    """An endpoint on the reference page."""

    method: str
    path: str
    operation: dict[str, Any]


permissions.declare("api.openapi", EVERYBODY, before_second_factor=True)
permissions.declare("api.reference", EVERYBODY, before_second_factor=True)


@bp.get("/openapi.json", provide_automatic_options=False)
def openapi() -> Response:
    """Return the OpenAPI 3.1 document."""
    return Response(_as_json(), content_type=JSON)


@bp.get("/docs", provide_automatic_options=False)
def reference() -> ResponseReturnValue:
    """Show the document as a page for people."""
    return render_template("api/reference.html", content=_content(str(get_locale()), request.script_root))


def open_file() -> None:
    """Open the file in memory, for this process and those that it forks. Linux only."""
    global _file  # noqa: PLW0603 - once, at the start of the process
    _file = os.memfd_create("ringbuch-api")


def fill_file() -> None:
    """Make the document and leave it in the file. For a process that ends afterwards."""
    if _file is not None:
        with os.fdopen(os.dup(_file), "wb") as file:
            file.write(_made() + COMPLETE)


def _as_json() -> bytes:
    return _from_file() or _kept()


def _from_file() -> bytes:
    """Return what another process has left in the file; nothing before it was complete, and where there is none."""
    if _file is None:
        return b""
    found = os.pread(_file, os.fstat(_file).st_size, 0)
    return found.removesuffix(COMPLETE) if found.endswith(COMPLETE) else b""


@lru_cache(maxsize=1)
def _kept() -> bytes:
    return _made()


def _made() -> bytes:
    return json.dumps(document(), sort_keys=False).encode()


@lru_cache(maxsize=4)
def _content(_language: str, _script_root: str) -> Markup:
    """Return what the page says in a language: the same for everybody, and a quarter of a second's work."""
    described = json.loads(_as_json())
    entries: dict[str, list[Entry]] = {tag["name"]: [] for tag in described["tags"]}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            entries[operation["tags"][0]].append(Entry(method.upper(), path, operation))
    return Markup(  # noqa: S704 - of a template
        render_template(
            "api/_reference.html",
            document=described,
            entries=entries,
            problems=problems.problem_titles(),
            reasons=STATUS_DESCRIPTIONS,
            type_name=type_name,
        )
    )


def type_name(schema: dict[str, Any]) -> str:
    """Return a short name of a schema: "integer", "date-time", "Amount", "list of Reservation"."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(SCHEMAS)
    if "anyOf" in schema:
        return " | ".join(type_name(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {type_name(schema['items'])}"
    return str(schema.get("const") or schema.get("format") or schema.get("type", "any"))
