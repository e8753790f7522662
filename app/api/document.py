"""The OpenAPI 3.1 document, built once from what the endpoints declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
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
COMMON_ERRORS = (400, 401, 403, 413, 415, 422, 429, 503)  # errors that every endpoint can return

Schema = dict[str, Any]
Models = dict[tuple[type[BaseModel], str], Schema]

DESCRIPTION = (
    "Reservations, usage and costs of the ring, for programs. Instants are RFC 3339 with an offset, money is integer "
    'cents, amounts of use are `{"amount": "12.50", "unit": "ha"}`. Every error is a problem document (RFC 9457).'
)

ACCEPTED = "It takes longer than two seconds and is carried out in the background: ask `status_url` again."
STATUS_DESCRIPTIONS = {
    400: "The body is not well-formed JSON, or the CSRF header is missing.",
    401: "The token is missing, unknown or revoked.",
    403: "The role does not allow it, the token is read-only, the required second factor is not set up, or a browser's "
    "session was not confirmed in the last ten minutes.",
    404: "The object does not exist, or this login has no access to it.",
    409: "Conflict with the current state: the span is taken, the status is another one, or the key was used before.",
    412: "The object was changed since; If-Match names an older revision.",
    413: "The body is larger than 64 kB, or with a photo than an upload may be (UPLOAD_MB).",
    415: "The body is compressed (Content-Encoding); send it as it is.",
    422: "The input is not valid, or breaks rules of the ring: `violations` lists them, 20 at most.",
    429: "Too many requests of this login in a short time. Retry after Retry-After seconds.",
    503: "The server is busy or the database unavailable; retry after Retry-After seconds. Nothing was stored, unless "
    "the code is `outcome_unknown`: then look, or send the same again, with its Idempotency-Key for the true answer.",
}


class Violation(ResponseModel):
    """A broken rule or an invalid field. limit and actual: the values, in the unit of the rule.

    added: what the wish itself adds to actual, for a quota; else left out. ask: where an induction that is missing is
    asked for; else left out.
    """

    rule: str
    field: str
    message: str
    limit: int | str | None
    actual: int | str | None
    added: int | None = None
    ask: str | None = None


class Alternative(ResponseModel):
    """A span that would be accepted instead. lacks: chosen variants that its machine does not have then, if any."""

    machine_id: int
    starts_at: Instant
    ends_at: Instant
    lacks: list[str] = Field(default_factory=list)


class RefusedMachine(ResponseModel):
    """Why a machine of a group cannot be had. code: slot_taken or request_refused."""

    machine_id: int
    name: str
    code: str
    detail: str
    violations: list[Violation]


class RefusedDate(ResponseModel):
    """A date of a series that cannot be had. rules: their codes; slot_taken where its time is taken."""

    day: date
    rules: list[str]


class Problem(ResponseModel):
    """An error (RFC 9457). violations, alternatives, machines, dates and the slip in the way: only where they apply.

    machines: for a refused group, why each of its machines cannot be had. dates: all refused ones of a series.
    """

    type: str = Field(json_schema_extra={"format": "uri-reference"})
    title: str
    status: int
    detail: str
    code: str = Field(json_schema_extra={"enum": [*sorted(API_ERRORS)]})
    violations: list[Violation] = Field(default_factory=list)
    alternatives: list[Alternative] = Field(default_factory=list)
    machines: list[RefusedMachine] = Field(default_factory=list)
    dates: list[RefusedDate] = Field(default_factory=list)
    slip_id: int = Field(default=0)
    slip_url: str = Field(default="", json_schema_extra={"format": "uri"})


def document() -> Schema:
    """Return the document, made anew: reference.py keeps it as text, which takes an eighth of the memory."""
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
        "info": {"title": "Ringbuch", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(endpoint) for endpoint in ENDPOINTS)],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _security_schemes()},
    }


def _models() -> tuple[Models, Schema]:
    """Return the references of the models, by model and mode, and the schemas by name."""
    wanted: list[tuple[type[BaseModel], str]] = [(Problem, "serialization")]
    for endpoint in ENDPOINTS:
        wanted += [(model, "validation") for model in (endpoint.body, endpoint.query) if model is not None]
        wanted += [(model, "serialization") for model in _response_models(endpoint)]
        wanted += [(endpoint.accepted, "serialization")] if endpoint.accepted else []
    references, definitions = models_json_schema(
        list(dict.fromkeys(wanted)),  # type: ignore[arg-type]
        ref_template=SCHEMAS + "{model}",
    )
    return references, definitions["$defs"]  # type: ignore[return-value]


def _operation(endpoint: Endpoint, models: Models, components: Schema) -> Schema:
    docstring = cleandoc(ENDPOINTS[endpoint].__doc__ or "").split("\n\n", 1)
    operation: Schema = {
        "operationId": ENDPOINTS[endpoint].__name__,
        "tags": [_tag(endpoint)],
        "summary": docstring[0].rstrip("."),
        "description": docstring[1] if len(docstring) > 1 else docstring[0],
        "parameters": [*_path_parameters(endpoint), *_query(endpoint, models, components), *_headers(endpoint)],
        "responses": _responses(endpoint, models),
    }
    if endpoint.body is not None:
        is_required = any(field.is_required() for field in endpoint.body.model_fields.values())
        content = {JSON: {"schema": models[endpoint.body, "validation"]}}
        operation["requestBody"] = {"required": is_required, "content": content}
    return operation


def _responses(endpoint: Endpoint, models: Models) -> Schema:
    schemas = [models[model, "serialization"] for model in _response_models(endpoint)]
    content: Schema = {media_type: {"schema": {"type": "string"}} for media_type in endpoint.files}
    if schemas:
        content[JSON] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    success: Schema = {"description": HTTPStatus(endpoint.status).phrase, "content": content}
    if endpoint.conditional:
        success["headers"] = {"ETag": {"description": "The revision.", "schema": {"type": "string"}}}
    problem = {MEDIA_TYPE: {"schema": models[Problem, "serialization"]}}
    taken = {JSON: {"schema": models[endpoint.accepted, "serialization"]}} if endpoint.accepted else {}
    accepted = {"202": {"description": ACCEPTED, "content": taken}} if taken else {}
    refusals = sorted({*COMMON_ERRORS, *endpoint.errors, *((409,) if endpoint.idempotent else ())})
    return {
        **{str(status): success for status in endpoint.extra_statuses},
        **accepted,
        str(endpoint.status): success | ({"links": links} if (links := _links(endpoint)) else {}),
        **{str(status): {"description": STATUS_DESCRIPTIONS[status], "content": problem} for status in refusals},
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
            "description": "The same key and content return the first reply again; other content returns 409.",
            "schema": {"type": "string", "pattern": idempotency.KEY_PATTERN},
        }
    if endpoint.conditional and endpoint.method != "GET" and "<id:" in endpoint.path:
        yield {
            "name": revisions.HEADER,
            "in": "header",
            "required": False,
            "description": "The ETag of the revision you read; 412 if it was changed since.",
            "schema": {"type": "string", "pattern": revisions.TAGS_PATTERN, "examples": ['"0"']},
        }


def _security_schemes() -> Schema:
    return {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token, from `ring token add EMAIL` or the account page.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "ringbuch",
            "description": "A browser session. Requests other than GET also need the header X-CSRFToken.",
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
