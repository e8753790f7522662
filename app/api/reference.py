"""The OpenAPI document and its reference page, without resources from other hosts.

Making the document leaves 13 MB in the process that does it, because Pydantic keeps the schemas of all models, and
making the page 10 MB. So `ring serve` forks a process that makes both, leaves them in files in memory that the web
processes have open, and ends. Any other process makes them when they are first asked for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Response, current_app, json, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from markupsafe import Markup

from app.api import problems
from app.api.document import SCHEMAS, STATUS_DESCRIPTIONS, document
from app.api.endpoints import JSON, bp
from app.auth import permissions
from app.auth.permissions import EVERYBODY

COMPLETE = b"\0"  # neither JSON nor a page has it
DOCUMENT = "document"
_files: dict[str, int] = {}  # what they hold (DOCUMENT, or the page by its language) -> descriptor


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
    language = str(get_locale())
    made = b"" if request.script_root else _from_file(language)  # it leads to the document below no other path
    content = Markup(made.decode()) if made else _content(language, request.script_root)  # noqa: S704 - of a template
    return render_template("api/reference.html", content=content)


def open_files() -> None:
    """Open the files in memory, for this process and those that it forks. Linux only."""
    for name in (DOCUMENT, *current_app.config["LOCALES"]):
        _files[name] = os.memfd_create(f"ringbuch-api-{name}")


def fill_files() -> None:
    """Make the document and its page in each language and leave them in the files. For a process that ends."""
    _fill(DOCUMENT, _made())
    for language in current_app.config["LOCALES"]:
        with current_app.test_request_context(), force_locale(language):
            _fill(language, _content(language, request.script_root).encode())


def _fill(name: str, content: bytes) -> None:
    if name in _files:
        with os.fdopen(os.dup(_files[name]), "wb") as file:
            file.write(content + COMPLETE)


def _as_json() -> bytes:
    return _from_file(DOCUMENT) or _kept()


def _from_file(name: str) -> bytes:
    """Return what another process has left in a file; nothing before it was complete, and where there is none."""
    if name not in _files:
        return b""
    found = os.pread(_files[name], os.fstat(_files[name]).st_size, 0)
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
