"""The OpenAPI document and its reference page, without resources from other hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, json, render_template
from flask.typing import ResponseReturnValue

from app.api import problems
from app.api.document import SCHEMAS, STATUS_DESCRIPTIONS, document
from app.api.endpoints import JSON, bp
from app.auth import permissions
from app.auth.permissions import EVERYBODY


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
    return Response(json.dumps(document(), sort_keys=False), content_type=JSON)


@bp.get("/docs", provide_automatic_options=False)
def reference() -> ResponseReturnValue:
    """Show the document as a page for people."""
    tags = [tag["name"] for tag in document()["tags"]]
    return render_template(
        "api/reference.html",
        document=document(),
        entries={tag: [entry for entry in _entries() if tag in entry.operation["tags"]] for tag in tags},
        problems=problems.problem_titles(),
        reasons=STATUS_DESCRIPTIONS,
        type_name=type_name,
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


def _entries() -> Iterator[Entry]:
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            yield Entry(method.upper(), path, operation)
