"""The OpenAPI 3.1 document, built once from what the endpoints declare."""

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
from app.api.endpoints import ENDPOINTS, JSON, Endpoint
from app.api.fields import Instant, ResponseModel
from app.api.problems import MEDIA_TYPE
from app.web.url_converters import ID_MAX
from app.wording.errors import API_ERRORS

VERSION = "1"
SCHEMAS = "#/components/schemas/"
EVERYWHERE = (400, 401, 403, 422, 503)  # what every endpoint may answer

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


class BrokenRule(ResponseModel):
    """One rule or field at fault. limit and actual: the figures, in the unit of the rule."""

    rule: str
    field: str
    message: str
    limit: int | str | None
    actual: int | str | None


class Alternative(ResponseModel):
    """A reservation that would be accepted instead."""

    machine_id: int
    starts_at: Instant
    ends_at: Instant


class Problem(ResponseModel):
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
    """Return the whole document. Do not change what is returned: it is built once."""
    models, components = _models()
    paths: dict[str, Schema] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(_template(endpoint.path), {})[endpoint.method.lower()] = _operation(
            endpoint, models, components
        )
    for endpoint in ENDPOINTS:  # a query is described by parameters, not by a model
        components.pop(endpoint.query.__name__ if endpoint.query else "", None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ringbuch", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(endpoint) for endpoint in ENDPOINTS)],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _security_schemes()},
    }


def _models() -> tuple[Models, Schema]:
    """Return references to the models, by model and use, and the schemas themselves."""
    wanted: list[tuple[type[BaseModel], str]] = [(Problem, "serialization")]
    for endpoint in ENDPOINTS:
        wanted += [(model, "validation") for model in (endpoint.body, endpoint.query) if model is not None]
        wanted += [(model, "serialization") for model in _response_models(endpoint)]
    references, definitions = models_json_schema(
        list(dict.fromkeys(wanted)),  # type: ignore[arg-type]
        ref_template=SCHEMAS + "{model}",
    )
    return references, definitions["$defs"]  # type: ignore[return-value]


def _operation(endpoint: Endpoint, models: Models, components: Schema) -> Schema:
    words = cleandoc(ENDPOINTS[endpoint].__doc__ or "").split("\n\n", 1)
    operation: Schema = {
        "operationId": ENDPOINTS[endpoint].__name__,
        "tags": [_tag(endpoint)],
        "summary": words[0].rstrip("."),
        "description": words[1] if len(words) > 1 else words[0],
        "parameters": [*_path_parameters(endpoint), *_query(endpoint, models, components), *_headers(endpoint)],
        "responses": _responses(endpoint, models),
    }
    if endpoint.body is not None:
        is_required = any(field.is_required() for field in endpoint.body.model_fields.values())
        content = {JSON: {"schema": models[endpoint.body, "validation"]}}
        operation["requestBody"] = {"required": is_required, "content": content}
    return operation


def _responses(endpoint: Endpoint, models: Models) -> Schema:
    given = [models[model, "serialization"] for model in _response_models(endpoint)]
    content: Schema = {media_type: {"schema": {"type": "string"}} for media_type in endpoint.files}
    if given:
        content[JSON] = {"schema": given[0] if len(given) == 1 else {"anyOf": given}}
    answer: Schema = {"description": HTTPStatus(endpoint.status).phrase, "content": content}
    if endpoint.conditional:
        answer["headers"] = {"ETag": {"description": "The revision.", "schema": {"type": "string"}}}
    problem = {MEDIA_TYPE: {"schema": models[Problem, "serialization"]}}
    refusals = sorted({*EVERYWHERE, *endpoint.errors, *((409,) if endpoint.idempotent else ())})
    return {
        **{str(status): answer for status in endpoint.extra_statuses},
        str(endpoint.status): answer | ({"links": links} if (links := _links(endpoint)) else {}),
        **{str(status): {"description": WHY[status], "content": problem} for status in refusals},
    }


def _links(endpoint: Endpoint) -> Schema:
    """Return links from a POST that creates an object to all endpoints on that object, by its id."""
    if endpoint.method != "POST" or "<" in endpoint.path:
        return {}
    following = (other for other in ENDPOINTS if other.path.startswith(f"{endpoint.path}/<id:"))
    return {
        ENDPOINTS[other].__name__: {
            "operationId": ENDPOINTS[other].__name__,
            "parameters": {re.findall(r"<id:(\w+)>", other.path)[0]: "$response.body#/id"},
        }
        for other in following
    }


def _path_parameters(endpoint: Endpoint) -> Iterator[Schema]:
    for name in re.findall(r"<id:(\w+)>", endpoint.path):
        schema = {"type": "integer", "minimum": 1, "maximum": ID_MAX}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name in re.findall(r"<(\w+)>", endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": list(endpoint.names)}}


def _query(endpoint: Endpoint, models: Models, components: Schema) -> Iterator[Schema]:
    if endpoint.query is None:
        return
    schema = components[models[endpoint.query, "validation"]["$ref"].removeprefix(SCHEMAS)]
    for name, value in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _plain(value)}


def _plain(schema: Schema) -> Schema:
    """Return a parameter's schema without null: an optional parameter is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else {name: value for name, value in schema.items() if name != "default"}


def _headers(endpoint: Endpoint) -> Iterator[Schema]:
    if endpoint.idempotent:
        yield {
            "name": idempotency.HEADER,
            "in": "header",
            "required": False,
            "description": "The same key and content give the first answer again; other content gives 409.",
            "schema": {"type": "string", "pattern": idempotency.KEY_PATTERN},
        }
    if endpoint.conditional and endpoint.method != "GET" and "<id:" in endpoint.path:
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


def _response_models(endpoint: Endpoint) -> tuple[type[BaseModel], ...]:
    if endpoint.response is None:
        return ()
    return get_args(endpoint.response) or (endpoint.response,)


def _template(path: str) -> str:
    return re.sub(r"<(?:id:)?(\w+)>", r"{\1}", path)


def _tag(endpoint: Endpoint) -> str:
    module = ENDPOINTS[endpoint].__module__.rpartition(".")[2]
    return "reservations" if module.startswith("reservation") else module
