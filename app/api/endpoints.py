"""Declaration of an endpoint: path, access, request and response models, as used by routing and the document.

    @Endpoint("POST", "/closures", access=Access(manager=WORKSHOP), body=NewClosure, response=Closure, status=201)
    def close_machine(body: NewClosure) -> Reply: ...

The decorated function receives the validated body and query, and returns a Reply or a response model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, current_app, request
from pydantic import BaseModel, ValidationError

from app.api import idempotency, problems
from app.api.fields import UNFIT_MESSAGE, RequestModel
from app.api.problems import Refusal, Reply
from app.auth import permissions
from app.auth.permissions import Access
from app.present import present_request
from app.web import rate_limits
from app.web.clean_request import unfit_parameters
from app.wording.errors.http import MALFORMED_JSON

bp = Blueprint("api", __name__, url_prefix="/api/v1")

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., "BaseModel | Reply | Response"]

BODY_BYTES_MAX = 64 * 1024
JSON = "application/json"
# An unencoded plus in a query arrives as a space; in the offset of an instant this is unambiguous.
LOST_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:[0-9]{2})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, and the decorator that registers a function as it.

    path: `<id:name>` in it is the id of an object, `<name>` one of `names`. access: how far each role may use it.
    body, query, response: the models of the JSON body, the query and the response (or a union of models).
    files: media types of a response that is not JSON. status, extra_statuses: of a success. errors: statuses beyond
    those that every endpoint can return. idempotent: an Idempotency-Key is accepted. conditional: the response has
    an ETag, and a change accepts If-Match. is_expensive: EXPORT_LIMIT applies, as to files, and not API_LIMIT.
    accepted: the model of a 202: the worker carries a request out that would take longer than two seconds.
    has_upload: the body may have UPLOAD_MB, because a field of it is a file (app/server/bodies.py knows its path).
    needs_confirmation: refused to the session of a browser that was not confirmed in the last ten minutes, as the page
    for the same would ask for the password (app/auth/confirmed.py). A token is a secret of its own.
    """

    method: str
    path: str
    access: Access | None = None
    body: type[RequestModel] | None = None
    query: type[RequestModel] | None = None
    response: Any = None
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    status: int = 200
    extra_statuses: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
    idempotent: bool = False
    conditional: bool = False
    is_expensive: bool = False
    accepted: Any = None
    has_upload: bool = False
    needs_confirmation: bool = False

    def __call__(self, view: View) -> View:
        """Register a function. Raises DeclarationError without access and for a name that is taken."""
        permissions.declare(f"{bp.name}.{view.__name__}", self.access, methods=[self.method])
        ENDPOINTS[self] = view
        if self.has_upload:
            UPLOADS.add(f"{bp.name}.{view.__name__}")
        if self.needs_confirmation:
            CONFIRMED.add(f"{bp.name}.{view.__name__}")

        @wraps(view)
        def respond(**arguments: Any) -> Response:
            rate_limits.count(rate_limits.EXPORTS if self.files or self.is_expensive else rate_limits.API)
            if self.body is not None:
                arguments["body"] = _body(self.body)
            if self.idempotent:
                idempotency.sent_key()
            if self.query is not None:
                arguments["query"] = _validated(self.query, _query())
            return _response(view(**arguments), self.status)

        # No OPTIONS: cross-origin requests are not supported, and 405 lists the methods.
        bp.add_url_rule(self.rule, view.__name__, respond, methods=[self.method], provide_automatic_options=False)
        return view

    @property
    def rule(self) -> str:
        """Return the path as Flask writes it."""
        return self.path.replace("<id:", "<int:").replace("<name>", f"<any({', '.join(self.names)}):name>")


ENDPOINTS: dict[Endpoint, View] = {}
CONFIRMED: set[str] = set()  # names of the views that need a confirmed session
UPLOADS: set[str] = set()  # names of the views whose body may be as large as an upload


def body_bytes_max() -> int:
    """Return how large the body of the present request may be."""
    is_upload = present_request().endpoint in UPLOADS
    return int(current_app.config["MAX_CONTENT_LENGTH"]) if is_upload else BODY_BYTES_MAX


def reply(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a model as a JSON reply. status, headers: where they differ from the default."""
    return Reply(status, model.model_dump_json(), JSON, dict(headers or {}))


def _response(result: BaseModel | Reply | Response, status: int) -> Response:
    if isinstance(result, Response):
        return result
    return (result if isinstance(result, Reply) else reply(result, status)).response()


def _body(model: type[Model]) -> Model:
    content = present_request().get_data(cache=False) or b"{}"
    if len(content) > body_bytes_max():
        abort(413)
    try:
        # Parsed by pydantic, which refuses deep nesting and huge numbers where json.loads raises RecursionError.
        body = model.model_validate_json(content)
        _refuse_ambiguous(content)
    except ValidationError as error:
        raise Refusal(problems.of_invalid(error)) from error
    return body


def _refuse_ambiguous(content: bytes) -> None:
    """Refuse a name that an object has twice, because parsers differ in which value counts, and NaN.

    Call only for content that fits a model, so that it is not nested deeply.
    """
    try:
        json.loads(content, object_pairs_hook=_without_twins, parse_constant=_refuse_constant)
    except ValueError as error:
        raise Refusal(problems.from_error_text(MALFORMED_JSON)) from error


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError(pairs)
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _query() -> dict[str, str]:
    if unfit := unfit_parameters():
        raise Refusal(problems.invalid(*(problems.field_error(name, str(UNFIT_MESSAGE)) for name in unfit)))
    return {name: LOST_PLUS.sub(r"\1+\2", value) for name, value in request.args.items()}


def _validated(model: type[Model], values: Mapping[str, str]) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Refusal(problems.of_invalid(error)) from error
