"""The OpenAPI 3.1 document: what the calls are declared to take and give, put together once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, get_args

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from app.api import idempotency, revisions
from app.api.calls import JSON, OFFERED, Call
from app.api.fields import Instant, Told
from app.api.problems import MEDIA_TYPE
from app.web.url_converters import ID_MAX
from app.wording.errors import API_ERRORS

VERSION = "1"
SCHEMAS = "#/components/schemas/"
EVERYWHERE = (400, 401, 403, 422, 503)  # what every call may refuse with

Schema = dict[str, Any]
Models = dict[tuple[type[BaseModel], str], Schema]

ABOUT = (
    "The use cases of the ring for programs. Instants are written by RFC 3339 with their offset, money in integer "
    'cents, amounts of use as `{"amount": "12.50", "unit": "ha"}`. Every refusal is a problem document (RFC 9457).'
)

WHY = {
    400: "Not well-formed: no JSON, or a CSRF header is missing.",
    401: "No token, or one that opens nothing (any more).",
    403: "Not for this role, a read-only token that writes, or the second factor that the ring requires is missing.",
    404: "No such thing, or it is not meant for this login.",
    409: "It clashes with what is true now: taken, no longer possible, or a key that was used before.",
    412: "Somebody changed it since; If-Match names an older revision.",
    422: "Not what the call takes, or against the rules of the ring: `violations` names every one.",
    503: "Too many write at once, or the database does not answer. Nothing was stored; try again after Retry-After.",
}


class BrokenRule(Told):
    """One rule or field at fault. limit and actual: the figures, in the unit of the rule."""

    rule: str
    field: str
    message: str
    limit: int | str | None
    actual: int | str | None


class Alternative(Told):
    """A reservation that would be accepted instead."""

    machine_id: int
    starts_at: Instant
    ends_at: Instant


class Problem(Told):
    """Why a call was refused (RFC 9457). violations and alternatives stand here where they apply."""

    type: str = Field(json_schema_extra={"format": "uri-reference"})
    title: str
    status: int
    detail: str
    code: str = Field(json_schema_extra={"enum": [*sorted(API_ERRORS)]})
    violations: list[BrokenRule] = Field(default_factory=list)
    alternatives: list[Alternative] = Field(default_factory=list)


@lru_cache(maxsize=1)
def document() -> Schema:
    """The whole document. Do not change what is returned: it is made once."""
    models, components = _models()
    paths: dict[str, Schema] = {}
    for call in OFFERED:
        paths.setdefault(_template(call.path), {})[call.method.lower()] = _operation(call, models, components)
    for call in OFFERED:  # queries stand in the document as parameters, not as models
        components.pop(call.asks.__name__ if call.asks else "", None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ringbuch", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(call) for call in OFFERED)],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _security_schemes()},
    }


def _models() -> tuple[Models, Schema]:
    """References to the models, by model and use, and the schemas themselves."""
    wanted: list[tuple[type[BaseModel], str]] = [(Problem, "serialization")]
    for call in OFFERED:
        wanted += [(model, "validation") for model in (call.takes, call.asks) if model is not None]
        wanted += [(model, "serialization") for model in _given(call)]
    references, definitions = models_json_schema(
        list(dict.fromkeys(wanted)),  # type: ignore[arg-type]
        ref_template=SCHEMAS + "{model}",
    )
    return references, definitions["$defs"]  # type: ignore[return-value]


def _operation(call: Call, models: Models, components: Schema) -> Schema:
    words = cleandoc(OFFERED[call].__doc__ or "").split("\n\n", 1)
    operation: Schema = {
        "operationId": OFFERED[call].__name__,
        "tags": [_tag(call)],
        "summary": words[0].rstrip("."),
        "description": words[1] if len(words) > 1 else words[0],
        "parameters": [*_path_parameters(call), *_query(call, models, components), *_headers(call)],
        "responses": _responses(call, models),
    }
    if call.takes is not None:
        is_required = any(field.is_required() for field in call.takes.model_fields.values())
        content = {JSON: {"schema": models[call.takes, "validation"]}}
        operation["requestBody"] = {"required": is_required, "content": content}
    return operation


def _responses(call: Call, models: Models) -> Schema:
    given = [models[model, "serialization"] for model in _given(call)]
    content: Schema = {media_type: {"schema": {"type": "string"}} for media_type in call.files}
    if given:
        content[JSON] = {"schema": given[0] if len(given) == 1 else {"anyOf": given}}
    answer: Schema = {"description": HTTPStatus(call.status).phrase, "content": content}
    if call.is_revised:
        answer["headers"] = {"ETag": {"description": "The revision.", "schema": {"type": "string"}}}
    problem = {MEDIA_TYPE: {"schema": models[Problem, "serialization"]}}
    refusals = sorted({*EVERYWHERE, *call.refuses, *((409,) if call.is_kept else ())})
    return {
        **{str(status): answer for status in call.also},
        str(call.status): answer | ({"links": links} if (links := _links(call)) else {}),
        **{str(status): {"description": WHY[status], "content": problem} for status in refusals},
    }


def _links(call: Call) -> Schema:
    """What can be done next with a thing that was just made: all calls on it, by its id."""
    if call.method != "POST" or "<" in call.path:
        return {}
    following = (other for other in OFFERED if other.path.startswith(f"{call.path}/<id:"))
    return {
        OFFERED[other].__name__: {
            "operationId": OFFERED[other].__name__,
            "parameters": {re.findall(r"<id:(\w+)>", other.path)[0]: "$response.body#/id"},
        }
        for other in following
    }


def _path_parameters(call: Call) -> Iterator[Schema]:
    for name in re.findall(r"<id:(\w+)>", call.path):
        schema = {"type": "integer", "minimum": 1, "maximum": ID_MAX}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name in re.findall(r"<(\w+)>", call.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": list(call.names)}}


def _query(call: Call, models: Models, components: Schema) -> Iterator[Schema]:
    if call.asks is None:
        return
    schema = components[models[call.asks, "validation"]["$ref"].removeprefix(SCHEMAS)]
    for name, value in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _plain(value)}


def _plain(schema: Schema) -> Schema:
    """A query says nothing by leaving out, never by null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else {name: value for name, value in schema.items() if name != "default"}


def _headers(call: Call) -> Iterator[Schema]:
    if call.is_kept:
        yield {
            "name": idempotency.HEADER,
            "in": "header",
            "required": False,
            "description": "The same key and content give the first answer again; other content gives 409.",
            "schema": {"type": "string", "pattern": idempotency.KEY_PATTERN},
        }
    if call.is_revised and call.method != "GET" and "<id:" in call.path:
        yield {
            "name": revisions.HEADER,
            "in": "header",
            "required": False,
            "description": "The ETag of what you saw; 412 when it was changed since.",
            "schema": {"type": "string", "pattern": revisions.TAGS_PATTERN, "examples": ['"0"']},
        }


def _security_schemes() -> Schema:
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "`ring token add EMAIL`, or the account page."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "ringbuch",
            "description": "A browser's log-in. A call that changes something needs the header X-CSRFToken too.",
        },
    }


def _given(call: Call) -> tuple[type[BaseModel], ...]:
    if call.gives is None:
        return ()
    return get_args(call.gives) or (call.gives,)


def _template(path: str) -> str:
    return re.sub(r"<(?:id:)?(\w+)>", r"{\1}", path)


def _tag(call: Call) -> str:
    module = OFFERED[call].__module__.rpartition(".")[2]
    return "reservations" if module.startswith("reservation") else module
